"""The programs of the services: found on the PATH or in the cache, or built into it.

`go install` and `npm install` bring what they need through the registries they are set up with;
nothing else is fetched, and nothing once a program is built.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dauexp.cache import cache_folder
from dauexp.errors import BadInput
from dauexp.locking import locked

_TOLD_LINES = 6  # of a builder's error: the last ones say what failed


@dataclass(frozen=True)
class Program(ABC):
    """A program of one version."""

    name: str
    version: str

    @property
    def folder(self) -> Path:
        """Its folder in the cache."""
        return cache_folder("services", f"{self.name}-{self.version}")

    @property
    @abstractmethod
    def built(self) -> Path:
        """The file in that folder that there is once it is built."""

    @property
    @abstractmethod
    def tools(self) -> Mapping[str, str]:
        """The commands that build it, each with what a person installs to have it."""

    @abstractmethod
    def build(self, folder: Path) -> None:
        """Builds it into a folder."""

    def found(self) -> Path | None:
        """Where it is, if it need not be built."""
        return self.built if self.built.is_file() else None

    def missing_tools(self) -> str:
        """What has to be installed before it can be built; empty where nothing has."""
        return " and ".join(
            f"{tool} ({package})"
            for tool, package in self.tools.items()
            if shutil.which(tool) is None
        )

    def ready(self) -> Path:
        """Where it is, built now if it must be: minutes the first time.

        Raises BadInput where a tool is missing, building fails, or the cache cannot be written.
        """
        found = self.found()
        if found is not None:
            return found
        missing = self.missing_tools()
        if missing:
            raise BadInput(
                f"{self.name} {self.version} is not there, and to build it needs {missing}"
            )
        try:
            with _alone(self.folder):
                if not self.built.is_file():
                    self._build_beside()
        except OSError as error:
            raise BadInput(
                f"{self.folder}: {self.name} cannot be built there ({error.strerror}): "
                "set XDG_CACHE_HOME to a folder that can be written"
            ) from error
        return self.built

    def _build_beside(self) -> None:
        """A folder that is there is whole: it is built beside its place and renamed."""
        beside = self.folder.with_name(f".{self.folder.name}.part")
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        self.build(beside)
        shutil.rmtree(self.folder, ignore_errors=True)
        beside.rename(self.folder)

    def run(self, command: list[str], **environment: str) -> None:
        """Runs a builder; its last lines are the error. Raises BadInput."""
        done = subprocess.run(
            command,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
            raise BadInput(
                f"{self.name} {self.version} cannot be built: {' | '.join(lines[-_TOLD_LINES:])}"
            )


@dataclass(frozen=True)
class GoProgram(Program):
    """A command of a Go module; one of that version on the PATH serves as well."""

    package: str
    """The command's import path."""
    variable: str
    """The variable in which it keeps its version."""
    tags: str = ""
    """Build tags: what to compile in."""

    @property
    def built(self) -> Path:
        """The binary."""
        return self.folder / self.name

    @property
    def tools(self) -> Mapping[str, str]:
        """Go alone."""
        return {"go": "Go 1.24 or later"}

    def found(self) -> Path | None:
        """The one in the cache, or one of that version on the PATH."""
        cached = super().found()
        on_path = shutil.which(self.name)
        if cached is not None or on_path is None:
            return cached
        said = subprocess.run([on_path, "version"], capture_output=True, text=True, check=False)
        return Path(on_path) if self.version in said.stdout else None

    def build(self, folder: Path) -> None:
        """Installs it without cgo, so that Go alone builds it, and without debugging tables."""
        self.run(
            [
                *("go", "install", "-tags", self.tags),
                *("-ldflags", f"-s -w -X {self.variable}={self.version}"),
                f"{self.package}@v{self.version}",
            ],
            GOBIN=str(folder),
            GOFLAGS="",
            CGO_ENABLED="0",
        )


@dataclass(frozen=True)
class NodeProgram(Program):
    """A script of an npm package, run by node."""

    script: str
    """The script's place in the package."""
    node: str
    """The versions of Node.js that run it."""

    @property
    def built(self) -> Path:
        """The script."""
        return self.folder / "node_modules" / self.name / self.script

    @property
    def tools(self) -> Mapping[str, str]:
        """Node and npm, which come together."""
        return {"node": self.node, "npm": "comes with Node.js"}

    def build(self, folder: Path) -> None:
        """Installs it; its optional parts would need a compiler, and no script of it is run."""
        self.run(
            [
                *("npm", "install", "--prefix", str(folder), "--ignore-scripts"),
                *("--omit=optional", "--no-audit", "--no-fund", "--no-package-lock"),
                f"{self.name}@{self.version}",
            ]
        )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Waits until no other process builds: it may be building the same."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder.parent / f".{folder.name}.lock"):
        yield
