"""Files of a service's own that a scenario names: its registry, and its questions.

They count by what is in them, not by where they are: their digest is part of the scenario's, and a
run keeps a copy, so that it is complete by itself wherever its folder goes.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from dauexp.errors import BadInput
from dauexp.store import replacing

KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "registry": ("metrics.yaml", "pings.yaml"),
    "questions": ("*/*.toml", "*/*.sql", "*/*.flux", "*/*.influxql", "*/*.md"),
}
"""What is read of a folder of each kind; the folder may hold other things beside."""

Files = dict[str, bytes]
"""Contents by the path below the folder."""


def read(kind: str, folder: Path) -> Files:
    """The files of a folder. Raises BadInput where there are none, or one cannot be read."""
    if not folder.is_dir():
        raise BadInput(f"{folder}: no such folder; it should hold {' and '.join(KINDS[kind])}")
    paths = [
        path
        for pattern in KINDS[kind]
        for path in (folder.glob(pattern) if "*" in pattern else [folder / pattern])
    ]
    try:
        found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(paths)}
    except OSError as error:
        raise BadInput(f"{error.filename}: cannot be read: {error.strerror}") from error
    if not found:
        raise BadInput(f"{folder}: holds no {kind}: a folder of its own for each is needed")
    return found


def digest(kind: str, folder: Path) -> str:
    """SHA-256, in hex, of the names and contents of the files of a folder."""
    whole = hashlib.sha256()
    for name, content in read(kind, folder).items():
        whole.update(f"{name}\0{len(content)}\0".encode() + content)
    return whole.hexdigest()


def keep(kind: str, folder: Path, copy: Path) -> None:
    """Makes `copy` a copy of a folder: its files, and nothing else."""
    found = read(kind, folder)
    if folder.resolve() == copy.resolve():
        return
    shutil.rmtree(copy, ignore_errors=True)
    for name, content in found.items():
        with replacing(copy / name) as beside:
            beside.write_bytes(content)
