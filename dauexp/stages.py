"""The steps of a run: each is known by the digest of its inputs, and is done once its mark stands.

A mark, in `work/done/`, holds that digest and the SHA-256 of every file that the step left. It is
written last. A run that was stopped, however that came, does those steps again that have no mark,
were done from other inputs, or have lost or changed a file since; all others it leaves.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from dauexp import manifest
from dauexp.results import LEDGER_FILE, REPEATABLE, TIMED
from dauexp.store import remove_parts, replacing, write_table
from dauexp.temporary import SCRATCH

INPUTS = Path("work", "inputs.json")
"""What all steps of a run begin with, below its folder."""

MARKS = Path("work", "done")


def mark_of(name: str) -> Path:
    """Where the mark of a step is, below the folder of its run."""
    return MARKS / f"{name}.json"


MADE = ("work", "store", REPEATABLE, TIMED)
"""Folders that hold what steps left, below that of the run; also the ledger, a file."""


class Mark(msgspec.Struct, frozen=True):
    """What says that a step is done."""

    inputs: str
    """Digest of what it was done from."""
    files: dict[str, str]
    """SHA-256 of each file that it left, by its path below the folder of the run."""
    said: dict[str, Any] = {}
    """What else later steps must know of it."""

    @property
    def digest(self) -> str:
        """Digest of all that it left: an input of the steps that follow."""
        return digest_of(*(text for pair in sorted(self.files.items()) for text in pair))


@dataclass(frozen=True)
class Step:
    """A step of a run."""

    folder: Path
    """That of the run."""
    name: str
    """Unique within the run; the name of its mark."""
    inputs: str
    """Digest of all that decides what it leaves."""

    @property
    def path(self) -> Path:
        """Where its mark is."""
        return self.folder / mark_of(self.name)

    def done(self) -> Mark | None:
        """Its mark; None where the step has to be done."""
        try:
            mark = msgspec.json.decode(self.path.read_bytes(), type=Mark)
        except (OSError, msgspec.DecodeError):
            return None
        whole = mark.inputs == self.inputs and all(
            _digest(self.folder / name) == digest for name, digest in mark.files.items()
        )
        return mark if whole else None

    def finish(self, files: Iterable[Path], **said: Any) -> Mark:
        """Marks the step as done, once it has left all its files."""
        digests = {
            path.relative_to(self.folder).as_posix(): manifest.digest(path)
            for path in sorted(files)
        }
        mark = Mark(self.inputs, digests, said)
        with replacing(self.path) as beside:
            beside.write_bytes(msgspec.json.format(msgspec.json.encode(mark), indent=1))
        return mark


def tables(
    step: Step, place: Path, make: Callable[[], Mapping[str, pa.Table]]
) -> dict[str, pa.Table]:
    """The tables of a step by name, from the files that it leaves in the folder `place`; they are
    made first if the step is not done."""
    mark = step.done()
    if mark is None:
        made = make()
        for name, table in made.items():
            write_table(place / f"{name}.parquet", table)
        mark = step.finish(place / f"{name}.parquet" for name in made)
    paths = [step.folder / name for name in mark.files]
    # Read back even when just made, so that the chunks are the same in a run that was stopped.
    return {path.stem: pq.read_table(path) for path in paths}


def begin(folder: Path, inputs: Mapping[str, object]) -> str:
    """Makes the folder of a run ready for its steps, to begin or to go on. Gives the digest of
    `inputs`, with which all steps begin.

    Removes what a crash left half written or in temporary folders, and all that was made from other
    inputs, such as by another version of the code.
    """
    content = json.dumps(inputs, indent=1, sort_keys=True, default=str)
    if _text(folder / INPUTS) != content:
        for name in MADE:
            shutil.rmtree(folder / name, ignore_errors=True)
        (folder / LEDGER_FILE).unlink(missing_ok=True)
        with replacing(folder / INPUTS) as beside:
            beside.write_text(content, encoding="utf-8")
    shutil.rmtree(folder / SCRATCH, ignore_errors=True)
    remove_parts(folder)
    for left in list(folder.rglob(".spill*")):
        shutil.rmtree(left)
    return digest_of(content)


def inputs_of(folder: Path) -> str:
    """The digest that `begin` gave."""
    return digest_of(_text(folder / INPUTS))


def digest_of(*texts: str) -> str:
    """One SHA-256, in hex, of some texts in their order."""
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _digest(path: Path) -> str:
    return manifest.digest(path) if path.is_file() else ""
