"""The tables of a report: rows of a run's tables, as they are shown and as they are sorted."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dauexp.questions import catalogue
from dauexp.report import findings
from dauexp.report.frames import Frames, contenders
from dauexp.report.plots.parts import percent
from dauexp.report.weighing import Outcome


@dataclass(frozen=True)
class Cell:
    """One cell of a table: as it is shown, and what it is sorted by."""

    text: str
    value: float | str | None = None


@dataclass(frozen=True)
class Table:
    """A table of the report, with where its numbers came from."""

    name: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    sources: tuple[str, ...]
    """The stored tables."""
    which: str
    """Which rows and columns of them, in words."""


def tables(run: Frames, outcome: Outcome | None) -> list[Table]:
    """The tables for which a run has the numbers, in the order of the report."""
    made = [_scorecard(run), _summary(run)]
    made += [_weighing(run, outcome)] if outcome else []
    made += [_complexity(run)] if "complexity" in run else []
    return made


def _scorecard(run: Frames) -> Table:
    card = findings.scorecard(run)
    forms: dict[str, Callable[[float], str]] = {}
    for column in card.columns[1:]:
        forms[column] = _error if column.startswith("worst error") else _number
    sources = ("accuracy_summary", "cost", "complexity", "effort")
    return Table(
        "scorecard",
        "What each contender gives, and what it costs",
        tuple(str(column) for column in card.columns),
        _rows(card, forms),
        tuple(name for name in sources if name in run),
        "by option and strategy, segment = all, the best query of each; sums over the days",
    )


def _weighing(run: Frames, outcome: Outcome) -> Table:
    shown = outcome.scores.assign(total=outcome.totals, first=outcome.first_share)
    shown = shown.sort_values("total", ascending=False, kind="stable")
    shown = shown.rename(columns={"first": "first in"}).reset_index()
    score, share = "{:.3f}".format, "{:.0%}".format
    forms: dict[str, Callable[[float], str]] = dict.fromkeys([*outcome.scores, "total"], score)
    sources = ("effort", "complexity", "accuracy_summary", "capability", "evolution")
    return Table(
        "weighing",
        "Scores by driver, from 0 to 1, their weighted total, and how often each comes first",
        tuple(str(column) for column in shown.columns),
        _rows(shown, {**forms, "first in": share}),
        tuple(name for name in sources if name in run),
        "criteria of data/drivers.toml; the share is of all possible weightings",
    )


def _summary(run: Frames) -> Table:
    rows = run["accuracy_summary"]
    shown = pd.DataFrame(
        {
            "contender": rows["contender"],
            "question": rows["question"],
            "segment": rows["segment"],
            "query": rows["query"],
            "days answered": rows["days_answered"],
            "mean error": rows["mean_relative_error"],
            "lowest error": rows["lowest_relative_error"],
            "highest error": rows["highest_relative_error"],
        }
    )
    order = {name: n for n, name in enumerate([*catalogue(), *contenders(run)["contender"]])}
    shown = shown.sort_values(
        ["question", "contender"], key=lambda column: column.map(order), kind="stable"
    )
    errors = ("mean error", "lowest error", "highest error")
    return Table(
        "errors",
        "Error of every query, over the days that it answered",
        tuple(shown.columns),
        _rows(shown, {**dict.fromkeys(errors, percent), "days answered": _number}),
        ("accuracy_summary",),
        "all rows",
    )


def _complexity(run: Frames) -> Table:
    rows = run["complexity"]
    columns = {
        "lines": "lines",
        "volume_bits": "volume (bits)",
        "difficulty": "difficulty",
        "constants": "constants",
        "nodes": "nodes",
        "depth": "depth",
        "joins": "joins",
        "subqueries": "subqueries",
        "aggregations": "aggregations",
    }
    shown = rows[["contender", "question", "query", *columns]].rename(columns=columns)
    return Table(
        "complexity",
        "Complexity of every query file",
        tuple(shown.columns),
        _rows(shown, dict.fromkeys(columns.values(), _number)),
        ("complexity",),
        "all rows",
    )


def _rows(
    frame: pd.DataFrame, forms: Mapping[str, Callable[[float], str]]
) -> tuple[tuple[Cell, ...], ...]:
    return tuple(
        tuple(_cell(value, forms.get(str(name))) for name, value in row.items())
        for row in frame.to_dict("records")
    )


def _cell(value: Any, form: Callable[[float], str] | None) -> Cell:
    if form is None:
        return Cell(str(value), str(value))
    return Cell(form(value), None if pd.isna(value) else float(value))


def _error(value: float) -> str:
    return "cannot be asked" if math.isnan(value) else percent(value).lstrip("+")


def _number(value: float) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 100 else f"{value:.1f}"
