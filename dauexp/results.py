"""What a finished run left: its manifest, its scenario, its tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dauexp import manifest
from dauexp.errors import BadInput
from dauexp.scenario import Scenario, load

LEDGER_FILE = "ledger.parquet"
REPEATABLE = "results"
"""The folder of tables that repeat byte for byte for the same scenario."""
TIMED = "timings"
"""The folder of tables that cannot repeat, since they hold times."""


def finished(folder: Path) -> dict[str, Any]:
    """The manifest of a finished run. Raises BadInput where the folder is no finished run."""
    if not folder.is_dir():
        raise BadInput(f"{folder}: no such folder; give the folder of a run")
    if not manifest.path(folder).is_file():
        raise BadInput(
            f"{folder}: not a finished run (no manifest.json); run its scenario again, it goes on "
            "where it stopped"
        )
    return manifest.read(folder)


def scenario_of(folder: Path) -> Scenario:
    """The scenario of a run."""
    return load(folder / "scenario.toml")


def result(folder: Path, name: str) -> pa.Table:
    """A stored table of a finished run, by its name (`accuracy`, `ledger`, ...).

    Raises BadInput where the folder is no finished run, has no such table, or its file is broken.
    """
    finished(folder)
    files = _files(folder)
    if name not in files:
        raise BadInput(f"{folder}: no table {name!r}; there are {', '.join(sorted(files))}")
    try:
        return pq.read_table(files[name])
    except pa.ArrowInvalid as error:
        raise BadInput(f"{files[name]}: not a whole Parquet file; run the scenario anew") from error


def tables(folder: Path) -> list[str]:
    """The names of the stored tables of a run."""
    return sorted(_files(folder))


def _files(folder: Path) -> dict[str, Path]:
    patterns = (LEDGER_FILE, f"{REPEATABLE}/*.parquet", f"{TIMED}/*.parquet")
    return {path.stem: path for pattern in patterns for path in folder.glob(pattern)}
