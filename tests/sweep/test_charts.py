"""Charts of sweeps: they draw, and say what they show."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pandas as pd
import pytest

from dauexp.report import plots
from dauexp.report.frames import Frames, frames
from dauexp.report.render import Chart, spec, svg
from dauexp.report.swept import found
from dauexp.report.words import percent

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


def test_replicates_have_their_mean_interval_and_worst(swept: Path) -> None:
    tables = frames(swept)
    faulty = plots.replicates(tables, setting=1)
    assert [panel["title"]["text"] for panel in spec(faulty)["vconcat"]] == ["DAU"]
    rows = tables["replicates"].query("question == 'dau' and segment == 'all' and setting == 1")
    worst = percent(rows.set_index("contender")["worst_relative_error"]["B custom"])
    assert f"worst {worst}" in spec(faulty)["description"]
    assert marks(faulty, "point") == 2
    assert (
        "DAU: B custom exact, C statsd:tag exact" in spec(plots.replicates(tables))["description"]
    )
    nobody = tables | {"replicates": tables["replicates"].iloc[:0]}
    assert "Empty" in spec(plots.replicates(nobody))["description"]


ALL = ("robustness", "replicates", "by_day", "agreement", "flips")


def test_what_is_drawn_of_a_sweep_follows_from_its_tables(swept: Path, sampled: Path) -> None:
    def titles(sweep: Frames, *names: str) -> list[str]:
        return [spec(chart)["title"]["text"] for chart in plots.swept(sweep, *names)]

    of_faults, of_scenarios = frames(swept), frames(sampled)
    assert titles(of_faults, *ALL) == [
        "Daily active users under faults",
        "Errors over replicates",
        "Daily active users: error day by day",
    ]
    assert titles(of_scenarios, *ALL) == [
        "How often A glean is nearer the truth",
        "What decides whether A glean is nearer",
    ]
    assert titles(of_scenarios, "by_day") == ["Sweep"]
    told = spec(plots.swept(of_scenarios, "agreement")[0])["description"]
    assert "DAU against C statsd:set: nearer 100%, equal 0%, farther 0%" in told


def test_what_a_sweep_found_follows_from_its_tables(swept: Path, sampled: Path) -> None:
    (loss,) = found(frames(swept))
    assert loss.startswith("Loss of 0.5 moves DAU of B custom by -")
    plain = {name: table for name, table in frames(swept).items() if name != "robustness"}
    assert found(plain)[0] == "B custom: DAU exact in all 2 replicates."
    order, flip = found(frames(sampled))
    assert order == "By the error of DAU, the order glean < statsd is that of 100% of 4 settings."
    assert flip.startswith("No parameter foretells")
    assert found({}) == ["No point of this sweep was finished."]


def test_what_turns_an_order_over_is_told() -> None:
    orders = {"level": "options", "question": "dau"}
    shares = [("glean < statsd", 3, 0.75), ("glean = statsd", 1, 0.25)]
    best = {"level": "options", "other_strategy": ""}
    by_chance = {"question": "wau", "gain": 0.05}
    told = found(
        {
            "agreement": pd.DataFrame([PAIR | SHARES]),
            "orders": pd.DataFrame(
                [orders | {"ranking": r, "settings": n, "share": s} for r, n, s in shares]
            ),
            "flips": pd.DataFrame([PAIR | RULE | best, PAIR | RULE | best | by_chance]),
        }
    )
    order, flip = told
    assert order == "By the error of DAU, the order glean < statsd is that of 75% of 4 settings."
    assert flip == (
        "Whether glean is nearer in DAU than statsd hangs most on traffic.hosts.count: equal where "
        "traffic.hosts.count < 1.5, else nearer; that is right in 20% more of the settings than "
        "always saying the most frequent."
    )


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
    assert "Empty: no parameter" in spec(plots.flips({"flips": weak}))["description"]
    none = {"agreement": pd.DataFrame([PAIR | SHARES]).iloc[:0]}
    assert "Empty: this sweep does not compare" in spec(plots.agreement(none))["description"]


@pytest.mark.parametrize("question", ["wau"])
def test_a_question_that_no_one_answered_has_no_panel(swept: Path, question: str) -> None:
    assert spec(plots.robustness(frames(swept), question))["concat"] == []
