"""Points written to a real InfluxDB: none is lost when it dies in the middle, what it rejects is
accounted for, and a run that writes to it answers as the embedded tables do."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from dauexp import ledger
from dauexp.options.statsd.settlement import TIME, Measurement, Settled
from dauexp.options.statsd.writing import LINES_TOGETHER, Writer, through
from dauexp.results import result
from dauexp.run import run
from dauexp.scenario import load
from dauexp.services import InfluxAddress, InfluxDB
from dauexp.services.processes import start, wait_until
from dauexp.services.running import LOG, launch
from tests.differential.conftest import Servers
from tests.differential.test_points import Database

pytestmark = pytest.mark.heavy

RUN = (
    'strategies=["statsd:tag", "statsd:field", "statsd:set"]',
    "traffic.users=150",
    "traffic.days=29",
    "report.notebooks=[]",
    "experiments.run=[]",
)


@pytest.fixture(autouse=True)
def built(servers: Servers) -> None:
    with servers("influxdb"):
        pass


def test_nothing_is_lost_when_the_server_is_killed_and_comes_back(tmp_path: Path) -> None:
    count = 40 * LINES_TOGETHER
    lines = [f"m,user=u{number % 1000} value={number}i {number}" for number in range(count)]
    first = launch(InfluxDB(), tmp_path / "influxdb", {})
    address = first.address
    assert isinstance(address, InfluxAddress)
    database = Database(address, "killed")
    rejected: list[dict[int, str]] = []
    with address.client() as client:
        writer = Writer(client, "killed/autogen")
        thread = threading.Thread(target=lambda: rejected.append(writer.write(lines)))
        thread.start()
        while not (before := written(database)):
            time.sleep(0.01)
        os.kill(first.process.pid, signal.SIGKILL)
        time.sleep(2)
        assert thread.is_alive()
        program, log = InfluxDB().program.ready(), tmp_path / "influxdb" / LOG
        command = [str(program), "-config", str(tmp_path / "influxdb" / "influxdb.conf")]
        second = start(command, log)
        try:
            wait_until(address.answers, second, "influxdb", log, 60)
            thread.join(120)
            assert not thread.is_alive()
            assert 0 < before < count
            assert rejected == [{}]
            assert written(database) == count
            (total,) = database.query('SELECT sum("value") FROM "m"')
            assert total["values"][0][1] == count * (count - 1) // 2
        finally:
            second.end()


def written(database: Database) -> int:
    """How many points there are."""
    found = database.query('SELECT count("value") FROM "m"')
    return int(found[0]["values"][0][1]) if found else 0


def test_a_server_that_stays_away_is_told(tmp_path: Path) -> None:
    from dauexp.errors import BadInput

    started = launch(InfluxDB(), tmp_path / "influxdb", {})
    address = started.address
    assert isinstance(address, InfluxAddress)
    started.end()
    with address.client() as client, pytest.raises(BadInput, match="no InfluxDB answers at http"):
        Writer(client, "away/autogen", patience_seconds=1).write(["m value=1i 1"])


def test_what_the_server_rejects_is_in_the_ledger_by_its_reason(servers: Servers) -> None:
    users = [f"u{number}" for number in range(300)]
    measurement = Measurement(("host", "user"), {"value": pa.int64()})
    points = pa.table(
        [
            pa.array(range(300), pa.int64()).cast(TIME),
            pa.array(["a", "b", "c"] * 100),
            pa.array(users),
            pa.array(range(300), pa.int64()),
        ],
        schema=measurement.schema,
    )
    accounts = ledger.tally("stored", points.to_batches()[0], time="time")
    with (
        servers(InfluxDB(index="inmem", max_values_per_tag=200)) as addresses,
        addresses["influxdb"].client() as client,
    ):
        database = Database(addresses["influxdb"], "limited")
        # The server looks at its limit once for each write, so the first fills it.
        Writer(client, "limited/autogen").write(
            [f"m,user={user} value=0i 1" for user in users[:200]]
        )
        writer = Writer(client, "limited/autogen")
        (settled,) = through(iter([Settled(points, accounts)]), measurement, "m", writer)
        rows = database.rows()
    assert settled.points["user"].to_pylist() == users[:200]
    assert sum(tags[0][0] == "host" for _, tags, _ in rows) == 200
    totals: Counter[tuple[str, str]] = Counter()
    for row in settled.accounts.to_pylist():
        totals[row["account"], row["reason"]] += row["count"]
    assert totals == {("stored", ""): 200, ("rejected", "too many tag values"): 100}


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(load("quick", RUN), tmp_path_factory.mktemp("embedded"), processes=1)


@pytest.mark.parametrize(
    ("service", "prefix"), [("influxdb", "DAUEXP_INFLUXDB"), ("influxdb2", "DAUEXP_INFLUXDB2")]
)
def test_a_run_on_the_server_answers_as_the_embedded_one(
    servers: Servers,
    embedded: Path,
    service: str,
    prefix: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with servers(service) as addresses:
        address = addresses[service]
        monkeypatch.setenv(f"{prefix}_URL", address.url)
        monkeypatch.setenv(f"{prefix}_ORG", address.organisation)
        monkeypatch.setenv(f"{prefix}_BUCKET", address.bucket)
        monkeypatch.setenv(f"{prefix}_TOKEN_FILE", address.token_source.removeprefix("file:"))
        folder = run(load("quick", [*RUN, "influxdb.backend=server"]), tmp_path, processes=1)
    on_server, expected = answers(folder), answers(embedded)
    assert len(on_server) > 100
    different = {
        key: (value, expected["sql", *key[1:]])
        for key, value in on_server.items()
        if value != pytest.approx(expected["sql", *key[1:]])
    }
    assert not different
    assert {key[0] for key in on_server} == {"flux", "influxql"}


def answers(folder: Path) -> dict[tuple[str, ...], float]:
    """The answers of a run, by language and what is asked."""
    keys = ("language", "strategy", "question", "variant", "segment", "day")
    rows = result(folder, "answers").to_pylist()
    return {tuple(str(row[key]) for key in keys): row["value"] for row in rows}
