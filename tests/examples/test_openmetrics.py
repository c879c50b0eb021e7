"""The example of a plug-in: installed as a package, it is an option like those that are here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SMALL = ("traffic.users=60", "traffic.days=29", "experiments.run=[]")


@pytest.fixture(scope="module")
def example(checkout: Path) -> Path:
    return checkout / "examples" / "openmetrics"


@pytest.fixture(scope="module")
def installed(example: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which pip installed the example's wheel, without fetching anything."""
    target = tmp_path_factory.mktemp("target")
    offline = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
    subprocess.run(
        [sys.executable, "-m", "pip", "install", *offline, "--target", str(target), str(example)],
        check=True,
    )
    return target


def python(installed: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(installed), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_it_is_small(example: Path) -> None:
    code = [*example.rglob("*.py"), *example.glob("*.toml"), *example.rglob("*.sql")]
    lines = [line for path in code for line in path.read_text().splitlines() if line.strip()]
    assert len(lines) < 150


def test_it_keeps_the_contract(example: Path, installed: Path, tmp_path: Path) -> None:
    tests = str(example / "tests")
    quiet = ["-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", tests]
    done = python(installed, "-m", "pytest", *quiet, "--basetemp", "base", tests, cwd=tmp_path)
    assert "16 passed" in done.stdout


def test_it_is_listed_beside_the_others(installed: Path, tmp_path: Path) -> None:
    listed = python(installed, "-m", "dauexp", "options", "--json", cwd=tmp_path)
    rows = [json.loads(line) for line in listed.stdout.splitlines()]
    assert {row["option"] for row in rows} >= {"glean", "custom", "statsd", "openmetrics"}


@pytest.mark.heavy
def test_run_matrix_notebook_and_appendix_have_it(installed: Path, tmp_path: Path) -> None:
    changes = [word for change in SMALL for word in ("--set", change)]
    chosen = "strategies=['custom','openmetrics']"
    notebooks = "report.notebooks=['03_accuracy']"
    done = python(
        installed,
        *("-m", "dauexp", "run", "quick", *changes, "--set", chosen, "--set", notebooks, "-j", "1"),
        cwd=tmp_path,
    )
    assert "D  openmetrics" in done.stdout
    (folder,) = [path for path in (tmp_path / "runs").iterdir() if path.is_dir()]
    capability = python(
        installed, "-m", "dauexp", "show", str(folder), "capability", "--json", cwd=tmp_path
    )
    assert '"option": "openmetrics"' in capability.stdout
    for name in ("appendix.md", "report.html", "notebooks/03_accuracy.html"):
        assert "openmetrics" in (folder / name).read_text(encoding="utf-8"), name
