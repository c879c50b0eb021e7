"""Finds any of many byte strings in files, whatever their form: Parquet decoded, text unescaped."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

SHORTEST: Final = 8
"""Bytes; a shorter string occurs by chance, so that finding it would mean nothing."""

PIECE = 1 << 24
"""Bytes of a file that are searched at once."""

_TEXTS = {".html", ".ipynb", ".json", ".md", ".svg"}
_WORDS = np.dtype("<u8")
# Two multipliers: Fibonacci hashing (Knuth, TAOCP 6.4), and one of Steele and Vigna's (2021).
_SPREADS = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1342543DE82EF95))
_LONG = 2 * SHORTEST - 1
"""Bytes; a string of so many has one of the data's aligned words of 8 bytes wholly in it, wherever
it begins."""


class Needles:
    """Byte strings to be looked for, all at once.

    The time hardly depends on how many there are, but on how long: those of at least 15 bytes are
    looked for at every eighth place of the data, all others at every place.
    """

    def __init__(self, needles: Iterable[bytes]) -> None:
        """Raises ValueError for a string that is shorter than `SHORTEST`."""
        self._needles = frozenset(needles)
        if any(len(needle) < SHORTEST for needle in self._needles):
            raise ValueError(f"a string of less than {SHORTEST} bytes cannot be looked for")

    def __len__(self) -> int:
        return len(self._needles)

    def found(self, data: bytes) -> set[bytes]:
        """Those of them that occur in the data."""
        return {needle for group in self._groups for needle in group.found(data)}

    def found_in(self, path: Path) -> set[bytes]:
        """Those of them that occur in a file: in its bytes, or in any form of its content."""
        forms = chain(pieces(path, self._longest - 1), contents(path))
        return {needle for form in forms for needle in self.found(form)}

    @cached_property
    def _longest(self) -> int:
        return max(map(len, self._needles), default=SHORTEST)

    @cached_property
    def _groups(self) -> list[_Group]:
        long = frozenset(needle for needle in self._needles if len(needle) >= _LONG)
        return [_Group(needles) for needles in (long, self._needles - long) if needles]


class _Group:
    """Needles that are found by words of 8 bytes at every place of the data that `step` divides.

    They are long enough that one of those words is wholly in each, wherever it begins: a word that
    begins at one of its own first `step` bytes. The data's words are looked up in a filter, those
    that pass in a second one, and those that pass both among the needles' words; the few that are
    left are compared in full.
    """

    def __init__(self, needles: frozenset[bytes]) -> None:
        self._needles = needles
        self._lengths = sorted(set(map(len, needles)))
        self._step = min(SHORTEST, 1 << ((self._lengths[0] - SHORTEST + 1).bit_length() - 1))
        words = (
            b"".join(needle[begin : begin + SHORTEST] for needle in needles)
            for begin in range(self._step)
        )
        self._words = np.sort(np.concatenate([np.frombuffer(each, _WORDS) for each in words]))
        self._filters = [_Filter(spread, self._words) for spread in _SPREADS]

    def found(self, data: bytes) -> Iterator[bytes]:
        """Those of them that occur in the data, perhaps more than once."""
        for place in self._places(data):
            for begin in range(max(0, place - self._step + 1), place + 1):
                # By lengths, not needle by needle: thousands may have the same word.
                for length in self._lengths:
                    if (text := data[begin : begin + length]) in self._needles:
                        yield text

    def _places(self, data: bytes) -> Iterator[int]:
        """Where a word of a needle is."""
        first, second = self._filters
        for start in range(0, min(SHORTEST, len(data)), self._step):
            count = (len(data) - start) // SHORTEST
            words = np.frombuffer(data, _WORDS, count=count, offset=start)
            near = first.passed(words)
            near = near[second.passed(words[near])]
            yield from (start + SHORTEST * near[self._has(words[near])]).tolist()

    def _has(self, words: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
        """Which of them are words of needles."""
        # Without the last, so that what is larger than all is compared with it.
        has: npt.NDArray[np.bool_] = self._words[np.searchsorted(self._words[:-1], words)] == words
        return has


class _Filter:
    """Lets the words of needles pass, and at most one in eight of all others."""

    def __init__(self, spread: np.uint64, words: npt.NDArray[np.uint64]) -> None:
        bits = max(16, (8 * len(words) - 1).bit_length())
        self._spread, self._shift = spread, np.uint64(64 - bits)
        self._passes = np.zeros(1 << bits, np.bool_)
        self._passes[self._bucket(words)] = True

    def passed(self, words: npt.NDArray[np.uint64]) -> npt.NDArray[np.intp]:
        """The positions of those that pass."""
        return np.flatnonzero(self._passes.take(self._bucket(words)))

    def _bucket(self, words: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        return ((words * self._spread) >> self._shift).view(np.int64)


def pieces(path: Path, overlap: int) -> Iterator[bytes]:
    """The bytes of a file, some at once: it may be larger than memory. From the second on a piece
    begins with the last `overlap` bytes of the one before, so what lies across is whole in one."""
    with path.open("rb") as file:
        piece = b""
        while read := file.read(PIECE):
            piece = piece[-overlap:] + read
            yield piece


def contents(path: Path) -> Iterator[bytes]:
    """The content of a file in every form, beside its bytes, in which a string may be read in it:
    the values of a Parquet file; the text of JSON and HTML without escapes."""
    if path.suffix == ".parquet":
        yield from _values(path)
    elif path.suffix in _TEXTS:
        yield html.unescape(_unescaped(path.read_bytes())).encode(errors="surrogatepass")


def _unescaped(data: bytes) -> str:
    """The strings of a JSON text, a line each; any other text as it is."""
    try:
        return "\n".join(_strings(json.loads(data)))
    except ValueError:
        return data.decode(errors="replace")


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, member in value.items():
            yield key
            yield from _strings(member)
    elif isinstance(value, list):
        for member in value:
            yield from _strings(member)


def _values(path: Path) -> Iterator[bytes]:
    """The text and bytes of all columns, however deep, a row group at a time; of a dictionary, each
    value once. A file that is not whole has none."""
    try:
        schema = pq.read_schema(path)
    except pa.ArrowInvalid:
        return
    leaves = [leaf for field in schema for leaf in _text_leaves(field.name, field.type)]
    with pq.ParquetFile(path, read_dictionary=leaves) as file:
        # Not by `iter_batches`, which fails on nested columns of many small row groups.
        for group in range(file.num_row_groups):
            for batch in file.read_row_group(group).to_batches():
                yield b"\0".join(text for column in batch.columns for text in _texts(column))


def _text_leaves(name: str, type_: pa.DataType) -> Iterator[str]:
    if pa.types.is_struct(type_):
        for member in type_:
            yield from _text_leaves(f"{name}.{member.name}", member.type)
    elif _is_text(type_):
        yield name


def _is_text(type_: pa.DataType) -> bool:
    return bool(pa.types.is_string(type_) or pa.types.is_binary(type_))


def _texts(array: pa.Array) -> Iterator[memoryview]:
    type_ = array.type
    if pa.types.is_dictionary(type_):
        yield from _texts(array.dictionary)
    elif pa.types.is_struct(type_):
        for member in array.flatten():
            yield from _texts(member)
    elif pa.types.is_list(type_):
        yield from _texts(array.flatten())
    elif _is_text(type_) and len(array):
        _, offsets, values = array.buffers()
        ends = np.frombuffer(offsets, np.int32)[array.offset : array.offset + len(array) + 1]
        if values is not None:
            yield memoryview(values)[int(ends[0]) : int(ends[-1])]
