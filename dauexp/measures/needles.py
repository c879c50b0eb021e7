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
_HEADS = np.dtype("<u8")
# Two multipliers: Fibonacci hashing (Knuth, TAOCP 6.4), and one of Steele and Vigna's (2021).
_SPREADS = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1342543DE82EF95))
_BITS = 20


class Needles:
    """Byte strings to be looked for, all at once.

    Every place of the data is looked up by its first 8 bytes in a filter of 2^20 bits, and those
    that pass in a second one; the few that pass both are compared in full. So the time hardly
    depends on how many strings there are.
    """

    def __init__(self, needles: Iterable[bytes]) -> None:
        """Raises ValueError for a string that is shorter than `SHORTEST`."""
        self._needles = sorted(set(needles), key=lambda needle: (needle[:SHORTEST], needle))
        if any(len(needle) < SHORTEST for needle in self._needles):
            raise ValueError(f"a string of less than {SHORTEST} bytes cannot be looked for")

    def __len__(self) -> int:
        return len(self._needles)

    def found(self, data: bytes) -> set[bytes]:
        """Those of them that occur in the data."""
        return {needle for place in self._places(data) for needle in self._at(data, place)}

    def found_in(self, path: Path) -> set[bytes]:
        """Those of them that occur in a file: in its bytes, or in any form of its content."""
        longest = max(map(len, self._needles), default=SHORTEST)
        forms = chain(pieces(path, longest - 1), contents(path))
        return {needle for form in forms for needle in self.found(form)}

    @cached_property
    def _by_head(self) -> dict[bytes, list[bytes]]:
        heads: dict[bytes, list[bytes]] = {}
        for needle in self._needles:
            heads.setdefault(needle[:SHORTEST], []).append(needle)
        return heads

    @cached_property
    def _filters(self) -> tuple[_Filter, _Filter]:
        heads = np.frombuffer(b"".join(self._by_head), _HEADS)
        first, second = (_Filter(spread, heads) for spread in _SPREADS)
        return first, second

    def _places(self, data: bytes) -> Iterator[int]:
        """Where a needle may begin."""
        first, second = self._filters
        for start in range(min(SHORTEST, len(data))):
            count = (len(data) - start) // SHORTEST
            heads = np.frombuffer(data, _HEADS, count=count, offset=start)
            near = first.passed(heads)
            yield from (start + SHORTEST * near[second.passed(heads[near])]).tolist()

    def _at(self, data: bytes, place: int) -> Iterator[bytes]:
        for needle in self._by_head.get(data[place : place + SHORTEST], ()):
            if data.startswith(needle, place):
                yield needle


class _Filter:
    """Lets the heads of needles pass, and few others."""

    def __init__(self, spread: np.uint64, heads: npt.NDArray[np.uint64]) -> None:
        self._spread = spread
        self._passes = np.zeros(1 << _BITS, np.bool_)
        self._passes[self._bucket(heads)] = True

    def passed(self, heads: npt.NDArray[np.uint64]) -> npt.NDArray[np.intp]:
        """The positions of those that pass."""
        return np.flatnonzero(self._passes.take(self._bucket(heads)))

    def _bucket(self, heads: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        return ((heads * self._spread) >> np.uint64(64 - _BITS)).view(np.int64)


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
