"""The folder of a schedule: a dated folder a run, `latest`, and what is removed."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from dauexp.stages import INPUTS
from dauexp.store import flush

LATEST = "latest"
SUMMARY: Final = "summary.json"
"""What became of a run, in its folder: written last."""

_DATED = re.compile(r"\d{8}T\d{6}Z")
_MOMENT = "%Y%m%dT%H%M%SZ"


def dated(top: Path) -> list[Path]:
    """The dated folders, oldest first. A link is none: what it leads to is not of this schedule."""
    return sorted(
        path
        for path in top.iterdir()
        if is_dated(path.name) and path.is_dir() and not path.is_symlink()
    )


def is_dated(name: str) -> bool:
    """Whether a folder has the name of a scheduled run."""
    return _moment(name) is not None


def _moment(name: str) -> datetime | None:
    try:
        moment = datetime.strptime(name, _MOMENT).replace(tzinfo=UTC)
    except ValueError:
        return None
    return moment if _DATED.fullmatch(name) else None


def next_folder(top: Path, run: str, made: Iterable[str] = (), now: datetime | None = None) -> Path:
    """The folder for the next run: that of the last one if it was stopped before it had its
    summary, else one of `now`.

    `run` names scenario and traffic: only a run of the same goes on. A new folder is at least a
    second later than all that are there or were `made` before, also where two runs start in one
    second or the clock was set back: its name is its place in the order.
    """
    folders = dated(top)
    last = folders[-1] if folders else None
    if last and not (last / SUMMARY).exists() and _run_of(last) == run:
        return last
    moments = map(_moment, [*made, *(folder.name for folder in folders)])
    after = [moment + timedelta(seconds=1) for moment in moments if moment]
    return top / max([now or datetime.now(UTC), *after]).strftime(_MOMENT)


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
