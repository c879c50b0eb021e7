"""The Rust emitter, compiled: the module that glean_parser generates, in the small program of
`rust/`, built by cargo into the user's cache.

A built program is named after the digest of all that decides it: registry, glean_parser's version,
the program's own source and the compiler. So what is there is never out of date.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from dauexp.cache import cache_folder
from dauexp.errors import BadInput
from dauexp.ingest.registry import Registry
from dauexp.options.glean.generate import write_rust_module
from dauexp.store import replacing

CRATE: Final = Path(__file__).parent / "rust"
"""The crate, without the generated module."""

_TOLD_LINES = 12  # of cargo's error: the last ones say what failed

Program = Literal["emitter", "bare"]
"""What the crate builds: the emitter, and the bare generated logger for the benchmark."""


def rust_program(registry: Registry, program: Program = "emitter") -> Path:
    """The compiled program, built now if it is not in the cache: minutes the first time.

    Cargo fetches the crates that it lacks; nothing else is fetched, and nothing at run time.
    Raises BadInput where there is no cargo, where it cannot build, or where the cache cannot be
    written.
    """
    base = cache_folder("glean")
    built = base / f"rust_server-{_digest(registry)[:32]}" / program
    if built.is_file():
        return built
    try:
        with _alone(base):
            if not built.is_file():
                _build(registry, program, base / "rust_build", built)
    except OSError as error:
        raise BadInput(
            f"{base}: the Rust emitter cannot be built there ({error.strerror}): "
            "set XDG_CACHE_HOME to a folder that can be written"
        ) from error
    return built


def _build(registry: Registry, program: Program, folder: Path, built: Path) -> None:
    """Puts the crate together in `folder` and builds it.

    The folder keeps what cargo compiled before, and the versions that it chose: only the sources
    are laid anew.
    """
    crate = folder / "crate"
    shutil.rmtree(crate / "src", ignore_errors=True)
    for name in _sources():
        copy = crate / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(CRATE / name, copy)
    write_rust_module(registry, crate / "src")
    target = folder / "target"
    command = ["cargo", "build", "--release", "--quiet", "--color", "never", "--bin", program]
    run = subprocess.run(
        [*command, "--target-dir", str(target)], cwd=crate, capture_output=True, check=False
    )
    if run.returncode:
        lines = run.stderr.decode(errors="replace").split("\n")
        told = [line.strip() for line in lines if line.strip()][-_TOLD_LINES:]
        raise BadInput(f"cargo cannot build the Rust emitter: {' | '.join(told)}")
    with replacing(built) as beside:
        shutil.copy(target / "release" / program, beside)


def _digest(registry: Registry) -> str:
    whole = hashlib.sha256(f"{registry.digest} {_compiler()}".encode())
    for name in _sources():
        whole.update(f"\0{name}\0".encode() + (CRATE / name).read_bytes())
    return whole.hexdigest()


def _sources() -> list[str]:
    """The crate's own files, and no others that tools may have left beside them."""
    sources = [CRATE / "Cargo.toml", *(CRATE / "src").rglob("*.rs")]
    return sorted(path.relative_to(CRATE).as_posix() for path in sources)


def _compiler() -> str:
    """What `rustc --version` says; asked once for each place where it is found."""
    missing = [name for name in ("cargo", "rustc") if shutil.which(name) is None]
    if missing:
        raise BadInput(
            f"the Rust emitter needs {' and '.join(missing)} on the PATH: install Rust, or set "
            'glean.emitter to "python"'
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
    with (base / "rust_build.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
