"""The hand-written logger in Rust, compiled: `rust/`, in the program that option A's is in."""

from __future__ import annotations

import shutil
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from dauexp.options.glean.rustbuild import CRATE
from dauexp.rustbuild import Crate, program

FOLDER: Final = Path(__file__).parent / "rust"
"""The service: `service.rs`, which takes the place of option A's, and the logger."""


def rust_program() -> Path:
    """The compiled program, built now if it is not in the cache: minutes the first time.

    Raises BadInput where it cannot be built.
    """
    return _crate().built(program("emitter"))


@lru_cache
def _crate() -> Crate:
    files = sorted(FOLDER.glob("*.rs"))
    texts = b"\0".join(file.read_bytes() for file in files)

    def written(folder: Path) -> None:
        for file in files:
            shutil.copy(file, folder)

    return Crate(
        title="the hand-written Rust emitter",
        source=CRATE,
        place=("glean", "rust_by_hand"),
        instead='set glean.emitter to "python"',
        generated=sha256(texts).hexdigest(),
        generate=written,
    )
