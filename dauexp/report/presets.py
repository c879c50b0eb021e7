"""What notebooks show when they are given no run: made once, kept in the user's cache."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pandas as pd
import pyarrow as pa

import dauexp
from dauexp import experiments, results
from dauexp import growth as growing
from dauexp import run as runs
from dauexp.cache import cache_folder
from dauexp.errors import BadInput
from dauexp.experiments import Case
from dauexp.growth import lastseen
from dauexp.locking import locked
from dauexp.measures.growth import fits
from dauexp.report.frames import USERS, frame, named
from dauexp.resources import resource
from dauexp.scenario import Scenario, changed, load
from dauexp.store import read_table, write_table
from dauexp.sweep import load_sweep, run_sweep

GLIMPSE = "glimpse"
"""The sweep of a notebook that is given none: one fault, few users and replicates."""


def run_of(run: str, preset: str) -> Path:
    """See `dauexp.report.notebook_run`."""
    if run:
        return _given(run)
    with _kept("runs") as kept:
        return runs.run(load(preset), kept, processes=1)


def sweep_of(sweep: str) -> Path:
    """See `dauexp.report.notebook_sweep`."""
    if sweep:
        return _given(sweep)
    with _kept("sweeps") as kept:
        return run_sweep(*load_sweep(GLIMPSE), kept, processes=1)


def experiment_of(
    folder: Path, experiment: str, users: int, cases: Sequence[str]
) -> dict[str, pd.DataFrame]:
    """See `dauexp.report.notebook_experiment`."""
    names = experiments.experiments()[experiment].tables
    if set(names) <= set(results.tables(folder)):
        return {name: frame(folder, name) for name in names}
    scenario = changed(
        results.scenario_of(folder),
        {"experiments.run": (experiment,), "experiments.users": users},
    )
    known = {case.case: case for case in experiments.chosen(scenario)}
    for case in cases:
        if case not in known:
            raise BadInput(f"{experiment}: no case {case!r}; there are {', '.join(known)}")
    tried = [known[case] for case in cases or known]
    with _kept("experiments") as kept:
        observed = [_observed(scenario, case, kept) for case in tried]
    return {name: named(table) for name, table in experiments.together(tried, observed).items()}


def days_seen_of(folder: Path) -> pd.DataFrame:
    """See `dauexp.report.notebook_days_seen`."""
    if lastseen.FILE in results.tables(folder):
        return frame(folder, lastseen.FILE)
    scenario = results.scenario_of(folder)
    with _kept("days_seen") as kept:
        file = kept / f"{scenario.digest[:24]}.parquet"
        if not file.is_file():
            _, costs = lastseen.compared(_with_store(folder, scenario, kept), repeats=3)
            write_table(file, costs)
        return named(read_table(file))


def _with_store(folder: Path, scenario: Scenario, kept: Path) -> Path:
    """The run, or one of the same traffic where its stores were not kept."""
    if (folder / "store").is_dir():
        return folder
    alone = {"strategies": ("glean",), "experiments.run": (), "report.notebooks": ()}
    return runs.run(changed(scenario, alone), kept, processes=1)


def growth_of(folder: Path, users: Sequence[int], shown: Sequence[str]) -> dict[str, pd.DataFrame]:
    """See `dauexp.report.notebook_growth`."""
    if set(growing.FILES) <= set(results.tables(folder)):
        return {name: frame(folder, name) for name in growing.FILES}
    base = changed(results.scenario_of(folder), {"strategies": tuple(shown)})
    with _kept("growth") as kept:
        key = hashlib.sha256(f"{base.digest} {list(users)}".encode()).hexdigest()[:24]
        file = kept / f"{key}.parquet"
        if not file.is_file():
            settings = {"users": users}
            write_table(file, growing.measured(base, kept, settings, USERS, 3, processes=1))
        table = read_table(file)
    return {"growth": named(table), "growth_fit": named(fits(table))}


def _observed(scenario: Scenario, case: Case, kept: Path) -> dict[str, pa.Table]:
    """The tables of a case, as they are kept, or else tried now."""
    key = f"{scenario.digest} {case.experiment} {case.case}"
    folder = kept / hashlib.sha256(key.encode()).hexdigest()[:24]
    if not folder.is_dir():
        beside = folder.with_suffix(".part")
        for name, table in experiments.observe(scenario, case).items():
            write_table(beside / f"{name}.parquet", table)
        beside.rename(folder)
    return {path.stem: read_table(path) for path in sorted(folder.glob("*.parquet"))}


def _given(folder: str) -> Path:
    results.finished(Path(folder))
    return Path(folder)


@contextmanager
def _kept(what: str) -> Iterator[Path]:
    """The folder where something is kept, held by this process: notebooks that start together
    share what is made."""
    kept = cache_folder(what, _code_digest())
    try:
        kept.mkdir(parents=True, exist_ok=True)
        with locked(kept / ".lock"):
            yield kept
    except OSError as error:
        raise BadInput(
            f"{kept}: a run cannot be kept there ({error.strerror}): set XDG_CACHE_HOME to a "
            "folder that can be written"
        ) from error


@cache
def _code_digest() -> str:
    """A digest of the package's own files: what is kept is of this very state of it."""
    whole = hashlib.sha256()
    for top in (Path(dauexp.__file__).parent, resource("data")):
        for path in sorted(top.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                whole.update(f"{path.relative_to(top)}\n".encode())
                whole.update(path.read_bytes())
    return whole.hexdigest()[:16]
