"""How people run a Python program without installing it by hand: uv and pipx."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import dauexp
from tests.package.conftest import CHANGES, UV, Built, ran

pytestmark = pytest.mark.heavy

RUN = ("run", "quick", *(word for change in CHANGES for word in ("--set", change)))


def test_uv_run_works_in_a_checkout(unpacked: Path, checkout: Path, tmp_path: Path) -> None:
    top = tmp_path / "checkout"
    shutil.copytree(unpacked, top)
    run = (UV, "run", "--python", sys.executable, "dauexp")
    said = ran([*run, "--version"], top)
    assert said.endswith(f"dauexp {dauexp.__version__}\n")
    assert "report.html" in ran([*run, *RUN], top)
    assert (top / "runs").is_dir()
    where = ran([UV, "run", "python", "-c", "import dauexp; print(dauexp.__file__)"], top)
    assert str(top / "dauexp") in where
    for left in ("uv.lock", ".venv"):  # the one names a registry, the other is large
        assert (top / left).exists()
        subprocess.run(["git", "check-ignore", "--quiet", left], cwd=checkout, check=True)


def test_pipx_installs_and_runs_the_wheel(built: Built, tmp_path: Path) -> None:
    pipx = [sys.executable, "-m", "pipx"]
    places = {
        "PIPX_HOME": str(tmp_path / "pipx"),
        "PIPX_BIN_DIR": str(tmp_path / "bin"),
        "PIPX_MAN_DIR": str(tmp_path / "man"),
        "PIPX_DEFAULT_PYTHON": sys.executable,
    }
    said = ran([*pipx, "run", "--spec", built.wheel, "dauexp", "--version"], tmp_path, **places)
    assert said.endswith(f"dauexp {dauexp.__version__}\n")
    ran([*pipx, "install", built.wheel], tmp_path, **places)
    assert [path.name for path in (tmp_path / "bin").iterdir()] == ["dauexp"]
    assert "report.html" in ran([tmp_path / "bin" / "dauexp", *RUN], tmp_path)
