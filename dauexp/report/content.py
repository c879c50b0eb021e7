"""What a report says, as data: the appendix and the page are two forms of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from dauexp import results
from dauexp.faults import Fault, Faults
from dauexp.options import options
from dauexp.questions import catalogue
from dauexp.report import findings
from dauexp.report.claims import Claims, Evidence, Judged, claims, judged
from dauexp.report.figures import EXPERIMENTS, Figure, figures
from dauexp.report.frames import Frames, contenders, frames, title
from dauexp.report.plots.parts import percent
from dauexp.scenario import Scenario


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


@dataclass(frozen=True)
class Content:
    """All that a report says."""

    scenario: Scenario
    manifest: Mapping[str, Any]
    record: Claims
    answer: str
    outcome: Sequence[str]
    traffic: Sequence[str]
    contenders: Sequence[Mapping[str, str]]
    faults: Sequence[str]
    reasons: Sequence[Mapping[str, str]]
    claims: Sequence[Judged]
    tables: Mapping[str, Table]
    figures: Sequence[Figure]
    files: Mapping[str, str]
    """Where each stored table is, below the run's folder."""
    notebooks: Sequence[str]

    @property
    def experiments(self) -> dict[str, str]:
        """The sections of the experiments that have figures, each with its heading."""
        return {key: told for key, told in EXPERIMENTS.items() if self.figures_of(key)}

    def figures_of(self, section: str) -> list[Figure]:
        """The figures of a section."""
        return [figure for figure in self.figures if figure.section == section]


def content(folder: Path) -> Content:
    """The content of the report of a finished run. Raises BadInput where it is none."""
    run = frames(folder)
    scenario = results.scenario_of(folder)
    evidence = judged(run)
    return Content(
        scenario=scenario,
        manifest=results.finished(folder),
        record=claims(),
        answer=findings.answer(run),
        outcome=findings.outcome(run, evidence),
        traffic=findings.traffic(run),
        contenders=_contenders(run),
        faults=_faults(scenario.faults),
        reasons=_reasons(run),
        claims=evidence,
        tables={table.name: table for table in _tables(run)},
        figures=figures(run, evidence),
        files=_files(folder),
        notebooks=scenario.report.notebooks,
    )


def _faults(faults: Faults) -> list[str]:
    """The faults of a scenario that are not as by default, each with its parameters."""
    changed = {
        name: fault for name, fault in faults if fault != type(faults).model_fields[name].default
    }
    return [f"{name} ({_parameters(fault)})" for name, fault in changed.items()]


def _parameters(fault: Fault) -> str:
    return ", ".join(f"{key} = {value}" for key, value in fault if value not in ((), None))


def _files(folder: Path) -> dict[str, str]:
    return {
        path.stem: path.relative_to(folder).as_posix()
        for path in [
            *folder.glob("*.parquet"),
            *folder.glob("results/*.parquet"),
            *folder.glob("timings/*.parquet"),
        ]
    }


def _contenders(run: Frames) -> list[dict[str, str]]:
    known = {
        (option.id, strategy.name): (option.title, strategy.summary)
        for option in options().values()
        for strategy in option.strategies
    }
    rows = []
    for row in contenders(run).to_dict("records"):
        option, summary = known.get((row["option"], row["strategy"]), (row["option"], ""))
        rows.append({"contender": row["contender"], "option": option, "summary": summary})
    return rows


def _reasons(run: Frames) -> list[dict[str, str]]:
    """Why a contender cannot be asked a question."""
    if "capability" not in run:
        return []
    rows = run["capability"]
    return [
        {"contender": row["contender"], "question": title(row["question"]), "reason": row["reason"]}
        for row in rows[~rows["possible"]].to_dict("records")
    ]


def _tables(run: Frames) -> list[Table]:
    made = [_scorecard(run), _summary(run)]
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


def shown(evidence: Evidence) -> str:
    """What was measured and what the claim needs: `20 lines, needs > 71: does not hold`."""
    comparison, unit = evidence.comparison, evidence.test.unit
    if comparison is None:
        return f"not measured: {evidence.missing}"
    left, right = _side(comparison.left, unit), _side(comparison.right, unit)
    named = f"{left} {unit}" if unit not in {"", "%"} else left
    holds = "holds" if comparison.holds else "does not hold"
    return f"{named}, needs {comparison.sign} {right}: {holds}"


def _side(value: float, unit: str) -> str:
    if unit == "%":
        return f"{100 * value:.4g} %"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.3g}"
