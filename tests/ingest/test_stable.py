"""Live to stable: the earliest row of each document and day, across parts and restarts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dauexp.ingest import stable
from dauexp.ingest.decoder import Decoder
from dauexp.ingest.stable import settle
from dauexp.ledger import COUNTS
from dauexp.options import LEDGER_PART
from dauexp.store import Store, read_table, write_table
from dauexp.tables import MESSAGES

Make = Callable[..., Any]
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)

Sent = tuple[str, datetime, str]
"""Id of a document, when it arrived, and its platform, by which rows are told apart."""


@pytest.fixture
def settled(
    option_a: Decoder, line: Make, ping: Make, tmp_path: Path
) -> Callable[..., tuple[list[tuple[str, datetime, str]], dict[tuple[str, date], int]]]:
    """Ingests parts of sent documents, settles, gives the stable rows and the counts."""

    def run(*parts: Sequence[Sent], **own: Any) -> Any:
        store = Store(tmp_path)
        for n, part in enumerate(parts):
            lines = [
                line(
                    ping(metrics={"string": {"syncstorage.platform": mark}}, **own),
                    document_id=each,
                )
                for each, _, mark in part
            ]
            times = pa.array([time for _, time, _ in part], MESSAGES.field("arrival").type)
            batch = pa.record_batch(
                [
                    pa.array(range(len(part)), pa.int64()),
                    times,
                    pa.array(["h"] * len(part)).dictionary_encode(),
                    pa.array(lines, pa.binary()),
                ],
                MESSAGES,
            )
            live = option_a.decode(batch).live
            assert live.num_rows == len(part)
            write_table(store.table("live") / f"{n}.parquet", live)
        return _settled(store, option_a)

    return run


def _settled(store: Store, decoder: Decoder) -> Any:
    parts = list(settle(store, decoder.table.live))
    assert {part.table for part in parts} <= {LEDGER_PART, "stable"}
    for part in parts:
        if part.table == "stable":
            write_table(store.table("stable") / "settled.parquet", part.rows)
    counted = pa.concat_tables(
        [COUNTS.empty_table(), *(part.rows for part in parts if part.table == LEDGER_PART)]
    ).to_pylist()
    kept = read_table(store.table("stable"))
    assert kept.schema == decoder.table.live
    rows = sorted(
        (
            row["document_id"],
            row["submission_timestamp"],
            row["metrics"]["string"]["syncstorage_platform"],
        )
        for row in kept.to_pylist()
    )
    return rows, {(row["account"], row["day"]): row["count"] for row in counted}


def test_without_duplicates_all_rows_stay(settled: Make) -> None:
    sent = [(f"id-{n}", NOON + timedelta(seconds=n), "p") for n in range(100)]
    rows, counts = settled(sent[:50], sent[50:])
    assert rows == sorted(sent)
    assert counts == {("stable", date(2026, 1, 5)): 100}


def test_the_earliest_stays_whatever_its_part(settled: Make) -> None:
    late = [("a", NOON + timedelta(hours=1), "late"), ("b", NOON, "only")]
    early = [("a", NOON, "early"), ("a", NOON + timedelta(hours=2), "last")]
    rows, counts = settled(late, early)
    assert rows == [("a", NOON, "early"), ("b", NOON, "only")]
    assert counts == {("stable", date(2026, 1, 5)): 2, ("deduplicated", date(2026, 1, 5)): 2}


def test_at_the_same_time_the_first_to_arrive_stays(settled: Make) -> None:
    rows, _ = settled([("a", NOON, "first"), ("a", NOON, "second")], [("a", NOON, "third")])
    assert rows == [("a", NOON, "first")]


def test_each_day_has_its_own(settled: Make) -> None:
    midnight = datetime(2026, 1, 6, tzinfo=UTC)
    before = midnight - timedelta(milliseconds=1)
    rows, counts = settled([("a", before, "x"), ("a", midnight, "y"), ("a", midnight, "z")])
    assert rows == [("a", before, "x"), ("a", midnight, "y")]
    assert counts == {
        ("stable", date(2026, 1, 5)): 1,
        ("stable", date(2026, 1, 6)): 1,
        ("deduplicated", date(2026, 1, 6)): 1,
    }


def test_counts_go_by_arrival_and_days_by_submission(settled: Make) -> None:
    own = "2026-01-09T00:00:00Z"
    rows, counts = settled(
        [("a", NOON, "x"), ("a", NOON + timedelta(days=1), "y")], submission_timestamp=own
    )
    assert rows == [("a", datetime(2026, 1, 9, tzinfo=UTC), "x")]
    assert counts == {("stable", date(2026, 1, 5)): 1, ("deduplicated", date(2026, 1, 6)): 1}


def test_rows_without_a_time_are_one_partition(settled: Make) -> None:
    rows, _ = settled(
        [("a", NOON, "x"), ("a", NOON + timedelta(days=1), "y")], submission_timestamp="?"
    )
    assert rows == [("a", None, "x")]


def test_nothing_live_gives_an_empty_table(option_a: Decoder, tmp_path: Path) -> None:
    rows, counts = _settled(Store(tmp_path), option_a)
    assert (rows, counts) == ([], {})


def test_settled_again_after_a_restart_it_is_the_same(
    settled: Make, option_a: Decoder, tmp_path: Path
) -> None:
    first = settled([("a", NOON, "x"), ("a", NOON, "y"), ("b", NOON, "z")])
    (written,) = (tmp_path / "stable").iterdir()
    before = written.read_bytes()
    assert _settled(Store(tmp_path), option_a) == first
    assert written.read_bytes() == before
    assert {each.name for each in tmp_path.iterdir()} == {"live", "stable"}


def test_a_file_without_repeats_is_the_same_in_both_tables(
    settled: Make, option_a: Decoder, tmp_path: Path
) -> None:
    settled([("a", NOON, "x")], [("b", NOON, "y"), ("b", NOON, "z")], [("a", NOON, "w")])
    kept = {
        path.name: path.samefile(tmp_path / "live" / path.name)
        for path in (tmp_path / "stable").iterdir()
    }
    assert kept == {"0.parquet": True, "1.parquet": False}  # of 2.parquet no row is left
    assert len(read_table(tmp_path / "live")) == 4


def test_where_there_are_no_links_it_is_a_copy(
    settled: Make, option_a: Decoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unlinkable(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "hardlink_to", unlinkable)
    rows, _ = settled([("a", NOON, "x")])
    assert rows == [("a", NOON, "x")]
    (copy,) = (tmp_path / "stable").iterdir()
    assert not copy.samefile(tmp_path / "live" / copy.name)
    assert copy.read_bytes() == (tmp_path / "live" / copy.name).read_bytes()


@pytest.mark.parametrize("at_once", [1, 3, 1000])
def test_it_does_not_matter_how_many_days_are_looked_at_at_once(
    settled: Make, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """Days in several files, out of order, with the same ids on each."""
    monkeypatch.setattr(stable, "_AT_ONCE", at_once)
    sent = [
        (f"id-{n % 3}", NOON + timedelta(days=n % 4, seconds=n), str(n))
        for n in reversed(range(24))
    ]
    rows, counts = settled(sent[:7], sent[7:16], sent[16:])
    assert rows == sorted(sent[n] for n in range(24) if int(sent[n][2]) < 12)
    assert sum(number for (account, _), number in counts.items() if account == "stable") == 12
    assert len(counts) == 8


def test_portions_keep_a_day_together_and_are_no_larger_than_need_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stable, "_AT_ONCE", 10)
    days = [(1, 4, ["a"]), (2, 6, ["a", "b"]), (5, 1, ["b"]), (6, 30, ["c", "d"]), (7, 2, ["d"])]
    assert list(stable._portions(days)) == [
        (1, 2, ["a", "b"]),
        (5, 5, ["b"]),
        (6, 6, ["c", "d"]),
        (7, 7, ["d"]),
    ]
    assert list(stable._portions([])) == []
