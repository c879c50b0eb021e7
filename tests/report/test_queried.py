"""What is said of queries and their cost, and how it is drawn, on a run whose numbers are known."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from dauexp.report import plots, queried
from dauexp.report.frames import Frames, frames
from dauexp.report.render import spec


@pytest.fixture(scope="module")
def run(run_folder: Path) -> Frames:
    return frames(run_folder)


def cells(run: Frames) -> dict[tuple[str, str], dict[str, str]]:
    """The cells of the capability matrix, by contender and question."""
    (made,) = [d for d in spec(plots.capability(run))["datasets"].values() if "class" in d[0]]
    return {(cell["contender"], cell["asked"]): cell for cell in made}


def test_the_matrix_tells_exact_approximate_impossible_and_unasked(run: Frames) -> None:
    found = cells(run)
    assert found["A glean", "DAU"]["shown"] == "exact"
    assert found["C statsd:set", "DAU"]["shown"] == "400%"
    assert found["C statsd:set", "DAU"]["class"] == "more than 10 % off"
    assert found["C statsd:field", "MAU"]["class"] == "within 1 %"
    assert found["C statsd:set", "WAU"]["class"] == "impossible"
    assert len(found["C statsd:set", "WAU"]["reason"]) > 30
    assert found["A glean", "Stickiness"]["class"] == "not asked in this run"
    assert found["C statsd:field", "New users"]["languages"] == "flux, sql"


def test_the_easiest_query_is_one_without_steps_outside_where_there_is_one(run: Frames) -> None:
    rows = run["complexity"]
    (made,) = [d for d in spec(plots.complexity(run))["datasets"].values() if "shown" in d[0]]
    shown = {(cell["contender"], cell["asked"]): cell for cell in made}
    mine = rows[(rows["contender"] == "C statsd:counter") & (rows["question"] == "mau")]
    inside = mine[mine["outside_steps"] == 0]["difficulty"].min()
    assert inside > mine["difficulty"].min()
    assert shown["C statsd:counter", "MAU"]["difficulty"] == inside
    assert shown["C statsd:sketch", "MAU"]["shown"].endswith("*")


def test_capability_in_words(run: Frames) -> None:
    found = queried.capability(run)
    assert found[0] == "A glean can be asked 14 of 14 questions, 4 exactly."
    assert any(
        each.startswith("C statsd:field can be asked 13 of 14 questions, 0 exactly; not Devices")
        for each in found
    )


def test_complexity_in_words(run: Frames) -> None:
    easiest, alike, dau, outside, constants = queried.complexity(run)
    assert "in influxql are the easiest" in easiest
    rows = run["complexity"]
    three = rows[(rows["language"] == "sql") & rows["question"].str.startswith("dau")]
    for who, mean in three.groupby("contender")["difficulty"].mean().items():
        if who in set(run["ledger"]["contender"]):
            assert f"{who} {mean:.1f}" in alike
    assert "(DAU, DAU by platform and DAU by device family)" in alike
    assert alike.endswith("are left to do by C statsd:sketch.")
    assert "A glean 11" in dau
    assert "C statsd:sketch in 30 of 30 queries" in outside
    assert "A glean in 1 of 17 queries" in constants  # the week from a table of 28 bits
    assert "C statsd:counter in 30 of 30 queries" in constants


def test_growth_in_words(run: Frames) -> None:
    seconds, rows = sorted(queried.growth(run), reverse=True)
    assert seconds == (
        "With users, time of MAU grows with the exponent: A glean 0.50, A glean 0.50 (days seen) "
        "and C statsd:field 0.50."
    )
    assert "rows read of MAU" in rows
    assert "C statsd:field 1.00" in rows


def test_the_cost_at_a_rate_is_that_of_a_request_times_the_requests(run: Frames) -> None:
    table = queried.at_rate(run, per_minute=60_000)
    assert list(table.index) == list(dict.fromkeys(run["cost"]["contender"]))
    first = table.loc["A glean"]
    assert first["cores to emit"] == pytest.approx(1000 * 1e-5)
    assert first["cores to collect"] == pytest.approx(1000 * 2e-5)
    assert first["GB a day on the wire"] == pytest.approx(60_000 * 1440 * 1000 / 1e9)
    assert queried.cost(run)[-1] == (
        "In this run, C statsd:counter takes 8.0 bytes at rest a request, B custom 150.0."
    )


def test_a_law_is_drawn_through_its_points(run: Frames) -> None:
    made = spec(plots.growth(run, "mau", "rows_read"))
    lines = [d for d in made["datasets"].values() if "way" in d[0] and "minimum" not in d[0]]
    assert len(lines) == 1
    ends = pd.DataFrame(lines[0]).groupby(["contender", "way"])["median"].agg(["first", "last"])
    assert ends["first"].tolist() == pytest.approx([0.5] * 3)
    assert ends["last"].tolist() == pytest.approx([2.0] * 3)


def test_a_question_that_was_not_asked_is_told(run: Frames) -> None:
    made = spec(plots.growth(run, "retention_d7"))
    assert made["description"] == "Empty: no run was asked this question."
