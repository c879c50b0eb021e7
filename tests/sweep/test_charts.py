"""Charts of sweeps: they draw, and say what they show."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pandas as pd
import pytest

from dauexp.report.frames import frames
from dauexp.report.plots import sweep as plots
from dauexp.report.render import Chart, spec, svg

PAIR = {
    "level": "strategies",
    "question": "dau",
    "option": "glean",
    "strategy": "events",
    "other_option": "statsd",
    "other_strategy": "set",
    "settings": 10,
}
BEHIND = PAIR | {
    "option": "custom",
    "other_option": "glean",
    "other_strategy": "events",
}
SHARES = {"nearer_share": 0.7, "equal_share": 0.2, "farther_share": 0.1, "same_share": 0.7}
RULE = {
    "parameter": "traffic.hosts.count",
    "rank_correlation": 0.4,
    "gain": 0.2,
    "gain_by_chance": 0.1,
    "rule": "traffic.hosts.count < 1.5",
    "outcome": "equal",
    "otherwise": "nearer",
}


def marks(chart: Chart, kind: str) -> int:
    root = ET.fromstring(svg(chart))  # noqa: S314 - our own SVG
    return sum(each.get("aria-roledescription") == kind for each in root.iter())


def test_robustness_has_a_panel_for_each_fault_and_tells_the_strongest(swept: Path) -> None:
    chart = plots.robustness(frames(swept))
    assert [panel["title"]["text"] for panel in spec(chart)["concat"]] == ["loss"]
    assert marks(chart, "point") == 4
    assert "loss 0.5: B custom \N{MINUS SIGN}" in spec(chart)["description"]


def test_agreement_is_told_from_the_first_option() -> None:
    chart = plots.agreement({"agreement": pd.DataFrame([PAIR | SHARES, BEHIND | SHARES])})
    told = spec(chart)["description"]
    assert "DAU against C statsd:set: nearer 70%, equal 20%, farther 10%" in told
    assert "DAU against B custom: nearer 10%, equal 20%, farther 70%" in told
    assert marks(chart, "bar") == 6


def test_flips_show_what_chance_does_not_reach() -> None:
    weak = RULE | {"parameter": "traffic.users", "gain": 0.1}
    flips = pd.DataFrame([PAIR | RULE, PAIR | weak])
    chart = plots.flips({"flips": flips})
    assert marks(chart, "rect mark") == 1
    told = spec(chart)["description"]
    assert "equal where traffic.hosts.count < 1.5, else nearer" in told
    assert "traffic.users" not in told


def test_flips_without_any_rule_beyond_chance_is_an_empty_chart() -> None:
    weak = pd.DataFrame([PAIR | RULE | {"gain": 0.05}])
    assert marks(plots.flips({"flips": weak}), "rect mark") == 0


@pytest.mark.parametrize("question", ["wau"])
def test_a_question_that_no_one_answered_has_no_panel(swept: Path, question: str) -> None:
    assert spec(plots.robustness(frames(swept), question))["concat"] == []
