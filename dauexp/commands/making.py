"""Makes runs and their reports, and says what they found."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from dauexp.commands.printing import Bars, print_rows
from dauexp.errors import BadInput, DauexpError
from dauexp.options import contenders
from dauexp.report import make
from dauexp.report.frames import frames
from dauexp.report.weighing import WEIGHTS_FILE, load_weights, weighed
from dauexp.results import finished, result, scenario_of
from dauexp.run import run as run_scenario
from dauexp.scenario import Scenario, load
from dauexp.urls import is_url
from dauexp.urls import shown as shown_url

SUMMARISED = ("dau", "wau", "mau")


def run(
    scenario: str, changes: Sequence[str], runs: str, processes: int, scheduler: str | None
) -> None:
    """Runs a scenario and makes its report; prints where it is and what it found."""
    loaded = load(scenario, changes)
    if scheduler is not None:
        _run_on(scheduler, loaded, runs, processes)
        return
    if is_url(runs):
        raise BadInput(
            "--runs: a run goes to a URL with --scheduler, or with --schedule-dir in its place; "
            "give one of them, or a folder"
        )
    with Bars() as bars:
        folder = run_scenario(loaded, Path(runs), processes, bars)
        make(folder, processes, bars)
    _print_summary(folder, str(folder))


def _run_on(scheduler: str, scenario: Scenario, runs: str, processes: int) -> None:
    from dauexp.cluster import run_on

    with ExitStack() as stack:
        with Bars() as bars:
            folder = stack.enter_context(run_on(scheduler, scenario, runs, bars))
            make(folder, processes, bars)
        _print_summary(folder, f"{shown_url(runs)}/{folder.name}")


def init(folder: Path, name: str | None) -> None:
    """Writes a starter project; prints its files and the command that runs it."""
    from dauexp import starter

    for path in starter.write(folder, name):
        print(path)
    print(f"next: dauexp run {folder / 'scenario.toml'}")


def scheduled(
    scenario: str, changes: Sequence[str], top: str, keep: int, processes: int, *, as_json: bool
) -> int:
    """Makes the next run of a schedule, prints its summary and gives its exit code."""
    from dauexp.schedule import remote
    from dauexp.schedule import scheduled as make_scheduled

    loaded = load(scenario, changes)
    with Bars() as bars:
        if is_url(top):
            summary = remote.scheduled_at(loaded, top, keep, processes, bars)
        else:
            summary = make_scheduled(loaded, Path(top), keep, processes, bars)
    print(msgspec.json.encode(summary).decode() if as_json else summary.line)
    return summary.exit_code


def history(top: str, page: Path | None, *, as_json: bool) -> None:
    """Prints the history of a folder of runs, with what drifts; writes the page too."""
    from dauexp import history as past
    from dauexp.history.page import page as drawn
    from dauexp.history.table import contender_rows, measure_rows
    from dauexp.schedule import remote
    from dauexp.store import replacing

    entries = remote.entries(top) if is_url(top) else past.history(Path(top))
    rows = measure_rows(entries) if as_json else contender_rows(entries)
    print_rows(rows, as_json=as_json, width=160)
    if page is not None:
        with replacing(page) as beside:
            beside.write_text(drawn(entries), encoding="utf-8")


def sweep(
    source: str,
    changes: Sequence[str],
    runs: Path,
    processes: int,
    *,
    stores: bool,
    plan: bool,
    as_json: bool,
) -> None:
    """Runs a sweep and prints what it found, or only its points; an error where a point failed."""
    from dauexp.sweep import load_sweep, run_sweep
    from dauexp.sweep.summary import figures, heading, planned, told

    chosen, base = load_sweep(source, changes)
    if plan:
        print_rows(planned(chosen, base), as_json=as_json)
        return
    with Bars() as bars:
        folder = run_sweep(chosen, base, runs, processes, stores=stores, progress=bars)
    if as_json:
        print_rows(figures(folder), as_json=True)
    else:
        print(heading(folder))
        print_rows(told(folder), as_json=False, width=160)
        print(f"sweep   {folder}")
    failed = [row for row in result(folder, "points").to_pylist() if row["failed"]]
    if failed:
        raise DauexpError(
            f"{len(failed)} of {result(folder, 'points').num_rows} points failed, the first: "
            f"{failed[0]['failed']} (run `dauexp show {folder} points` for all; the sweep tries "
            "them again when it is run again)"
        )


def report(folder: Path, weights: Path | None, processes: int) -> None:
    """Makes the report of a finished run anew; a file of weights is checked, then kept in it."""
    finished(folder)
    if weights is not None:
        weighed(frames(folder), load_weights(weights))
        shutil.copyfile(weights, folder / WEIGHTS_FILE)
    with Bars() as bars:
        make(folder, processes, bars, anew=True)
    print(folder / "report.html")


def _print_summary(folder: Path, shown: str) -> None:
    """What a run found: the mean and the worst error of each contender's answers. `shown` is where
    it is kept."""
    summary = [row for row in result(folder, "accuracy_summary").to_pylist() if not row["variant"]]
    errors = {
        (row["option"], row["strategy"], row["question"]): row
        for row in summary
        if row["segment"] == "all"
    }
    table = Table("", *map(str.upper, SUMMARISED))
    for contender in contenders(scenario_of(folder).strategies):
        key = (contender.option.id, contender.strategy.name)
        cells = [_error(errors.get((*key, question))) for question in SUMMARISED]
        table.add_row(f"{contender.option.letter}  {contender.label}", *cells)
    print("Mean error against the exact truth, and the worst day's:")
    Console(width=None if sys.stdout.isatty() else 100).print(table)
    print(f"run     {shown}\npage    {shown}/report.html\nrecord  {shown}/appendix.md")


def _error(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return "cannot be asked"
    if row["mean_relative_error"] is None:
        return "no answer"
    return f"{row['mean_relative_error']:+.2%}  (worst {row['worst_absolute_error']:.2%})"
