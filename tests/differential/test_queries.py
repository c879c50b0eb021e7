"""Every query file in Flux and InfluxQL gives, on a real InfluxDB, the numbers that the SQL of the
same question gives on the embedded table, from the same points."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pytest
from influxdb_client.client.write_api import SYNCHRONOUS

from dauexp import questions
from dauexp.errors import BadInput
from dauexp.options import Contender, contenders
from dauexp.options.statsd.line_protocol import Point, write
from dauexp.options.statsd.server import ServerDatabase
from dauexp.options.statsd.strategies import InfluxStrategy
from dauexp.results import result
from dauexp.scenario import Scenario
from dauexp.services import InfluxAddress
from dauexp.store import read_table
from dauexp.traffic.truth import Calibration
from dauexp.unit import Places
from tests.differential.conftest import Servers

pytestmark = pytest.mark.heavy

EVERY = contenders(["statsd"])
BY_LABEL = pytest.mark.parametrize("contender", EVERY, ids=[each.label for each in EVERY])
LINES = 10_000
MICROSECOND = 1000


@pytest.fixture(scope="module")
def influxdb(servers: Servers) -> Iterator[InfluxAddress]:
    with servers("influxdb") as addresses:
        yield addresses["influxdb"]


def strategy_of(contender: Contender, scenario: Scenario) -> InfluxStrategy:
    return cast("InfluxStrategy", contender.strategy(scenario))


def lines(strategy: InfluxStrategy, points: pa.Table) -> Iterator[str]:
    """The points of a settled table as line protocol."""
    tags, (name,) = strategy.schema.tags, strategy.schema.fields
    for row in points.to_pylist():
        named = {tag: row[tag] for tag in tags if row[tag] is not None}
        time = round(row["time"].timestamp() * 1_000_000) * MICROSECOND
        yield write(Point(strategy.measurement, named, {name: row[name]}, time))


def filled(
    influxdb: InfluxAddress, strategy: InfluxStrategy, points: pa.Table, name: str
) -> ServerDatabase:
    """A database of the server that holds these points and nothing else."""
    client = influxdb.client(timeout_seconds=300)
    for statement in (f'DROP DATABASE "{name}"', f'CREATE DATABASE "{name}"'):
        query = [("q", statement)]
        client.api_client.call_api("/query", "POST", query_params=query)  # type: ignore[no-untyped-call]
    written = list(lines(strategy, points))
    with client.write_api(write_options=SYNCHRONOUS) as writer:
        for start in range(0, len(written), LINES):
            writer.write(f"{name}/autogen", record=written[start : start + LINES])
    return ServerDatabase(client, f"{name}/autogen", strategy.measurement, strategy.steps)


def by_day(answer: pa.Table) -> dict[tuple[Any, str], float | None]:
    rows = [((row["day"], row["segment"]), row["value"]) for row in answer.to_pylist()]
    assert len(dict(rows)) == len(rows), "a day and segment answered twice"
    return dict(rows)


@BY_LABEL
def test_all_languages_give_the_same_numbers(
    contender: Contender, small: Scenario, small_run: Path, influxdb: InfluxAddress
) -> None:
    """A day or segment that has no row in Flux or InfluxQL has the value 0 in SQL."""
    strategy = strategy_of(contender, small)
    store = Places(small_run).store(contender)
    constants = strategy.constants(Calibration.from_table(result(small_run, "calibration")))
    traffic = small.traffic
    parameters = questions.parameters(
        traffic.first_day, traffic.last_day, {**constants, **strategy.settings}
    )
    points = read_table(store.table(strategy.measurement_name))
    files = [query for query in questions.queries(strategy.queries) if query.possible]
    with strategy.database(store) as embedded:
        by_sql = {
            query.question: by_day(questions.ask(query, embedded, parameters))
            for query in files
            if query.language == "sql" and not query.variant
        }
    asked = [query for query in files if query.language in ServerDatabase.languages]
    assert {query.language for query in asked} == set(ServerDatabase.languages)
    with filled(influxdb, strategy, points, f"queries_{strategy.name}") as server:
        for query in asked:
            answer = by_day(questions.ask(query, server, parameters))
            expected = by_sql[query.question]
            assert answer.keys() <= expected.keys(), query.path
            assert any(answer.values()), query.path
            whole = {key: answer.get(key, 0.0) for key in expected}
            assert whole == pytest.approx(expected, rel=1e-12, abs=0), query.path


def test_a_refused_query_is_told_in_a_sentence(
    small: Scenario, small_run: Path, influxdb: InfluxAddress
) -> None:
    counter = next(each for each in EVERY if each.strategy.name == "counter")
    strategy = strategy_of(counter, small)
    points = read_table(Places(small_run).store(counter).table("requests")).slice(0, 10)
    known = questions.parameters(small.traffic.first_day, small.traffic.last_day, {})
    with filled(influxdb, strategy, points, "refused") as server:
        for language, query, complaint in (
            ("flux", "from(bucket: bucket) |> rage(start: first_day)", "undefined identifier"),
            ("flux", "from(bucket: bucket) |> count()", "InfluxDB refuses the query"),
            ("influxql", "SELECT FROM $measurement", "error parsing query"),
            ("influxql", "SELECT SUM(value) / $nothing FROM $measurement", r"\$nothing"),
            ("sql", "SELECT 1", "flux or influxql"),
        ):
            with pytest.raises(BadInput, match=complaint) as caught:
                server.ask(query, language, known)
            assert "\n" not in str(caught.value)
