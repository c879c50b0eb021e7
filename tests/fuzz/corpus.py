"""The inputs that are kept, a file for each target and origin, one input a line.

A line is a JSON string whose characters are the bytes of the input (ISO 8859-1), so that seeds can
be read, written and compared as text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256
from itertools import accumulate
from pathlib import Path

FOLDER = Path(__file__).with_name("corpus")
MOST_BYTES = 32_768
"""Most bytes of what is kept of a target's findings: it is part of the repository."""


def seeds(target: str) -> list[bytes]:
    """What was written by hand, and each input that once broke something."""
    return _read(FOLDER / f"{target}.seeds.jsonl")


def found(target: str) -> list[bytes]:
    """What the fuzzer found, each reaching code or states that no other does."""
    return _read(FOLDER / f"{target}.found.jsonl")


def keep(target: str, inputs: Iterable[bytes]) -> None:
    """Replaces what the fuzzer found, shortest first, as many as fit."""
    in_order = sorted(set(inputs), key=lambda each: (len(each), each))
    sizes = accumulate(map(len, in_order))
    lines = [
        json.dumps(each.decode("latin-1"))
        for each, size in zip(in_order, sizes, strict=True)
        if size <= MOST_BYTES
    ]
    path = FOLDER / f"{target}.found.jsonl"
    path.write_text("".join(f"{each}\n" for each in lines), encoding="utf-8")


def unpack(inputs: Iterable[bytes], folder: Path) -> None:
    """Writes inputs as files, as libFuzzer takes them."""
    folder.mkdir(parents=True, exist_ok=True)
    for each in inputs:
        (folder / sha256(each).hexdigest()[:32]).write_bytes(each)


def packed(folder: Path) -> list[bytes]:
    """The inputs in a folder of files."""
    return [path.read_bytes() for path in folder.iterdir()]


def _read(path: Path) -> list[bytes]:
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(each).encode("latin-1") for each in lines]
