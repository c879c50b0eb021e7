"""Growth: the fit against laws that are known, queries that are made to cost what is known, and a
grid of tiny runs."""

from __future__ import annotations

import inspect
import math
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dauexp.cli import measuring
from dauexp.database import SqlDatabase
from dauexp.errors import BadInput
from dauexp.growth import growth
from dauexp.growth.grid import USUAL, grid, numbers
from dauexp.growth.observing import profiled, timed, without_cache
from dauexp.growth.remote import bytes_read
from dauexp.growth.rounds import Asked, Observe, in_rounds
from dauexp.measures.growth import GROWTH, GROWTH_FIT, fit, fits
from dauexp.options import contenders
from dauexp.questions import Query
from dauexp.results import result
from dauexp.scenario import Scenario, load
from dauexp.store import write_table

LEVELS = (250.0, 500.0, 1000.0, 2000.0, 4000.0)


def test_the_fit_finds_a_law_without_noise_exactly() -> None:
    found = fit(LEVELS, [3e-6 * level**1.7 for level in LEVELS])
    assert found is not None
    assert found.exponent == pytest.approx(1.7)
    assert found.coefficient == pytest.approx(3e-6)
    assert (found.low, found.high) == pytest.approx((1.7, 1.7))
    assert found.levels == 5


def test_two_levels_have_an_exponent_without_an_interval_and_one_or_zeros_have_none() -> None:
    found = fit((1.0, 10.0), (1.0, 100.0))
    assert found is not None
    assert found.exponent == pytest.approx(2)
    assert (found.low, found.high) == (None, None)
    same = fit(LEVELS, [7.0] * 5)
    assert same is not None
    assert (same.exponent, same.low, same.high) == (0.0, 0.0, 0.0)
    assert fit((5.0,), (1.0,)) is None
    assert fit((5.0, 5.0), (1.0, 2.0)) is None
    assert fit(LEVELS, (0.0, 1.0, 2.0, 3.0, 4.0)) is None


def test_the_interval_holds_the_exponent_in_95_of_100_cases() -> None:
    """2,000 laws with lognormal noise: 95% of the intervals hold the exponent, within 4 standard
    errors; and they would not if they were those of a normal distribution."""
    generator = np.random.default_rng(1)
    cases, exponent = 2000, 1.3
    held = narrower = 0
    for _ in range(cases):
        noise = np.exp(generator.normal(0, 0.2, len(LEVELS)))
        found = fit(LEVELS, [level**exponent * each for level, each in zip(LEVELS, noise)])  # noqa: B905
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        held += found.low <= exponent <= found.high
        narrower += abs(found.exponent - exponent) <= (found.high - found.exponent) * 1.96 / 3.182
    tolerance = 4 * math.sqrt(0.95 * 0.05 / cases)
    assert held / cases == pytest.approx(0.95, abs=tolerance)
    assert narrower / cases < 0.95 - tolerance


@pytest.fixture
def tables(tmp_path: Path) -> Iterator[dict[int, SqlDatabase]]:
    """Databases with a table of ever more rows."""
    made = {}
    for rows in (1000, 4000, 16_000):
        place = tmp_path / str(rows) / "n.parquet"
        write_table(place, pa.table({"day": range(rows), "value": range(rows)}))
        made[rows] = SqlDatabase({"t": place.parent})
        without_cache(made[rows])
    yield made
    for database in made.values():
        database.connection.close()


@pytest.fixture
def query(tmp_path: Path) -> Query:
    path = tmp_path / "dau.sql"
    path.write_text("SELECT DATE '2026-01-05' AS day, COUNT(DISTINCT value) AS value FROM t")
    return Query("dau", "", "sql", path)


def test_rows_bytes_and_memory_are_those_of_the_query(
    tables: dict[int, SqlDatabase], query: Query
) -> None:
    found = {rows: profiled(query, database, {}) for rows, database in tables.items()}
    assert {rows: each["rows_read"] for rows, each in found.items()} == {
        rows: rows for rows in tables
    }
    assert found[16_000]["bytes_read"] > 4 * found[1000]["bytes_read"] > 0
    assert found[16_000]["memory_bytes"] > 0  # of few rows, the profiler may see nothing
    again = {rows: profiled(query, database, {}) for rows, database in tables.items()}
    for rows in tables:
        assert again[rows]["bytes_read"] == found[rows]["bytes_read"], "read anew each time"


