"""The manifest of a run: what made it. It is written last, and marks the run as finished."""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dauexp import __version__
from dauexp.scenario import Scenario
from dauexp.store import replacing

PACKAGES = (
    "numpy",
    "pyarrow",
    "duckdb",
    "pandas",
    "glean_parser",
    "statsd",
    "influxdb-client",
    "sqlglot",
    "woothee",
    "papermill",
)


def path(folder: Path) -> Path:
    """Where the manifest of a run is."""
    return folder / "manifest.json"


def now() -> str:
    """The time of the wall clock, RFC 3339 in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def write(
    folder: Path, scenario: Scenario, *, started: str, processes: int, digests: Mapping[str, str]
) -> None:
    """Writes the manifest: from now on the run is finished."""
    content = {
        **code(),
        "scenario": scenario.name,
        "scenario_digest": scenario.digest,
        "seed": scenario.seed,
        "started": started,
        "finished": now(),
        "processes": processes,
        "host": {
            "system": platform.platform(),
            "machine": platform.machine(),
            "python": platform.python_version(),
        },
        "packages": {name: version(name) for name in PACKAGES},
        "requests_digest": dict(digests),
        "results": {
            each.stem: digest(each) for each in sorted((folder / "results").glob("*.parquet"))
        },
    }
    with replacing(path(folder)) as beside:
        beside.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def code() -> dict[str, str | None]:
    """The version of the code, and the commit of the checkout that it is in."""
    return {"dauexp": __version__, "git_commit": _git_commit()}


def read(folder: Path) -> dict[str, Any]:
    """The content of the manifest."""
    content: dict[str, Any] = json.loads(path(folder).read_text(encoding="utf-8"))
    return content


def digest(file: Path) -> str:
    """SHA-256 of a file, in hex."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def combined_digests(units: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """One digest a contender, from those of the units in their order."""
    whole: dict[str, Any] = {}
    for unit in units:
        for label, value in unit.items():
            whole.setdefault(label, hashlib.blake2b(digest_size=16)).update(bytes.fromhex(value))
    return {label: combined.hexdigest() for label, combined in whole.items()}


@cache
def _git_commit() -> str | None:
    """The commit of the checkout that the package is in, if it is in one."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
