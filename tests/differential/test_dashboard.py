"""Every panel of the Grafana dashboards, asked of a real InfluxDB as Grafana would ask it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dauexp.dashboard import BUCKET, Panel, panels
from dauexp.options import options
from dauexp.options.statsd.remote import bucket_of
from dauexp.questions import catalogue
from dauexp.results import result
from dauexp.run import run
from dauexp.scenario import Scenario, load
from dauexp.services import InfluxAddress
from dauexp.traffic.truth import Calibration
from tests.differential.conftest import Servers

pytestmark = pytest.mark.heavy

STRATEGIES = [each.name for each in options()["statsd"].strategies]
DAYS = 30


class Served:
    """A finished run whose points are in an InfluxDB."""

    def __init__(self, scenario: Scenario, folder: Path, address: InfluxAddress) -> None:
        self.scenario, self.folder, self.address = scenario, folder, address

    def ask(self, panel: Panel, strategy: str, constants: dict[str, float]) -> list[dict[str, Any]]:
        """The rows of a panel for the days of the run: what Grafana puts in, put in here."""
        first = datetime.combine(self.scenario.traffic.first_day, datetime.min.time(), UTC)
        query = panel.query
        # A window begins before the dashboard's range, which begins so that the data is enough.
        window = {each.title: each.window for each in catalogue().values()}.get(panel.title, 1)
        bounds = {
            "v.timeRangeStart": first + timedelta(days=window - 1),
            "v.timeRangeStop": first + timedelta(days=DAYS),
        }
        for name, time in bounds.items():
            query = query.replace(name, time.isoformat().replace("+00:00", "Z"))
        for name, value in constants.items():
            query = query.replace(f"${{{name}}}", str(value))
        name = "counter" if panel.unit == "requests" else strategy
        with self.address.client() as client:
            query = query.replace(BUCKET, bucket_of(self.address, client, self.scenario, name))
            tables = client.query_api().query(query)
        return [dict(record.values) for table in tables for record in table.records]


@pytest.fixture(scope="module")
def served(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    changes = [
        "strategies=['statsd']",
        "traffic.users=80",
        f"traffic.days={DAYS}",
        "experiments.run=[]",
        "report.notebooks=[]",
        "influxdb.backend='server'",
    ]
    with servers("influxdb") as addresses, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAUEXP_INFLUXDB_URL", addresses["influxdb"].url)
        scenario = load("quick", changes)
        folder = run(scenario, tmp_path_factory.mktemp("served"), processes=1)
        yield Served(scenario, folder, addresses["influxdb"])


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_panel_of_a_question_shows_its_answers(served: Served, strategy: str) -> None:
    earlier = Calibration.from_table(result(served.folder, "calibration"))
    (chosen,) = (each for each in options()["statsd"].strategies if each.name == strategy)
    constants = dict(chosen(served.scenario).constants(earlier))
    answers = result(served.folder, "answers").to_pandas()
    answers = answers[(answers["strategy"] == strategy) & (answers["language"] == "flux")]
    titles = {each.title: each for each in catalogue().values()}
    *asked, requests, _ = panels(served.scenario, strategy)
    for panel in asked:
        question = titles[panel.title]
        mine = answers[answers["question"] == question.id]
        known = {(row["day"], row["segment"]): row["value"] for row in mine.to_dict("records")}
        shown = {
            (row["_time"].date(), row.get("segment", "all")): row[panel.unit]
            for row in served.ask(panel, strategy, constants)
        }
        assert shown, panel.title
        assert shown.keys() == known.keys(), panel.title
        assert shown == pytest.approx(known, nan_ok=True), panel.title
    minutes = [row["requests"] for row in served.ask(requests, strategy, constants)]
    ledger = result(served.folder, "ledger").to_pandas()
    counted = ledger[(ledger["strategy"] == "counter") & (ledger["account"] == "aggregated")]
    assert sum(each or 0 for each in minutes) == counted["count"].sum()


def test_the_panel_of_series_is_understood(served: Served) -> None:
    *_, series = panels(served.scenario, "tag")
    with served.address.client() as client:
        bucket = bucket_of(served.address, client, served.scenario, "tag")
        answer: Any = client.api_client.call_api(
            "/query",
            "POST",
            query_params=[("q", series.query), ("db", bucket.partition("/")[0])],
            response_type=object,
            _return_http_data_only=True,
        )
    ((count,),) = answer["results"][0]["series"][0]["values"]
    assert count > 80