EXPLAINED = """EXPRESSION: <nil>
AUXILIARY FIELDS: value::string
NUMBER OF SHARDS: 1
NUMBER OF SERIES: 1
CACHED VALUES: 0
NUMBER OF FILES: 1
NUMBER OF BLOCKS: 5
SIZE OF BLOCKS: 920
.
└── select
    ├── execution_time: 1.306785ms
    ├── planning_time: 359.375µs
    ├── total_time: 1.66616ms
    └── build_cursor
        ├── labels
        │   └── statement: SELECT count(distinct(value::string)) FROM d.autogen.n GROUP BY time(1w)
        └── iterator_scanner
            ├── labels
            │   └── expr: count(distinct(value::string))
            └── create_iterator
                ├── labels
                │   ├── measurement: n
                │   └── shard_id: 1
                ├── cursors_ref: 1
                ├── cursors_aux: 0
                ├── cursors_cond: 0
                ├── float_blocks_decoded: 0
                ├── float_blocks_size_bytes: 0
                ├── integer_blocks_decoded: 14
                ├── integer_blocks_size_bytes: 420
                ├── unsigned_blocks_decoded: 0
                ├── unsigned_blocks_size_bytes: 0
                ├── string_blocks_decoded: 5
                ├── string_blocks_size_bytes: 920
                ├── boolean_blocks_decoded: 0
                ├── boolean_blocks_size_bytes: 0
                └── planning_time: 168.21µs
"""
"""What InfluxDB 1.8.10 told of 5,000 points; the blocks of integers are of another statement."""


def test_bytes_of_a_real_server_are_the_blocks_that_it_decoded() -> None:
    assert bytes_read(EXPLAINED) == 420 + 920
    assert bytes_read(EXPLAINED * 2) == 2 * (420 + 920), "all statements"
    nothing = EXPLAINED.replace("bytes: 420", "bytes: 0").replace("bytes: 920", "bytes: 0")
    assert bytes_read(nothing) == 0, "of no points, nothing is read"


def test_bytes_are_none_where_they_are_not_all_told() -> None:
    """Points in the cache are in no block, so that a sum without them would be too small."""
    cached = EXPLAINED.replace("CACHED VALUES: 0", "CACHED VALUES: 5000")
    assert bytes_read(cached) is None
    assert bytes_read(EXPLAINED + cached) is None
    assert bytes_read("") is None
    assert bytes_read("CACHED VALUES: 0") is None
    assert bytes_read(EXPLAINED.replace("CACHED VALUES", "SERIES")) is None


class Slow(SqlDatabase):
    """A database that is made slow: its time grows with the square of the rows."""

    rows = 0

    def ask(self, query: str, language: str, parameters: Mapping[str, object]) -> pa.Table:
        time.sleep(1e-9 * self.rows**2)
        return super().ask(query, language, parameters)


def test_a_query_made_slow_is_seen(tables: dict[int, SqlDatabase], query: Query) -> None:
    for database in tables.values():
        database.__class__ = Slow
    for rows, database in tables.items():
        database.rows = rows  # type: ignore[attr-defined]
    seconds = [timed(query, database, {})["time_seconds"] for database in tables.values()]
    found = fit([float(rows) for rows in tables], seconds)
    assert found is not None
    assert seconds[-1] > 0.25
    assert found.exponent > 0.8
    ratio = fit([4000.0, 16_000.0], seconds[1:])
    assert ratio is not None
    assert ratio.exponent > 1.0


def test_one_factor_varies_and_the_others_stay_in_the_middle() -> None:
    points = grid(load("quick"), {"users": (10, 40, 20), "days": (28, 30), "events": (1, 2, 4)})
    seen = [
        (p.factor, p.scenario.traffic.users, p.scenario.traffic.days, _scale(p.scenario))
        for p in points
    ]
    assert seen == [
        *[("users", users, 28, 2) for users in (10, 20, 40)],
        *[("days", 20, days, 2) for days in (28, 30)],
        *[("events", 20, 28, scale) for scale in (1, 2, 4)],
    ]
    assert {point.scenario.name for point in points} == {"growth"}
    assert len({point.scenario for point in points}) == 6


