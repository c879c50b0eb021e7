"""The chart of mistakes: shares by verdict, and a cell for what each silent one biases."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from dauexp.experiments.mutation import MUTATION, VERDICTS
from dauexp.report import figures, plots
from dauexp.report.frames import Frames, named
from dauexp.report.plots.mutation import NOTICED, QUESTIONS, TOLD
from dauexp.report.render import spec, svg


def row(option: str, name: str, verdict: str, **biases: float | None) -> dict[str, Any]:
    values: dict[str, Any] = {
        field.name: "" if pa.types.is_string(field.type) else False for field in MUTATION
    }
    return {
        **values,
        "option": option,
        "strategy": "set" if option == "statsd" else "events",
        "mistake": name,
        "lines_changed": 1,
        "verdict": verdict,
        "rejected_share": None,
        "silent": verdict == "silent",
        **{f"{question}_bias": biases.get(question) for question in QUESTIONS},
    }


ROWS = [
    row("statsd", "unit-mixed", "silent", dau=12.0),
    row("custom", "user-null", "caught"),
    row("custom", "hash-cut", "silent", dau=-0.004, wau=0.0, mau=-0.024, dau_by_platform=0.0),
]


@pytest.fixture
def run() -> Frames:
    return {"mutation": named(pa.Table.from_pylist(ROWS, MUTATION))}


def test_shares_add_up_for_each_option_and_silent_mistakes_have_their_cells(run: Frames) -> None:
    made = spec(plots.mistakes(run))
    rows = [each for data in made["datasets"].values() for each in data]
    shares = {(each["who"], each["verdict"]): each["share"] for each in rows if "share" in each}
    assert shares == {
        ("B custom", "caught"): 0.5,
        ("B custom", "silent"): 0.5,
        ("C statsd", "silent"): 1.0,
    }
    cells = {(each["way"], each["asked"]): each["shown"] for each in rows if "asked" in each}
    assert len(cells) == 2 * 4
    assert cells["B custom, hash cut", "MAU"] == "\N{MINUS SIGN}2.4 %"
    assert cells["B custom, hash cut", "WAU"] == "none"
    assert cells["C statsd:set, unit mixed", "DAU"] == "+1,200 %"
    assert cells["C statsd:set, unit mixed", "WAU"] == "\N{EN DASH}"
    assert "B custom: 1 caught when written" in made["description"]


def test_a_run_without_silent_mistakes_has_a_chart_too(run: Frames) -> None:
    loud = {"mutation": run["mutation"].query("verdict == 'caught'")}
    assert "caught when written" in svg(plots.mistakes(loud))


def test_every_verdict_has_a_colour_and_a_name() -> None:
    assert list(NOTICED) == list(TOLD) == list(VERDICTS)


def test_it_has_its_place_in_the_report(run: Frames) -> None:
    drawn = [figure for figure in figures._figures(run) if figure.name == "mistakes"]
    assert [figure.section for figure in drawn] == ["mistakes"]
    assert "mistakes" in figures.EXPERIMENTS
