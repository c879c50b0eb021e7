"""How a scheduled run can end badly: each by its real cause, through the real command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TINY = (
    "traffic.users=30",
    "traffic.days=2",
    "experiments.run=[]",
    "report.notebooks=[]",
)
CUSTOM = ("strategies=['custom']",)

PLUGIN = """
from dauexp.options import Option
from dauexp.options.custom import CustomEvents

LOST = {lost}


class Leaky(CustomEvents):
    name = "events"
    summary = "loses the first events of each batch, and tells no one"

    def collect(self, messages):
        return super().collect(batch.slice(LOST) for batch in messages)


OPTION = Option(id="leaky", letter="E", title="Leaky", strategies=[Leaky])
"""


def dauexp(
    *words: str, path: Path | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs the command line, with the modules in the folder `path` beside those installed."""
    more = {} if path is None else {"PYTHONPATH": str(path)}
    return subprocess.run(
        [sys.executable, "-m", "dauexp", *words],
        env={**os.environ, "COLUMNS": "200", **more},
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def words(top: Path, *changes: str) -> list[str]:
    """The words of a scheduled run."""
    settings = [word for change in (*TINY, *changes) for word in ("--set", change)]
    return ["run", "quick", *settings, "--schedule-dir", str(top), "-j", "1"]


def plugin(folder: Path, lost: int) -> Path:
    """A plug-in as pip would have installed it, which loses some events."""
    about = folder / "leaky-1.0.dist-info"
    about.mkdir(parents=True, exist_ok=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: leaky\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[dauexp.options]\nleaky = leaky:OPTION\n")
    (folder / "leaky.py").write_text(PLUGIN.format(lost=lost))
    return folder


def repeatable(folder: Path) -> dict[str, bytes]:
    files = [*folder.glob("results/*.parquet"), folder / "ledger.parquet", folder / "scenario.toml"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def dated(top: Path) -> list[Path]:
    return sorted(top.glob("2*Z"))


def told(folder: Path) -> dict[str, object]:
    summary: dict[str, object] = json.loads((folder / "summary.json").read_text())
    return summary


def test_an_option_that_loses_an_event_ends_in_exit_code_3(tmp_path: Path) -> None:
    leaky = words(tmp_path / "runs", "strategies=['leaky']")
    done = dauexp(*leaky, path=plugin(tmp_path / "lib", lost=1))
    assert done.returncode == 3, done.stderr
    assert "the ledger does not balance" in done.stdout
    assert len(done.stdout.splitlines()) == 1
    (folder,) = dated(tmp_path / "runs")
    assert (told(folder)["status"], told(folder)["exit_code"]) == ("unbalanced", 3)
    assert not (tmp_path / "runs" / "latest").exists()
    assert not (tmp_path / "runs" / "history.ndjson").exists()


@pytest.mark.heavy
def test_once_the_option_is_mended_its_runs_are_as_if_nothing_had_been(tmp_path: Path) -> None:
    settings = [word for change in TINY for word in ("--set", change)]
    command = ["run", "quick", *settings, "--set", "strategies=['leaky']", "-j", "1", "--runs"]
    assert dauexp(*command, str(tmp_path / "a"), path=plugin(tmp_path / "lib", 1)).returncode == 3
    assert dauexp(*command, str(tmp_path / "a"), path=plugin(tmp_path / "lib", 0)).returncode == 0
    assert dauexp(*command, str(tmp_path / "b"), path=plugin(tmp_path / "lib", 0)).returncode == 0
    (again,), (undisturbed,) = ((tmp_path / name).glob("quick-*") for name in "ab")
    assert repeatable(again) == repeatable(undisturbed)


@pytest.fixture
def edited(checkout: Path, tmp_path: Path) -> Path:
    """A checkout in which someone has changed a notebook, wrongly."""
    copy = tmp_path / "checkout"
    for name in ("dauexp", "data", "notebooks"):
        left_out = shutil.ignore_patterns("target", "__pycache__")
        shutil.copytree(checkout / name, copy / name, ignore=left_out)
    path = copy / "notebooks" / "01_traffic.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cell: dict[str, object] = {"cell_type": "code", "id": "wrong", "metadata": {}, "outputs": []}
    cell |= {"execution_count": None, "source": ["users = 0\n", "1 / users"]}
    notebook["cells"].append(cell)
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return copy


@pytest.mark.heavy
def test_a_cell_that_fails_is_kept_and_named_and_exit_code_1(
    edited: Path, checkout: Path, tmp_path: Path
) -> None:
    scheduled = words(tmp_path / "runs", *CUSTOM, "report.notebooks=['01_traffic']")
    done = dauexp(*scheduled, path=edited, cwd=edited)
    assert done.returncode == 1, done.stderr
    (folder,) = dated(tmp_path / "runs")
    kept = folder / "notebooks" / "01_traffic.failed.ipynb"
    assert "failed: notebook 01_traffic: In [" in done.stdout
    assert f"failed with ZeroDivisionError: division by zero; the notebook is kept as {kept}" in (
        done.stdout
    )
    assert told(folder)["status"] == "failed"
    last = json.loads(kept.read_text(encoding="utf-8"))["cells"][-1]
    assert last["outputs"][-1]["ename"] == "ZeroDivisionError"
    shutil.copy(checkout / "notebooks" / "01_traffic.ipynb", edited / "notebooks")
    assert dauexp("report", str(folder), path=edited, cwd=edited).returncode == 0
    assert not kept.exists()
    assert (folder / "notebooks" / "01_traffic.ipynb").is_file()
    assert dauexp(*scheduled, path=edited, cwd=edited).returncode == 0
    first, second = dated(tmp_path / "runs")
    assert repeatable(first) == repeatable(second)


@pytest.mark.heavy
def test_each_threshold_that_is_crossed_is_exit_code_1(tmp_path: Path) -> None:
    top = tmp_path / "runs"
    sets = "strategies=['custom','statsd:set']"
    assert dauexp(*words(top, sets)).returncode == 0
    lines = (top / "history.ndjson").read_text(encoding="utf-8")
    entry = json.loads(lines)
    # As if the machine had been faster then.
    entry["measures"]["cpu seconds"] /= 1000
    (top / "history.ndjson").write_text(json.dumps(entry) + "\n", encoding="utf-8")
    crossing = {
        "thresholds.fewest_runs=1": "cpu seconds is",  # first: one like run is before it
        "thresholds.error={'statsd:set'=0.01}": "error statsd:set is",
        "thresholds.wire_bytes={custom=100}": "wire bytes custom is",
    }
    for change, said in crossing.items():
        done = dauexp(*words(top, sets, change))
        assert done.returncode == 1, done.stderr
        assert f" crossed: {said} " in done.stdout
        assert told(dated(top)[-1])["status"] == "crossed"
    assert len({str(repeatable(folder)["ledger.parquet"]) for folder in dated(top)}) == 1
    assert len((top / "history.ndjson").read_text(encoding="utf-8").splitlines()) == 4
