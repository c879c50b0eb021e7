"""What a report says, as data: the appendix and the page are two forms of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dauexp import results
from dauexp.faults import Fault, Faults
from dauexp.options import options
from dauexp.report import findings, suppression
from dauexp.report.claims import Claims, Judged, claims, judged
from dauexp.report.figures import EXPERIMENTS, Figure, figures
from dauexp.report.frames import Frames, contenders, frames, title, whole_frames
from dauexp.report.table import Table, key
from dauexp.report.tables import tables
from dauexp.report.weighing import (
    ALIKE,
    WEIGHTS_FILE,
    NothingToWeigh,
    Outcome,
    load_weights,
    weighed,
)
from dauexp.report.words import Said, listed
from dauexp.scenario import Scenario


@dataclass(frozen=True)
class Content:
    """All that a report says."""

    scenario: Scenario
    manifest: Mapping[str, Any]
    record: Claims
    answer: Said
    outcome: Sequence[Said]
    weighing: Sequence[Said]
    """Empty where the run measured nothing that could be weighed."""
    traffic: Sequence[Said]
    contenders: Sequence[Mapping[str, str]]
    faults: Sequence[str]
    reasons: Sequence[Mapping[str, str]]
    left_out: str
    """Which segments are too small to be shown; empty where none is."""
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
    small = suppression.told(whole_frames(folder), scenario.report.min_segment)
    evidence = judged(run)
    outcome = _weighed(folder, run)
    return Content(
        scenario=scenario,
        manifest=results.finished(folder),
        record=claims(),
        answer=findings.answer(run),
        outcome=findings.outcome(run, evidence),
        weighing=findings.weighing(outcome) if outcome else [],
        traffic=findings.traffic(run),
        contenders=_contenders(run),
        faults=_faults(scenario.faults),
        reasons=_reasons(run),
        left_out=small,
        claims=evidence,
        tables={table.name: table for table in tables(run, outcome)},
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
        found = key({"option": row["option"], "strategy": row["strategy"]})
        rows.append(
            {"contender": row["contender"], "option": option, "summary": summary, "rows": found}
        )
    return rows


def _reasons(run: Frames) -> list[dict[str, str]]:
    """Why a contender cannot be asked some questions; those of one reason together."""
    if "capability" not in run:
        return []
    rows = run["capability"]
    cannot = rows[~rows["possible"]].groupby(["contender", "reason"], sort=False)["question"]
    return [
        {"contender": str(who), "questions": listed(map(title, asked.unique())), "reason": str(why)}
        for (who, why), asked in cannot
    ]


def _weighed(folder: Path, run: Frames) -> Outcome | None:
    file = folder / WEIGHTS_FILE
    weights = load_weights(file) if file.is_file() else ALIKE
    try:
        return weighed(run, weights)
    except NothingToWeigh:
        return None
