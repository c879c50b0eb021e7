"""A's trailing windows from a table of days seen: equal to the direct way, on every day."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dauexp.audit import audit
from dauexp.commands import measuring
from dauexp.errors import BadInput
from dauexp.growth.lastseen import (
    DAYS_SEEN,
    DAYS_SEEN_COST,
    DIRECT,
    FOLDER,
    INCREMENTAL,
    STEP,
    WINDOWS,
    Ways,
    days_seen,
    of_last_day,
)
from dauexp.measures.complexity import measured
from dauexp.options import contenders
from dauexp.options.glean import GleanEvents
from dauexp.report import plots, queried
from dauexp.report.render import spec
from dauexp.results import result
from dauexp.run import run
from dauexp.scenario import load
from dauexp.store import write_table

FIRST = date(2026, 1, 5)
DAYS = 46
USERS = ("ada", "ben", "eve", None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of 32 days: windows of 28 days have 5."""
    changes = ["traffic.users=40", "traffic.days=32", "strategies=['glean', 'custom']"]
    changes += ["experiments.run=[]", "report.notebooks=[]"]
    return run(load("quick", changes), tmp_path_factory.mktemp("days_seen"), 1)


@pytest.fixture(scope="module")
def both(folder: Path) -> tuple[pa.Table, pa.Table]:
    return days_seen(folder, repeats=2)


def test_both_ways_answer_what_is_true(folder: Path, both: tuple[pa.Table, pa.Table]) -> None:
    answers, _ = both
    assert answers.schema == DAYS_SEEN
    truth = {
        (row["question"], row["day"], row["segment"]): row["value"]
        for row in result(folder, "truth").to_pylist()
    }
    by_way: dict[str, dict[tuple[str, date, str], float]] = {DIRECT: {}, INCREMENTAL: {}}
    for row in answers.to_pylist():
        by_way[row["way"]][row["question"], row["day"], row["segment"]] = row["value"]
    questions = {"wau", "mau", "stickiness", "active_last_28_bits"}
    assert by_way[DIRECT] == by_way[INCREMENTAL]
    assert by_way[INCREMENTAL] == {key: truth[key] for key in truth if key[0] in questions}


def test_the_direct_way_reads_its_window_and_the_other_a_day_and_the_table(
    folder: Path, both: tuple[pa.Table, pa.Table]
) -> None:
    _, costs = both
    assert costs.schema == DAYS_SEEN_COST
    assert result(folder, "days_seen_cost") == costs
    assert audit(folder) == []
    rows = {(row["question"], row["way"], row["day"]): row for row in costs.to_pylist()}
    last = max(day for _, _, day in rows)
    step = rows[STEP, INCREMENTAL, last]["rows_read"]
    for question, window in (("wau", 7), ("mau", 28)):
        direct = rows[question, DIRECT, last]["rows_read"]
        asked = rows[question, INCREMENTAL, last]["rows_read"]
        assert asked <= 40
        assert direct > step + asked
        assert direct > window * 0.5 * (step - 40)
    assert min(costs["memory_bytes"].to_pylist()) >= 0
    for row in costs.to_pylist():
        assert 0 < row["fastest_seconds"] <= row["time_seconds"] <= row["slowest_seconds"]
    assert set(costs["repeats"].to_pylist()) == {2}


def test_no_file_is_read_but_those_of_the_days(
    folder: Path, both: tuple[pa.Table, pa.Table]
) -> None:
    """Not even the footers of others, whose number grows from day to day. A file's own footer is
    read twice."""
    stable = (folder / "store" / "glean" / "events" / "stable").glob("*.parquet")
    sizes = [path.stat().st_size for path in sorted(stable)]  # a file a day, in their order
    _, costs = both
    days = sorted(set(costs["day"].to_pylist()))
    assert len(sizes) == len(days)
    for row in costs.to_pylist():
        end = days.index(row["day"]) + 1
        if row["question"] == STEP:
            assert 0 < row["bytes_read"] <= 1.5 * sizes[end - 1]
        elif (row["question"], row["way"]) == ("wau", DIRECT):
            assert 0 < row["bytes_read"] <= 1.5 * sum(sizes[end - 7 : end])


def test_what_is_told_counts_the_step_in(both: tuple[pa.Table, pa.Table]) -> None:
    _, costs = both
    rows = {(row["question"], row["way"], row["day"]): row for row in costs.to_pylist()}
    last = max(day for _, _, day in rows)
    step, mau = rows[STEP, INCREMENTAL, last], rows["mau", INCREMENTAL, last]
    told = {row["way"]: row["rows_read"] for row in of_last_day(costs) if row["question"] == "mau"}
    assert told == {
        DIRECT: rows["mau", DIRECT, last]["rows_read"],
        INCREMENTAL: step["rows_read"] + mau["rows_read"],
    }

    frame = costs.to_pandas()
    made = spec(plots.days_seen(frame))
    (points,) = made["datasets"].values()
    assert {row["of"] for row in points} == {
        "documents of the window",
        "table of days seen, with its step",
    }
    shown = {row["rows_read"] for row in points if row["of"].startswith("table")}
    assert step["rows_read"] + mau["rows_read"] in shown
    (sentence,) = queried.days_seen(frame)
    ratio = rows["mau", DIRECT, last]["rows_read"] / (step["rows_read"] + mau["rows_read"])
    assert f"rows read {ratio:.3g} times" in sentence


