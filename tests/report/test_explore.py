"""The explorer: what the sliders say is what is tried, and what is shown follows."""

from __future__ import annotations

import pandas as pd
import pytest

from dauexp.report.explore import CONTROLS, DAYS, Explorer, chart, scenario_of, told_of, tried
from dauexp.report.render import spec
from dauexp.scenario import Scenario, keys

FEW = {"traffic.users": 20}


def test_every_slider_is_a_key_of_the_scenario() -> None:
    assert set(CONTROLS) <= set(keys())


def test_a_scenario_has_the_changes_and_few_days() -> None:
    scenario = scenario_of({"traffic.hosts.count": 7, "faults.loss.rate": 0.25})
    assert scenario.traffic.hosts.count == 7
    assert scenario.faults.loss.rate == 0.25
    assert scenario.traffic.days == DAYS


def test_exact_stays_exact_and_loss_is_seen() -> None:
    found = tried(scenario_of(FEW), ["custom"])
    assert len(found) == DAYS
    assert told_of(found) == ["B custom: exact on its worst day"]
    lossy = tried(scenario_of({**FEW, "faults.loss.rate": 0.5}), ["custom"])
    assert (lossy["relative_error"] < 0).any()


def test_the_chart_shows_every_contender_and_day() -> None:
    found = tried(scenario_of(FEW), ["custom", "statsd:set"])
    made = spec(chart(found))
    (data,) = made["datasets"].values()
    assert len(data) == 2 * DAYS
    assert "C statsd:set" in made["description"]


def test_a_slider_that_moves_changes_what_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Scenario] = []

    def note(scenario: Scenario) -> pd.DataFrame:
        asked.append(scenario)
        return tried(scenario_of(FEW), ["custom"])

    monkeypatch.setattr(
        "dauexp.report.explore.tried",
        note,
    )
    explorer = Explorer()
    explorer.sliders["traffic.hosts.count"].value = 9
    assert [each.traffic.hosts.count for each in asked] == [3, 9]
