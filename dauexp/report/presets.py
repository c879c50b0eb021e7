"""Runs of presets for notebooks that are given no run: made once, kept in the user's cache."""

from __future__ import annotations

import fcntl
import hashlib
from functools import cache
from pathlib import Path

import dauexp
from dauexp import results
from dauexp import run as runs
from dauexp.cache import cache_folder
from dauexp.errors import BadInput
from dauexp.resources import resource
from dauexp.scenario import load


def run_of(run: str, preset: str) -> Path:
    """See `dauexp.report.notebook_run`."""
    if run:
        folder = Path(run)
        results.finished(folder)
        return folder
    kept = cache_folder("runs", _code_digest())
    try:
        kept.mkdir(parents=True, exist_ok=True)
        with (kept / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # notebooks that start together share one run
            return runs.run(load(preset), kept, processes=1)
    except OSError as error:
        raise BadInput(
            f"{kept}: a run cannot be kept there ({error.strerror}): set XDG_CACHE_HOME to a "
            "folder that can be written"
        ) from error


@cache
def _code_digest() -> str:
    """A digest of the package's own files: runs of presets are kept for this very state of it."""
    whole = hashlib.sha256()
    for top in (Path(dauexp.__file__).parent, resource("data")):
        for path in sorted(top.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                whole.update(f"{path.relative_to(top)}\n".encode())
                whole.update(path.read_bytes())
    return whole.hexdigest()[:16]
