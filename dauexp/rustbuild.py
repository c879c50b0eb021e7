"""What is compiled by cargo: the package's crates, built into the user's cache.

What is built lies in a folder named after the digest of all that decides it: the crate's own
sources, what is generated into it, and the compiler. So what is there is never out of date.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from dauexp.cache import cache_folder
from dauexp.errors import BadInput
from dauexp.locking import locked
from dauexp.store import replacing

_TOLD_LINES = 12  # of cargo's error: the last ones say what failed


class Product(NamedTuple):
    """Something that a crate builds."""

    target: tuple[str, ...]
    """How cargo is told to build it."""
    file: str
    """Its file among what cargo builds."""


def program(name: str) -> Product:
    """A program of a crate."""
    return Product(("--bin", name), name)


def library(name: str) -> Product:
    """The library of a crate, to be loaded at run time."""
    suffix = "dylib" if sys.platform == "darwin" else "so"
    return Product(("--lib",), f"lib{name}.{suffix}")


def _nothing(_: Path) -> None:
    """There is nothing to generate."""


@dataclass(frozen=True)
class Crate:
    """A crate of the package, which lies below its folder `rust`."""

    title: str
    """What it is, in messages."""
    source: Path
    """Its folder: Cargo.toml and src/."""
    place: tuple[str, str]
    """Where it is built: a folder of the cache, and the first part of the names of those in it."""
    instead: str
    """What a user without cargo can do."""
    generated: str = ""
    """What decides the generated sources."""
    generate: Callable[[Path], None] = _nothing
    """Writes them into a folder."""

    def built(self, product: Product) -> Path:
        """What it builds, built now if it is not in the cache: minutes the first time.

        Cargo fetches the crates that it lacks; nothing else is fetched, and nothing at run time.
        Raises BadInput where there is no cargo, where it cannot build, or where the cache cannot be
        written.
        """
        base, prefix = cache_folder(self.place[0]), self.place[1]
        built = base / f"{prefix}-{self._digest()[:32]}" / product.file
        if built.is_file():
            return built
        try:
            with _alone(base):
                if not built.is_file():
                    self._build(product, base / "rust_build", built)
        except OSError as error:
            raise BadInput(
                f"{base}: {self.title} cannot be built there ({error.strerror}): "
                "set XDG_CACHE_HOME to a folder that can be written"
            ) from error
        return built

    def _build(self, product: Product, folder: Path, built: Path) -> None:
        """Puts the crate together in `folder` and builds it.

        The folder keeps what cargo compiled before, and the versions that it chose: only the
        sources are laid anew.
        """
        crate = folder / "crate"
        shutil.rmtree(crate / "src", ignore_errors=True)
        for name in self._sources():
            copy = crate / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.source / name, copy)
        self.generate(crate / "src")
        target = folder / "target"
        command = ["cargo", "build", "--release", "--quiet", "--color", "never", *product.target]
        run = subprocess.run(
            [*command, "--target-dir", str(target)], cwd=crate, capture_output=True, check=False
        )
        if run.returncode:
            lines = run.stderr.decode(errors="replace").split("\n")
            told = [line.strip() for line in lines if line.strip()][-_TOLD_LINES:]
            raise BadInput(f"cargo cannot build {self.title}: {' | '.join(told)}")
        with replacing(built) as beside:
            shutil.copy(target / "release" / product.file, beside)

    def _digest(self) -> str:
        whole = hashlib.sha256(f"{self.generated} {self._compiler()}".encode())
        for name in self._sources():
            whole.update(f"\0{name}\0".encode() + (self.source / name).read_bytes())
        return whole.hexdigest()

    def _sources(self) -> list[str]:
        """The crate's own files, and no others that tools may have left beside them."""
        sources = [self.source / "Cargo.toml", *(self.source / "src").rglob("*.rs")]
        return sorted(path.relative_to(self.source).as_posix() for path in sources)

    def _compiler(self) -> str:
        """What `rustc --version` says; asked once for each place where it is found."""
        missing = [name for name in ("cargo", "rustc") if shutil.which(name) is None]
        if missing:
            raise BadInput(
                f"{self.title} needs {' and '.join(missing)} on the PATH: install Rust, or "
                f"{self.instead}"
            )
        return _version(str(shutil.which("rustc")))


@lru_cache
def _version(rustc: str) -> str:
    run = subprocess.run([rustc, "--version"], capture_output=True, text=True, check=False)
    if run.returncode:
        raise BadInput(f"{rustc} --version fails: {' '.join(run.stderr.split())}")
    return run.stdout.strip()


@contextmanager
def _alone(base: Path) -> Iterator[None]:
    """Waits until no other process builds: it may be building the same."""
    base.mkdir(parents=True, exist_ok=True)
    with locked(base / "rust_build.lock"):
        yield
