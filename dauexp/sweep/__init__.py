"""A sweep: many runs over settings and replicates, and what they say together.

Below the folder of runs: `sweeps/points/` has a light run for each point (see `point`), shared by
sweeps that grow; `sweeps/NAME-DIGEST/` has the sweep's own `results/` (tables that repeat byte for
byte), `timings/`, checksums and, last, `manifest.json`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path

from dauexp import manifest
from dauexp.audit import write_checksums
from dauexp.errors import DauexpError
from dauexp.locking import alone
from dauexp.pool import Pool
from dauexp.results import REPEATABLE, TIMED
from dauexp.run import Progress, silent
from dauexp.scenario import Scenario
from dauexp.store import replacing, write_table
from dauexp.sweep.plan import Point, Sweep, load_sweep, points, presets
from dauexp.sweep.point import Outcome, clear, make, ready
from dauexp.sweep.tables import collected, measured, timed

__all__ = ["Sweep", "load_sweep", "points", "presets", "run_sweep"]


def run_sweep(
    sweep: Sweep,
    base: Scenario,
    runs: Path,
    processes: int = 2,
    *,
    stores: bool = False,
    progress: Progress = silent,
) -> Path:
    """Runs all points of a sweep that were not run yet, and gives the sweep's folder.

    A point that fails is told in the table `points`, and tried again when the sweep is. `stores`
    keeps what each strategy stored. Raises BadInput where a setting is no scenario, or another
    process is at a sweep in this folder of runs.
    """
    planned = points(sweep, base)
    top = runs / "sweeps"
    kept = top / "points"
    kept.mkdir(parents=True, exist_ok=True)
    other = f"{top}: another process is at a sweep there; wait for it, or give other --runs"
    with alone(top / ".lock", other):
        clear(kept)
        started = manifest.now()
        failed = _made(planned, kept, processes, stores=stores, progress=progress)
        folder = top / f"{sweep.name}-{digest(planned)[:12]}"
        tables = collected(planned, failed, kept)
        tables |= measured(tables, sampled=sweep.sample is not None)
        for name, table in tables.items():
            write_table(folder / REPEATABLE / f"{name}.parquet", table)
        for name, table in timed(planned, failed, kept).items():
            write_table(folder / TIMED / f"{name}.parquet", table)
        with replacing(folder / "scenario.toml") as beside:
            beside.write_text(base.to_toml(), encoding="utf-8")
        write_checksums(folder)
        _write_manifest(folder, sweep, base, started, processes, len(planned), len(failed))
    return folder


def digest(planned: Sequence[Point]) -> str:
    """SHA-256 of all points, in hex: equal sweeps have equal digests."""
    lines = [f"{each.setting.label} {each.scenario.digest}\n" for each in planned]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _made(
    planned: Sequence[Point], kept: Path, processes: int, *, stores: bool, progress: Progress
) -> dict[int, str]:
    """Runs the points that are missing; gives why those failed that did, by their position."""
    missing = [n for n, each in enumerate(planned) if not ready(each.scenario, kept, stores=stores)]
    scenarios = [planned[n].scenario for n in missing]
    outcomes = each_point(partial(make, kept, stores=stores), scenarios, processes, progress)
    return {n: each.failed for n, each in zip(missing, outcomes, strict=True) if each.failed}


def each_point(
    task: Callable[[Scenario], Outcome],
    scenarios: Sequence[Scenario],
    processes: int,
    progress: Progress,
) -> list[Outcome]:
    """The map over points, in the order given: here by processes of this machine. Whatever else
    maps a function that pickles over scenarios can stand in its place."""
    try:
        with Pool(min(processes, max(len(scenarios), 1))) as pool:
            return pool.each("points", task, scenarios, progress)
    except BrokenProcessPool as error:
        raise DauexpError(
            "a process of the sweep was ended from outside, perhaps for want of memory: start the "
            "sweep again, it goes on; fewer --processes need less memory"
        ) from error


def _write_manifest(
    folder: Path,
    sweep: Sweep,
    base: Scenario,
    started: str,
    processes: int,
    count: int,
    failed: int,
) -> None:
    content = {
        **manifest.code(),
        "sweep": sweep.model_dump(mode="json"),
        "scenario_digest": base.digest,
        "started": started,
        "finished": manifest.now(),
        "processes": processes,
        "points": count,
        "failed": failed,
        "results": {
            path.stem: manifest.digest(path)
            for path in sorted((folder / REPEATABLE).glob("*.parquet"))
        },
    }
    with replacing(manifest.path(folder)) as beside:
        beside.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
