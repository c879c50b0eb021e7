"""What each contender gives and what it costs: one row a contender, one column a measure.

Each measure is a term of `dauexp.report.rules`, so that whoever doubts a number can find its rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

import pandas as pd

from dauexp.report.frames import Frames, contenders, main_questions, short
from dauexp.report.rules import NotMeasured, about, valued

SHARED: Final = "SQL difficulty of shared questions"
"""Of the questions alone that every contender can be asked: else one that can only be asked what is
easy looks simple."""


class Measure(NamedTuple):
    """A column of the scorecard."""

    name: str
    """With its unit."""
    term: str
    """Its value; `{who}` stands for the contender's rows."""

    def of(self, option: str, strategy: str) -> str:
        """The term of a contender."""
        return about(self.term, option, strategy)


_COSTS: Final = (
    Measure("bytes a request", "sum(cost.wire_bytes, {who}) / sum(cost.requests, {who})"),
    Measure(
        "CPU \N{MICRO SIGN}s a request",
        "1e6 * (sum(cost.emit_cpu_seconds, {who}) + sum(cost.collect_cpu_seconds, {who}))"
        " / sum(cost.requests, {who})",
    ),
    Measure("mean query difficulty", "mean(complexity.difficulty, {who})"),
    Measure(SHARED, "mean(complexity.difficulty, {who}, language='sql', shared=True)"),
    Measure("lines by hand to emit", "sum(effort.lines, {who}, part='emitter', written='hand')"),
)


def worst_error(question: str) -> Measure:
    """The largest absolute relative error of any day, of the best query where there are several."""
    rows = f"{{who}}, question={question!r}, segment='all'"
    name = f"worst error of {short(question)}"
    return Measure(name, f"min(accuracy_summary.worst_absolute_error, {rows})")


def measures(run: Frames) -> tuple[Measure, ...]:
    """The measures of which a run has the tables, errors first."""
    costs = [each for each in _COSTS if any(not math.isnan(v) for _, v in _values(run, each))]
    return (*map(worst_error, main_questions(run)), *costs)


def scorecard(run: Frames) -> pd.DataFrame:
    """One row a contender, in the column `contender` by name, and a column a measure of `measures`;
    NaN where a contender has none, as where it cannot be asked."""
    columns = {each.name: dict(_values(run, each)) for each in measures(run)}
    return (
        pd.DataFrame(columns, index=list(contenders(run)["contender"]))
        .rename_axis("contender")
        .reset_index()
    )


def worst_errors(run: Frames) -> dict[str, dict[str, float]]:
    """The largest absolute relative error of any day, by contender and question (of its best query,
    where it has several), for what each can be asked."""
    asked = {each: dict(_values(run, worst_error(each))) for each in main_questions(run)}
    return {
        who: {each: of[who] for each, of in asked.items() if not math.isnan(of[who])}
        for who in contenders(run)["contender"]
    }


def _values(run: Frames, measure: Measure) -> Iterator[tuple[str, float]]:
    """Each contender with its value; NaN where it was not measured."""
    for row in contenders(run).itertuples():
        try:
            yield str(row.contender), valued(measure.of(str(row.option), str(row.strategy)), run)
        except NotMeasured:
            yield str(row.contender), math.nan
