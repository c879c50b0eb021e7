"""Sentences: what they say follows from the tables."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from dauexp.report import findings
from dauexp.report.claims import judged
from dauexp.report.frames import Frames, frames
from dauexp.report.scorecard import SHARED, scorecard


@pytest.fixture(scope="module")
def run(run_folder: Path) -> Frames:
    return frames(run_folder)


def only(run: Frames, **where: object) -> Frames:
    """The run with only those rows of its summary and truth that have some values."""
    cut = {}
    for name in ("accuracy_summary", "truth"):
        frame = run[name]
        for column, value in where.items():
            if column in frame:
                frame = frame[frame[column] == value]
        cut[name] = frame
    return {**run, **cut}


def test_the_answer_says_who_is_exact_and_how_far_off_the_others_are(run: Frames) -> None:
    assert findings.answer(run).startswith(
        "On identical traffic, A glean and B custom give DAU, WAU and MAU exactly; "
        "C statsd:counter misses DAU by up to 3.0 %, WAU by up to 3.0 % and MAU by up to 3.0 %; "
        "C statsd:set misses DAU by up to 400 % and cannot be asked for WAU and MAU; "
    )


def test_a_run_too_short_for_a_question_does_not_blame_the_contenders(run: Frames) -> None:
    told = findings.answer(only(run, question="dau"))
    assert "A glean and B custom give DAU exactly" in told
    assert "MAU" not in told
    assert "cannot be asked" not in told
    assert "worst error of MAU" not in scorecard(only(run, question="dau"))


def test_a_contender_without_any_answer_is_named(run: Frames) -> None:
    summary = run["accuracy_summary"]
    told = findings.answer({**run, "accuracy_summary": summary[summary["strategy"] != "set"]})
    assert "C statsd:set cannot be asked for DAU, WAU and MAU" in told


def test_the_scorecard_has_the_sums_of_the_tables(run: Frames) -> None:
    card = scorecard(run).set_index("contender")
    assert list(card.index) == [
        "A glean", "B custom", "C statsd:counter", "C statsd:set", "C statsd:field",
    ]  # fmt: skip
    assert card.loc["A glean", "bytes a request"] == pytest.approx(1000)
    assert card.loc["B custom", "CPU \N{MICRO SIGN}s a request"] == pytest.approx(20 + 20)
    assert card.loc["C statsd:set", "worst error of DAU"] == pytest.approx(4)
    rows = run["complexity"]
    rows = rows[(rows["language"] == "sql") & rows["question"].str.startswith("dau")]
    means = rows.groupby("contender")["difficulty"].mean()
    assert card[SHARED].to_dict() == pytest.approx(means[card.index].to_dict())
    assert card[SHARED]["A glean"] < card["mean query difficulty"]["A glean"]


def test_a_run_of_before_without_shared_questions_has_a_scorecard(run: Frames) -> None:
    old = {**run, "complexity": run["complexity"].drop(columns="shared")}
    assert SHARED not in scorecard(old)
    assert len(findings.outcome(old, [])) == len(findings.outcome(run, [])) - 1


def test_the_outcome_names_who_is_least_among_the_exact(run: Frames) -> None:
    told = findings.outcome(run, judged(run))
    assert told[0] == findings.answer(run)
    assert (
        "Of those that are exact, A glean has the least CPU time, in microseconds a request (30)."
        in told
    )
    assert any(line.startswith("Of the 35 claims of the decision record: ") for line in told)


def test_claims_are_counted_once(run: Frames) -> None:
    counts = findings.verdict_counts(judged(run))
    assert counts["claims"].sum() == 40
    assert counts["about"].iloc[0] == "for A"


def test_contenders_that_miss_the_same_are_told_together(run: Frames) -> None:
    summary, ledger = run["accuracy_summary"], run["ledger"]
    who = {"strategy": "sampled", "label": "statsd:sampled", "contender": "C statsd:sampled"}
    more = summary[summary["strategy"] == "set"].assign(worst_absolute_error=2.5, **who)
    seen = ledger[ledger["strategy"] == "set"].assign(**who)
    both = {"accuracy_summary": (summary, more), "ledger": (ledger, seen)}
    told = findings.answer({**run, **{name: pd.concat(parts) for name, parts in both.items()}})
    assert (
        "C statsd:set and C statsd:sampled miss DAU by up to 400 % and 250 %, and cannot be asked "
        "for WAU and MAU" in told
    )
