"""Whole tables of writes are settled as the rules for single writes say."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dauexp.options.statsd import settlement
from dauexp.options.statsd.line_protocol import Point
from dauexp.options.statsd.points import UNLIMITED, Limits, Points
from dauexp.options.statsd.settlement import (
    TIME,
    Measurement,
    PointsDatabase,
    settle_flushes,
    settle_writes,
)
from dauexp.store import write_table

MEASUREMENT = Measurement(("host", "t"), {"f": pa.string()})
WRITES = MEASUREMENT.schema.append(pa.field("arrival", TIME))
HOUR = 3_600_000_000

Write = tuple[int, str, str | None, str, int]
writes = st.lists(
    st.tuples(
        st.integers(0, 3).map(lambda n: n * HOUR),
        st.sampled_from(["h1", "h2"]),
        st.sampled_from(["a", "b", "c", None]),
        st.text("xyz", max_size=2),
        st.integers(0, 2).map(lambda n: n * 30 * HOUR),
    ),
    max_size=12,
)


def write(folder: Path, files: dict[str, list[Write]]) -> Path:
    for name, rows in files.items():
        columns = zip(*rows, strict=True) if rows else ((),) * 5
        arrays = [
            pa.array(column, field.type) for column, field in zip(columns, WRITES, strict=True)
        ]
        write_table(folder / name, pa.table(arrays, schema=WRITES))
    return folder


def by_the_rules(files: dict[str, list[Write]], limits: Limits) -> tuple[pa.Table, Counter[object]]:
    points = Points(limits)
    ordered = sorted(
        (arrival, name, place, time, {"host": host, "t": tag or ""}, text)
        for name, rows in files.items()
        for place, (time, host, tag, text, arrival) in enumerate(rows)
    )
    accounts: Counter[object] = Counter()
    last: dict[tuple[int, tuple[str, str], tuple[str, str]], date] = {}
    for arrival, _, _, time, tags, text in ordered:
        reason = points.write(Point("m", tags, {"f": text}, time), arrival=0, precision="us")
        day = datetime.fromtimestamp(arrival / 1e6, UTC).date()
        if reason:
            accounts["rejected", reason, tags["host"], day] += 1
            continue
        point = (time, ("host", tags["host"]), ("t", tags["t"]))
        if point in last:
            accounts["overwritten", "", tags["host"], last[point]] += 1
        last[point] = day
    for (_, (_, host), _), day in last.items():
        accounts["stored", "", host, day] += 1
    return points.table("m"), accounts


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None
)
@given(
    first=writes,
    second=writes,
    limits=st.sampled_from([UNLIMITED, Limits(series=2), Limits(values_per_tag=2)]),
    chunk=st.sampled_from([1, 1000]),
)
def test_it_equals_the_rules(
    first: list[Write],
    second: list[Write],
    limits: Limits,
    chunk: int,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settlement, "CHUNK_ROWS", chunk)
    files = {"00000-000000.parquet": first, "00000-000001.parquet": second}
    folder = write(tmp_path_factory.mktemp("writes"), files)
    settled = list(settle_writes(folder, MEASUREMENT, limits))
    stored = pa.concat_tables(
        [part.points for part in settled] or [MEASUREMENT.schema.empty_table()]
    )
    expected, accounts = by_the_rules(files, limits)
    assert as_rows(stored) == as_rows(expected)
    rows = [row for part in settled for row in part.accounts.to_pylist()]
    found: Counter[object] = Counter()
    total = 0
    for row in rows:
        if row["account"] == "points_written":
            total += row["count"]
        else:
            found[row["account"], row["reason"], row["host"], row["day"]] += row["count"]
    assert found == accounts
    assert total == len(first) + len(second)


def as_rows(table: pa.Table) -> list[tuple[object, ...]]:
    rows = table.to_pylist()
    return sorted(
        ((row["time"].timestamp(), row.get("host"), row.get("t"), row["f"]) for row in rows),
        key=str,
    )


def test_of_one_arrival_the_later_file_and_row_wins(tmp_path: Path) -> None:
    files: dict[str, list[Write]] = {
        "00001-000000.parquet": [(0, "h", "a", "second", 0), (0, "h", "a", "third", 0)],
        "00000-000007.parquet": [(0, "h", "a", "first", 0)],
    }
    (settled,) = settle_writes(write(tmp_path, files), MEASUREMENT)
    assert settled.points["f"].to_pylist() == ["third"]


def test_a_later_arrival_wins_over_a_later_file(tmp_path: Path) -> None:
    files: dict[str, list[Write]] = {
        "00000-000000.parquet": [(0, "h", "a", "late", 9)],
        "00001-000000.parquet": [(0, "h", "a", "early", 8)],
    }
    (settled,) = settle_writes(write(tmp_path, files), MEASUREMENT)
    assert settled.points["f"].to_pylist() == ["late"]


def test_parts_of_flushes_are_put_together(tmp_path: Path) -> None:
    measurement = Measurement(("host",), {"value": pa.int64()})
    noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
    for name, values in (("a", [1, 2]), ("b", [4])):
        columns = {"time": pa.array([noon] * len(values), TIME), "host": ["h"] * len(values)}
        write_table(tmp_path / f"{name}.parquet", pa.table({**columns, "value": values}))
    (settled,) = settle_flushes(tmp_path, measurement, "sum(value)::BIGINT")
    assert settled.points.to_pylist() == [{"time": noon, "host": "h", "value": 7}]
    assert [(row["account"], row["count"]) for row in settled.accounts.to_pylist()] == [
        ("points_written", 1),
        ("stored", 1),
    ]
    assert set(settled.accounts["day"].to_pylist()) == {date(2026, 1, 5)}


def test_nothing_written_nothing_stored(tmp_path: Path) -> None:
    assert list(settle_writes(tmp_path, MEASUREMENT)) == []
    with PointsDatabase({"influxdb.m": (MEASUREMENT, tmp_path)}) as database:
        answer = database.ask("SELECT COUNT(*) AS n, MAX(f) AS f FROM influxdb.m", "sql", {})
    assert answer.to_pylist() == [{"n": 0, "f": None}]
