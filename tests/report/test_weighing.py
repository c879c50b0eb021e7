"""Weighing: scores by driver, totals, and how far the outcome hangs on the weights."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from dauexp.commands import making
from dauexp.errors import BadInput
from dauexp.report import findings
from dauexp.report.drivers import Criterion, criteria, drivers, scores
from dauexp.report.frames import Frames, frames
from dauexp.report.weighing import NothingToWeigh, Weights, load_weights, weighed


@pytest.fixture(scope="module")
def run(run_folder: Path) -> Frames:
    return frames(run_folder)


GIVEN = Weights(
    weights={"driver-1": 3, "driver-2": 1, "driver-3": 0, "driver-4": 0, "driver-5": 0},
    scores={
        "driver-1": {"glean": 1.0, "custom": 0.0, "statsd": 0.2},
        "driver-2": {"glean": 0.0, "custom": 1.0, "statsd": 0.1},
    },
)
"""Two drivers that disagree: worked by hand below."""


@pytest.mark.parametrize(
    ("better", "own", "best", "score"),
    [("less", 20, 10, 0.5), ("more", 0.5, 1.0, 0.5), ("less", 0, 0, 1.0), ("more", 3, 3, 1.0)],
)
def test_a_score_is_the_ratio_to_the_best(
    better: str, own: float, best: float, score: float
) -> None:
    criterion = Criterion.model_validate(
        {"what": "x", "value": "1", "better": better, "negligible": 0.0}
    )
    assert criterion.score(own, best) == score


def test_what_is_negligible_does_not_count() -> None:
    criterion = Criterion(what="error", value="1", better="less", negligible=0.01)
    assert criterion.score(0.0001, 0.0) > 0.98
    assert criterion.score(1.0, 0.0) < 0.01


def test_every_driver_of_the_claims_is_there() -> None:
    assert [driver.id for driver in drivers()] == [f"driver-{n}" for n in range(1, 6)]


def test_criteria_are_values_of_the_run_and_the_best_scores_one(run: Frames) -> None:
    table = criteria(run)
    error = table[table["criterion"] == "largest error of DAU on any day"].set_index("contender")
    assert error.loc["C statsd:set", "value"] == pytest.approx(4.0)
    assert error.loc["A glean", "score"] == 1.0
    measured = table.dropna(subset="score")
    assert (measured.groupby("criterion")["score"].max() == 1.0).all()
    assert measured["score"].between(0, 1).all()


def test_a_driver_that_was_not_measured_has_no_score_unless_given(run: Frames) -> None:
    assert scores(run, {})["driver-5"].isna().all()
    given = scores(run, {"driver-5": {"glean": 1.0, "custom": 0.5, "statsd": 0.0}})
    assert given.loc["B custom", "driver-5"] == 0.5


def test_totals_are_weighted_means(run: Frames) -> None:
    outcome = weighed(run, GIVEN)
    assert outcome.totals["A glean"] == pytest.approx(0.75)
    assert outcome.totals["B custom"] == pytest.approx(0.25)
    assert outcome.first == "A glean"
    assert sum(outcome.weights) == pytest.approx(1)
    assert "driver-3" in outcome.left_out


def test_the_smallest_change_is_where_the_rival_is_level(run: Frames) -> None:
    change = weighed(run, GIVEN).change
    assert change is not None
    assert change.rival == "B custom"
    assert change.moved == pytest.approx(0.25)
    assert change.weights["driver-1"] == pytest.approx(0.5)
    assert change.weights["driver-2"] == pytest.approx(0.5)


def test_the_share_of_weightings_is_the_length_of_the_line_on_which_one_leads(run: Frames) -> None:
    outcome = weighed(run, GIVEN)
    assert outcome.first_share["A glean"] == pytest.approx(0.5, abs=0.02)
    assert outcome.first_share.sum() == pytest.approx(1)


def test_one_that_is_best_in_everything_stays_first_whatever_the_weights(run: Frames) -> None:
    best = {"glean": 1.0, "custom": 0.5, "statsd": 0.4}
    outcome = weighed(run, Weights(scores={driver.id: best for driver in drivers()}))
    assert outcome.change is None
    assert outcome.first_share["A glean"] == 1.0
    assert "No weighting puts a contender of another option first." in findings.weighing(outcome)


def test_sentences_name_the_first_the_change_and_what_is_left_out(run: Frames) -> None:
    told = " ".join(findings.weighing(weighed(run, GIVEN)))
    assert "A glean comes first, with 0.750 of 1." in told
    assert "moves 25.0% of the weight" in told
    assert "driver-3" in told


@pytest.mark.heavy
def test_a_report_with_weights_shows_outcome_sensitivity_and_smallest_change(
    make_run: Callable[..., Path], tmp_path: Path
) -> None:
    folder, file = make_run(tmp_path / "run"), tmp_path / "weights.toml"
    given = "\n".join(f"driver-{n} = {n % 3}" for n in range(1, 6))
    scored = "glean = 1.0\ncustom = 0.0\nstatsd = 0.2"
    file.write_text(f"[weights]\n{given}\n[scores.driver-4]\n{scored}\n")
    making.report(folder, file, 1)
    appendix = (folder / "appendix.md").read_text(encoding="utf-8")
    told = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", appendix)
    assert "With the weights driver-1 25%, driver-2 50% and driver-4 25%, " in told
    assert "Of all possible weightings, first is " in told
    assert "The smallest change that alters the outcome moves " in told
    assert re.search(r"\| driver-2 \| [^|]* \| 50\.0% \| \d", appendix)
    assert "With the weights" in (folder / "report.html").read_text(encoding="utf-8")


def test_nothing_measured_is_no_outcome(run: Frames) -> None:
    bare = {name: run[name] for name in ("ledger", "truth")}
    with pytest.raises(NothingToWeigh):
        weighed(bare)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("weights.driver-9 = 1", "there is no driver 'driver-9'"),
        ("[weights]\ndriver-1 = -1", "weights.driver-1"),
        ("[scores.driver-3]\nglean = 2", "a score is from 0 to 1"),
        ("weights = ", "not TOML"),
        ("weights = " + "[" * 5000, "not TOML: nested more than 32 deep"),
        ("weights.driver-1 = inf", "weights.driver-1: .*less than or equal to 1000000"),
        ("[weights]\n" + "\n".join(f"driver-{n} = 0" for n in range(1, 6)), "all drivers weigh 0"),
    ],
)
def test_bad_weights_get_one_sentence(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "weights.toml"
    path.write_text(text)
    with pytest.raises(BadInput, match=told):
        load_weights(path)
    with pytest.raises(BadInput, match="cannot be read"):
        load_weights(tmp_path / "none.toml")


def test_a_change_of_a_table_changes_the_scores(
    make_run: Callable[..., Path], tables: dict[str, object], tmp_path: Path, run: Frames
) -> None:
    doctored = dict(run)
    effort = run["effort"].copy()
    effort.loc[effort["option"] == "glean", "lines"] = 1
    doctored["effort"] = effort
    before, after = scores(run, {}), scores(doctored, {})
    assert after["driver-1"]["A glean"] > before["driver-1"]["A glean"]
    assert not math.isnan(after["driver-1"].sum())
