"""One point of a sweep: a run in one process, of which only the results are kept.

The stores of some hundred runs would fill a disk, so a point is run in a folder of its own that is
not flushed to disk; what is kept of it is moved, whole or not at all, to the folder that an
ordinary run would have. That folder is then an ordinary run, without `store/` and `work/`.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pyarrow as pa

from dauexp import manifest
from dauexp.audit import write_checksums
from dauexp.errors import DauexpError
from dauexp.results import TIMED
from dauexp.run import folder_of, run
from dauexp.scenario import Scenario
from dauexp.store import flush, scratch, write_table

DROPPED = ("store", "work")
BESIDE = ".making-"
"""How the names of folders begin in which points are run; what a crash leaves of them is removed
by the next sweep."""


class Outcome(NamedTuple):
    """What became of a point."""

    failed: str = ""
    """Why it failed, in a sentence; empty where it did not."""


def ready(scenario: Scenario, points: Path, *, stores: bool) -> bool:
    """Whether a point was run already, by this version of the code, and has what is asked for."""
    folder = folder_of(scenario, points)
    if not manifest.path(folder).is_file():
        return False
    made = manifest.read(folder)
    current = manifest.code()
    return {key: made.get(key) for key in current} == current and (
        not stores or (folder / "store").is_dir()
    )


def make(points: Path, scenario: Scenario, *, stores: bool = False) -> Outcome:
    """Runs a point below the folder `points`. An error is its outcome, and raises nothing: one bad
    point should not end the others."""
    try:
        _remove(folder_of(scenario, points))
        with TemporaryDirectory(prefix=BESIDE, dir=points) as beside:
            _publish(_run(scenario, Path(beside), stores=stores), points)
    except DauexpError as error:
        return Outcome(str(error))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told, and the sweep goes on
        return Outcome(f"{type(error).__name__}: {' '.join(str(error).split())}")
    return Outcome()


def clear(points: Path) -> None:
    """Removes what a crash left of points that were being run."""
    for left in points.glob(f"{BESIDE}*"):
        shutil.rmtree(left)


def _run(scenario: Scenario, beside: Path, *, stores: bool) -> Path:
    started, cpu = time.perf_counter(), time.process_time()
    with scratch():
        folder = run(scenario, beside, processes=1)
        spent = {
            "seconds": [time.perf_counter() - started],
            "cpu_seconds": [time.process_time() - cpu],
        }
        for name in () if stores else DROPPED:
            shutil.rmtree(folder / name)
        write_table(folder / TIMED / "run.parquet", pa.table(spent))
        write_checksums(folder)
    return folder


def _publish(folder: Path, points: Path) -> None:
    """Moves a run to its place once all of it is on the disk."""
    for path in sorted(folder.rglob("*")):
        flush(path)
    folder.replace(points / folder.name)
    flush(points)


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