def test_the_usual_levels_are_those_of_the_command_line() -> None:
    parameters = inspect.signature(measuring.growth).parameters
    for factor, levels in USUAL.items():
        assert numbers(parameters[factor].default, factor) == levels


def _scale(scenario: Scenario) -> float:
    return scenario.traffic.requests.scale


def test_what_cannot_be_is_refused_in_a_sentence(small_run: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="--users '10,many': give numbers"):
        numbers("10,many", "users")
    with pytest.raises(BadInput, match="--days: give at least one"):
        grid(load("quick"), {"days": ()})
    with pytest.raises(BadInput, match=r"traffic\.days"):
        grid(load("quick"), {"days": (0, 28)})
    with pytest.raises(BadInput, match="there is no question nope"):
        growth(small_run, {"users": (10,)}, ["dau", "nope"])
    with pytest.raises(BadInput, match="no such folder"):
        growth(tmp_path / "none", {"users": (10,)}, ["dau"])


def test_a_grid_of_tiny_runs(small_run: Path, tmp_path: Path) -> None:
    """Rows read are those that are stored, and grow with the requests; the run keeps the tables."""
    folder = tmp_path / "small"
    folder.mkdir()
    for name in ("scenario.toml", "manifest.json"):  # all that a grid begins with
        shutil.copy(small_run / name, folder)
    settings = {"users": (20, 80), "days": (29,), "events": (4.0,)}
    only = {"strategies": ("glean",)}
    fitted = growth(folder, settings, ["dau", "mau"], only, repeats=2, processes=1)
    table = result(folder, "growth")
    assert table.schema == GROWTH
    assert fitted.schema == GROWTH_FIT
    assert fitted == result(folder, "growth_fit") == fits(table)
    rows = table.to_pylist()
    assert {row["factor"] for row in rows} == {"users", "days", "events"}
    assert {row["question"] for row in rows} == {"dau", "mau", ""}
    for row in rows:
        assert row["minimum"] <= row["median"] <= row["maximum"]
        assert row["repeats"] == (2 if row["measure"] == "time_seconds" else 1)
        if row["measure"] == "rows_read" and row["question"] == "dau":
            assert row["minimum"] == row["requests"]
    variants = {row["variant"] for row in rows if row["question"] == "mau"}
    assert variants == {"", "days_seen", "one_day", "last_seen"}
    of = {
        (row["question"], row["measure"]): row["exponent"]
        for row in fitted.to_pylist()
        if not row["variant"]
    }
    assert set(of) >= {
        *((each, name) for each in ("dau", "mau") for name in _ALWAYS),
        ("", "bytes_at_rest"),
    }
    users = table.filter((pc.field("factor") == "users") & (pc.field("measure") == "rows_read"))
    few, many = sorted(set(users["requests"].to_pylist()))
    assert of["dau", "rows_read"] == pytest.approx(math.log(many / few) / math.log(4))
    assert 0 < of["", "bytes_at_rest"] < 1.2


_ALWAYS = ("time_seconds", "rows_read", "bytes_read")


def test_every_other_round_asks_in_the_opposite_order(small_run: Path) -> None:
    """Contenders and their queries: the last of a round is the first of the next."""
    asked: list[list[Path]] = []

    def observer() -> Observe:
        mine: list[Path] = []
        asked.append(mine)

        def observe(query: Query, database: object, named: object) -> dict[str, float]:
            mine.append(query.path)
            return {"time_seconds": 1.0}

        return observe

    both = [Asked(small_run, each) for each in contenders(["glean", "statsd:field"])]
    found = in_rounds(both, ("dau", "mau"), [observer(), observer(), observer()])
    first, second, third = asked
    assert len(first) > 4
    assert second == first[::-1]
    assert third == first
    assert all(each == {"time_seconds": [1.0] * 3} for each in found.values())
