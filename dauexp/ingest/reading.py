"""Lines of the expected form, a batch at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple, Protocol

import msgspec
import pyarrow as pa

from dauexp.ingest.expected import ExpectedForm, Line, Read

_LINE = msgspec.json.Decoder(Line)


class Expected(NamedTuple):
    """The lines of a batch that have the expected form."""

    places: Sequence[int]
    """Where they are in the batch, in order."""
    rows: pa.RecordBatch
    """Their rows of the live table."""


class Reader(Protocol):
    """Reads those lines of a batch that have the expected form."""

    lines_at_once: ClassVar[int]
    """How many are best given to it."""

    def read(self, messages: pa.RecordBatch) -> Expected:
        """Takes a batch of `dauexp.tables.MESSAGES` whose wire is a line of standard output."""


class PythonReader:
    """Reads lines by msgspec, one by one."""

    lines_at_once: ClassVar[int] = 1000  # what fits in the processor's cache

    def __init__(self, form: ExpectedForm) -> None:
        self._form = form

    def read(self, messages: pa.RecordBatch) -> Expected:
        """Reads line by line, then makes columns of what was read."""
        read = [self._read(text) for text in _texts(messages["wire"])]
        fitting = [each for each in read if each is not None]
        arrival = messages["arrival"]
        if len(fitting) == len(read):
            return Expected(range(len(read)), self._form.rows(fitting, arrival))
        places = [place for place, each in enumerate(read) if each is not None]
        arrival = arrival.take(pa.array(places, pa.int64()))
        return Expected(places, self._form.rows(fitting, arrival))

    def _read(self, text: str | None) -> Read | None:
        if text is None:
            return None
        try:
            return self._form.read(_LINE.decode(text).Fields)
        except (msgspec.DecodeError, UnicodeError):
            return None


def _texts(wire: pa.Array) -> list[str | None]:
    """The lines as text; None where one is not UTF-8."""
    try:
        texts: list[str | None] = wire.cast(pa.string()).to_pylist()
    except pa.ArrowInvalid:
        return [_text(line) for line in wire.to_pylist()]
    return texts


def _text(line: bytes) -> str | None:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return None