def test_the_command_keeps_the_table_and_prints_the_last_day(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = Path(shutil.copytree(folder, tmp_path / "run"))
    measuring.days_seen(mine, 1, as_json=True)
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(printed) == result(mine, "days_seen_cost").num_rows
    measuring.days_seen(mine, 1, as_json=False)
    assert "active_last_28_bits" in capsys.readouterr().out


def test_a_run_without_option_a_is_refused(tmp_path: Path) -> None:
    changes = ["traffic.users=20", "traffic.days=2", "strategies=['custom']", "experiments.run=[]"]
    other = run(load("quick", changes), tmp_path, 1)
    with pytest.raises(BadInput, match="option A, whose trailing windows these are, is not in"):
        days_seen(other, repeats=1)


def test_nothing_of_the_table_is_left(folder: Path, both: tuple[pa.Table, pa.Table]) -> None:
    """No file but those of the run, and in the one that was added no text but names."""
    del both
    (added,) = [path for path in folder.rglob("*days_seen*") if path.is_file()]
    table = result(folder, added.stem)
    assert set(table["way"].to_pylist()) == {DIRECT, INCREMENTAL}
    assert [field.name for field in table.schema if pa.types.is_string(field.type)] == [
        "question",
        "way",
    ]


Seen = list[tuple[int, int]]


@settings(max_examples=8, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, DAYS - 1), st.integers(0, len(USERS) - 1)),
        unique=True,
        max_size=40,
    )
)
def test_each_day_s_table_has_the_bits_of_the_last_28_days(seen: Seen) -> None:
    """Gaps of more than 28 days, days without anyone and documents without a user included."""
    documents = sorted(seen)
    strategy = contenders(["glean"])[0].strategy(load("quick"))
    assert isinstance(strategy, GleanEvents)
    with TemporaryDirectory() as place:
        write_table(Path(place) / "d.parquet", stable(documents))
        with Ways(strategy, Path(place)) as ways:
            for number in range(DAYS):
                made, _ = ways.step(FIRST + timedelta(days=number))
                bits = {row["uid"]: row["days_seen_bits"] for row in made.to_pylist()}
                assert bits == by_hand(documents, number)
                ways.advance(made)


def by_hand(seen: Seen, number: int) -> dict[str, int]:
    bits: dict[str, int] = {}
    for day, user in seen:
        name = USERS[user]
        if name is not None and 0 <= number - day < 28:
            bits[name] = bits.get(name, 0) | 1 << number - day
    return bits


def stable(seen: Seen) -> pa.Table:
    times = [datetime(2026, 1, 5, 12, tzinfo=UTC) + timedelta(days=day) for day, _ in seen]
    users = pa.array([USERS[user] for _, user in seen], pa.string())
    text = pa.StructArray.from_arrays([users], ["syncstorage_hashed_fxa_uid"])
    return pa.table(
        {
            "submission_timestamp": pa.array(times, pa.timestamp("ms", tz="UTC")),
            "metrics": pa.StructArray.from_arrays([text], ["string"]),
        }
    )


def test_the_direct_way_of_the_same_days_agrees_where_many_are_missing(tmp_path: Path) -> None:
    """One user twice, 40 days apart, and one without a name: the answers of both ways."""
    write_table(tmp_path / "d.parquet", stable([(0, 0), (0, 3), (40, 0), (41, 1)]))
    strategy = contenders(["glean"])[0].strategy(load("quick"))
    assert isinstance(strategy, GleanEvents)
    with Ways(strategy, tmp_path) as ways:
        for number in range(DAYS):
            day = FIRST + timedelta(days=number)
            ways.advance(ways.step(day)[0])
            for question in WINDOWS:
                direct, _ = ways.ask(question, DIRECT, day)
                incremental, _ = ways.ask(question, INCREMENTAL, day)
                assert direct.sort_by("segment") == incremental.sort_by("segment"), (question, day)
            if number == 45:
                assert pc.sum(ways.ask("mau", INCREMENTAL, day)[0]["value"]).as_py() == 2


def test_the_files_of_the_table_are_measured_as_all_queries_are() -> None:
    volumes = {
        path.stem: measured(path.read_text(encoding="utf-8"), "sql")["volume_bits"]
        for path in FOLDER.glob("*.sql")
    }
    assert max(volumes, key=lambda name: volumes[name]) == STEP
    assert volumes["wau"] < volumes[STEP]
