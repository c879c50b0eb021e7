"""The folder of a schedule: a dated folder a run, `latest`, and what is removed."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from dauexp.stages import INPUTS
from dauexp.store import flush

LATEST = "latest"
SUMMARY: Final = "summary.json"
"""What became of a run, in its folder: written last."""

_DATED = re.compile(r"\d{8}T\d{6}Z")


def dated(top: Path) -> list[Path]:
    """The dated folders, oldest first. A link is none: what it leads to is not of this schedule."""
    return sorted(
        path
        for path in top.iterdir()
        if is_dated(path.name) and path.is_dir() and not path.is_symlink()
    )


def is_dated(name: str) -> bool:
    """Whether a folder has the name of a scheduled run."""
    return _DATED.fullmatch(name) is not None


def next_folder(top: Path, run: str, now: datetime | None = None) -> Path:
    """The folder for the next run: that of the last one if it was stopped before it had its
    summary, else one of `now`.

    `run` names scenario and traffic: only a run of the same goes on.
    """
    last = dated(top)[-1:]
    if last and not (last[0] / SUMMARY).exists() and _run_of(last[0]) == run:
        return last[0]
    return top / (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")


def link_latest(folder: Path) -> None:
    """Makes `latest`, beside a folder, point to it: at every moment it points to some run. It is on
    the disk afterwards."""
    beside = folder.with_name(f".{LATEST}")
    beside.unlink(missing_ok=True)
    beside.symlink_to(folder.name, target_is_directory=True)
    beside.replace(folder.with_name(LATEST))
    flush(folder.parent)


def prune(top: Path, keep: int) -> list[Path]:
    """Removes all dated folders but the newest `keep`, and says which."""
    old = dated(top)[:-keep]
    for folder in old:
        shutil.rmtree(folder)
    return old


def _run_of(folder: Path) -> str:
    path = folder / INPUTS
    return str(json.loads(path.read_text(encoding="utf-8"))["run"]) if path.is_file() else ""
