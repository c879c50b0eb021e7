"""The Grafana dashboard: as Grafana's schema has it, from the query files as they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from dauexp.dashboard import dashboard, panels
from dauexp.errors import BadInput
from dauexp.options import options
from dauexp.options.statsd.strategies import InfluxStrategy
from dauexp.questions import catalogue, queries
from dauexp.scenario import load

STRATEGIES = [each.name for each in options()["statsd"].strategies]


def without_queries(board: dict[str, Any]) -> dict[str, Any]:
    """The dashboard without what the schema leaves to the data source."""
    shown = [
        {key: value for key, value in each.items() if key != "targets"} for each in board["panels"]
    ]
    return {**board, "panels": shown}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_dashboard_is_all_that_the_schema_knows_and_nothing_else(strategy: str) -> None:
    board = without_queries(json.loads(dashboard(load(), strategy)))
    read = Dashboard.from_json(board)
    assert json.loads(json.dumps(read, cls=JSONEncoder)) == board


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_there_is_a_panel_for_each_question_that_one_flux_file_answers(strategy: str) -> None:
    scenario = load()
    (chosen,) = (each for each in options()["statsd"].strategies if each.name == strategy)
    made = chosen(scenario)
    assert isinstance(made, InfluxStrategy)
    files = [
        query
        for query in queries(made.queries)
        if query.language == "flux" and query.possible and not query.outside
    ]
    *asked, requests, series = panels(scenario, strategy)
    assert [panel.title for panel in asked] == [catalogue()[each.question].title for each in files]
    for panel, query in zip(asked, files, strict=True):
        body = [line for line in query.text.splitlines() if line and "import" not in line]
        assert "\n".join(body) in panel.query.replace("\n\n", "\n")
    assert (requests.unit, series.unit) == ("requests", "series")


def test_constants_that_must_be_known_are_variables_to_type_in() -> None:
    board = json.loads(dashboard(load(), "counter"))
    names = [variable["name"] for variable in board["templating"]["list"]]
    assert {"requests_per_user_1d", "requests_per_user_7d", "requests_per_user_28d"} <= set(names)
    text = json.dumps(board["panels"])
    assert all(f"${{{name}}}" in text for name in names)
    assert not json.loads(dashboard(load(), "field"))["templating"].get("list")


def test_every_panel_asks_a_data_source_that_is_provisioned(checkout: Path) -> None:
    folder = checkout / "deploy" / "grafana"
    provisioned = (folder / "provisioning/datasources/influxdb.yaml").read_text(encoding="utf-8")
    for panel in json.loads(dashboard(load()))["panels"]:
        assert f"uid: {panel['datasource']['uid']}\n" in provisioned


def test_the_dashboard_that_is_provisioned_is_not_stale(checkout: Path) -> None:
    kept = checkout / "deploy" / "grafana" / "dashboards" / "dauexp.json"
    assert kept.read_text(encoding="utf-8") == dashboard(load())


def test_a_strategy_that_there_is_not_is_told() -> None:
    with pytest.raises(BadInput, match="'events' is no strategy that InfluxDB stores"):
        dashboard(load(), "events")
