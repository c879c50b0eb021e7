"""How queries grow on a real InfluxDB, which is asked in its own languages."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dauexp.growth import growth
from dauexp.results import result
from tests.differential.conftest import Servers

pytestmark = pytest.mark.heavy


def test_a_real_server_is_measured_in_its_own_languages(
    servers: Servers, small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time and memory in both, bytes in InfluxQL alone, which grow with the users; no rows."""
    folder = tmp_path / "small"
    folder.mkdir()
    for name in ("scenario.toml", "manifest.json"):
        shutil.copy(small_run / name, folder)
    changes = {"strategies": ("statsd:field",), "influxdb.backend": "server"}
    with servers("influxdb") as addresses:
        monkeypatch.setenv("DAUEXP_INFLUXDB_URL", addresses["influxdb"].url)
        growth(folder, {"users": (20, 400)}, ["dau", "mau"], changes, repeats=2, processes=1)
    rows = result(folder, "growth").to_pylist()
    measured: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        if row["question"]:
            measured.setdefault((row["question"], row["language"]), set()).add(row["measure"])
    assert measured == {
        (question, language): {"time_seconds", "memory_bytes", *more}
        for question in ("dau", "mau")
        for language, more in (("flux", ()), ("influxql", ("bytes_read",)))
    }
    size = {
        (row["question"], row["level"]): row["median"]
        for row in rows
        if row["measure"] == "bytes_read"
    }
    for question in ("dau", "mau"):
        assert 5 * size[question, 20] < size[question, 400]
    for level in (20, 400):  # mau asks each window of 28 days anew
        assert size["dau", level] < size["mau", level]
