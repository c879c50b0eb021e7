"""What is in the sdist, and that it builds the same wheel."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.package.conftest import Built, ran

pytestmark = pytest.mark.heavy


def contents(wheel: Path) -> dict[str, bytes]:
    """The files of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_sdist_holds_every_tracked_file(checkout: Path, unpacked: Path) -> None:
    """So the tests run from it, and the docs are built from it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=checkout,
        capture_output=True,
        check=True,
    ).stdout.decode()
    tracked = {name for name in listed.split("\0") if name and (checkout / name).is_file()}
    assert {"tests/conftest.py", "pyproject.toml", "requirements.lock"} <= tracked
    there = {
        path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()
    }
    assert tracked - there == set()
    assert there - tracked == {"PKG-INFO"}


def test_the_sdist_builds_the_same_wheel(built: Built, unpacked: Path, tmp_path: Path) -> None:
    ran([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path], unpacked)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name == built.wheel.name
    assert contents(wheel) == contents(built.wheel)
