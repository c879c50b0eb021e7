"""How queries grow on a real InfluxDB, which is asked in its own languages."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dauexp.growth import growth
from dauexp.results import result
from tests.differential.conftest import Servers

pytestmark = pytest.mark.heavy


def test_a_real_server_is_timed_in_its_own_languages(
    servers: Servers, small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It tells nothing of rows, bytes and memory."""
    folder = tmp_path / "small"
    folder.mkdir()
    for name in ("scenario.toml", "manifest.json"):
        shutil.copy(small_run / name, folder)
    changes = {"strategies": ("statsd:field",), "influxdb.backend": "server"}
    with servers("influxdb") as addresses:
        monkeypatch.setenv("DAUEXP_INFLUXDB_URL", addresses["influxdb"].url)
        growth(folder, {"users": (20, 40)}, ["dau", "mau"], changes, repeats=2, processes=1)
    rows = result(folder, "growth").to_pylist()
    assert {(row["question"], row["language"]) for row in rows if row["question"]} == {
        (question, language) for question in ("dau", "mau") for language in ("flux", "influxql")
    }
    assert {row["measure"] for row in rows if row["question"]} == {"time_seconds"}
