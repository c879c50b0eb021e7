"""dauexp as others get it: built, and installed where nothing else is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

UV = Path(sys.executable).with_name("uv")

CHANGES = (
    "traffic.users=60",
    "traffic.days=29",
    'strategies=["glean", "statsd:field"]',
    "experiments.run=[]",
    'report.notebooks=["01_traffic"]',
)
"""What makes the preset `quick` a run of seconds that does everything once, a notebook too."""

_LOCAL = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "PYTHONSAFEPATH", "PYTHONDONTWRITEBYTECODE")


@dataclass(frozen=True)
class Built:
    """What is published."""

    wheel: Path
    sdist: Path


@dataclass(frozen=True)
class Environment:
    """An environment that is not ours."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    def run(self, *command: str, cwd: Path) -> str:
        """What a command of it prints."""
        return ran([str(self.folder / "bin" / command[0]), *command[1:]], cwd)


def ran(command: Sequence[str | Path], cwd: Path, **environment: str) -> str:
    """What a command prints; a failure shows all that it said."""
    inherited = {name: value for name, value in os.environ.items() if name not in _LOCAL}
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**inherited, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout}")
    return done.stdout


@cache
def interpreter(version: str) -> Path | None:
    """A Python of that version, without fetching one: on the PATH, or where pyenv keeps them."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv", "versions")
    on_path = [Path(folder, f"python{version}") for folder in os.get_exec_path()]
    for candidate in [*on_path, *sorted(pyenv.glob(f"{version}.*/bin/python"))]:
        # The name alone proves nothing: version managers put names there that only print an error.
        code = "import sys, venv; print('%d.%d' % sys.version_info[:2])"
        if candidate.is_file():
            said = subprocess.run([candidate, "-c", code], capture_output=True, check=False).stdout
            if said.decode().strip() == version:
                return candidate
    return None


@pytest.fixture(scope="session")
def built(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The wheel and the sdist of this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    ran([sys.executable, "-m", "hatchling", "build", "-d", folder], checkout)
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return Built(wheel, sdist)


@pytest.fixture(scope="session")
def unpacked(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist, unpacked."""
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(built.sdist) as archive:
        archive.extractall(folder, filter="data")
    (top,) = folder.iterdir()
    return top


@pytest.fixture
def installed(built: Built, checkout: Path, tmp_path: Path) -> Callable[[Path, str], Environment]:
    """Makes an empty environment of an interpreter, and puts a lock's packages and the wheel in."""

    def install(python: Path, lock: str) -> Environment:
        made = Environment(tmp_path / "environment")
        ran([UV, "venv", "--quiet", "--no-project", "--python", python, made.folder], tmp_path)
        # What is imported is compiled then: all of it would take longer than the tests.
        install: list[str | Path] = [UV, "pip", "install", "--quiet", "--python", made.python]
        ran([*install, "--require-hashes", "-r", checkout / lock], tmp_path)
        ran([*install, "--no-deps", built.wheel], tmp_path)
        ran([UV, "pip", "check", "--python", made.python], tmp_path)
        return made

    return install


@pytest.fixture
def tests_alone(unpacked: Path, tmp_path: Path) -> Path:
    """The sdist without the package: the tests find the one that is installed, or none."""
    alone = tmp_path / "tree"
    shutil.copytree(unpacked, alone)
    for name in ("dauexp", "data", "notebooks"):
        shutil.rmtree(alone / name)
    return alone
