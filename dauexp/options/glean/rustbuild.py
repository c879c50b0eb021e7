"""The Rust emitter, compiled: the module that glean_parser generates, in the small program of
`rust/`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final, Literal

from dauexp.ingest.registry import Registry
from dauexp.options.glean.generate import write_rust_module
from dauexp.rustbuild import Crate, program

CRATE: Final = Path(__file__).parent / "rust"
"""The crate, without the generated module."""

Program = Literal["emitter", "bare"]
"""What the crate builds: the emitter, and the bare generated logger for the benchmark."""


def rust_program(registry: Registry, name: Program = "emitter") -> Path:
    """The compiled program, built now if it is not in the cache: minutes the first time.

    Raises BadInput where it cannot be built.
    """
    return _crate(registry).built(program(name))


def _crate(registry: Registry) -> Crate:
    return Crate(
        title="the Rust emitter",
        source=CRATE,
        place=("glean", "rust_server"),
        instead='set glean.emitter to "python"',
        generated=registry.digest,
        generate=partial(write_rust_module, registry),
    )
