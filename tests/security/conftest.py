"""What is hostile: a trace whose texts would do harm wherever they were taken for anything else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from dauexp.scenario import Scenario, load

HOSTILE = (
    "../../../../outside",
    "/outside",
    "<script>document.title='outside'</script>",
    "<img src=x onerror=\"document.title='outside'\">",
    '=HYPERLINK("http://outside")',
    "[/red]\x1b]0;outside\x07",
    "'; DROP TABLE live; --",
    "a,b=c d",
)
"""Texts for a path, a page, a spreadsheet, a terminal, a database, a line of line protocol."""


def trace_of(path: Path, texts: Sequence[str] = HOSTILE, days: int = 3) -> Path:
    """A trace in which each text is a user, a device, a user agent and a host."""
    first = datetime(2026, 1, 5, 12, tzinfo=UTC)
    rows = [
        {
            "time": (first + timedelta(days=day, seconds=n)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "uid": text,
            "device_id": text,
            "user_agent": text,
            "host": text,
        }
        for day in range(days)
        for n, text in enumerate(texts)
    ]
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scenario:
    """A scenario of a hostile trace."""
    monkeypatch.setenv("DAUEXP_SECRET", "a secret for tests")
    trace = trace_of(tmp_path / "trace.ndjson")
    changes = (f'traffic.trace="{trace}"', "experiments.run=[]", "report.notebooks=[]")
    return load("quick", changes)
