"""A user's points of a large table lie in one file, and none is lost or altered by that."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dauexp.options.statsd import settlement
from dauexp.options.statsd.field import Field
from dauexp.options.statsd.shelves import shelved
from dauexp.options.statsd.strategies import InfluxStrategy
from dauexp.options.statsd.tag import Tag

users = st.lists(st.text(max_size=3) | st.none(), max_size=30)


def table(values: list[str | None], first: int = 0) -> pa.Table:
    places = pa.array(range(first, first + len(values)), pa.int64())
    return pa.table([pa.array(values, pa.string()), places], names=["user", "place"])


@given(first=users, second=users, shelves=st.integers(1, 2 * settlement.OPEN_FILES))
def test_equal_values_of_all_tables_are_on_one_shelf_in_order(
    first: list[str | None], second: list[str | None], shelves: int
) -> None:
    places: dict[str | None, set[int]] = {}
    found = []
    for rows in (table(first), table(second, len(first))):
        for shelf, on_it in shelved(rows, "user", shelves):
            assert 0 <= shelf < min(shelves, settlement.OPEN_FILES)
            assert on_it.num_rows
            assert on_it.schema == rows.schema
            assert on_it["place"].to_pylist() == sorted(on_it["place"].to_pylist())
            for user in on_it["user"].to_pylist():
                places.setdefault(user, set()).add(shelf)
            found += on_it.to_pylist()
    assert all(len(on) == 1 for on in places.values())
    whole = pa.concat_tables([table(first), table(second, len(first))])
    assert sorted(found, key=lambda row: row["place"]) == whole.to_pylist()


def test_shelves_are_of_about_one_size() -> None:
    sizes = [
        rows.num_rows for _, rows in shelved(table([f"{n:x}" for n in range(8000)]), "user", 8)
    ]
    assert len(sizes) == 8
    assert min(sizes) > 800


@pytest.mark.parametrize("kind", [Field, Tag])
def test_a_large_table_is_shelved_and_a_small_one_is_not(
    kind: type[InfluxStrategy], requests: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, changes = requests(2), ["statsd.flush_seconds=60"]
    small = run(kind, rows, changes)
    monkeypatch.setattr(settlement, "CHUNK_ROWS", 50)
    large = run(kind, rows, changes)
    assert {file.parent.name for file in files(small)} == {"requests"}
    places: dict[str, set[str]] = {}
    for file in files(large):
        for user in pq.read_table(file, columns=["user"])["user"].to_pylist():
            places.setdefault(user, set()).add(file.parent.name)
    assert len(places) == 40
    assert all(len(on) == 1 for on in places.values())
    assert len(set.union(*places.values())) > 5
    for question in ("dau", "dau_by_platform", "new_users"):
        assert large.answer(question).equals(small.answer(question))


def files(outcome: Any) -> list[Any]:
    return sorted(outcome.store.table("requests").rglob("*.parquet"))
