"""Batches of lines in, rows of the live table and of the errors table out."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from dauexp.ingest import stages
from dauexp.ingest.expected import ExpectedForm, LogEntry, Read
from dauexp.ingest.names import snake_case
from dauexp.ingest.privacy import without_personal_data
from dauexp.ingest.reading import PythonReader, Reader
from dauexp.ingest.registry import Registry
from dauexp.ingest.rustreader import RustReader
from dauexp.ingest.stages import Document, DocumentType, Rejection
from dauexp.ingest.tables import ERRORS, TIMESTAMP, PingTable
from dauexp.ingest.validate import Validator, validator

Language = Literal["python", "rust"]
"""Of what reads the lines of the expected form."""

_LOG_ENTRY = msgspec.json.Decoder(LogEntry)


class Decoded(NamedTuple):
    """What came of a batch of messages."""

    live: pa.Table
    errors: pa.Table
    accepted: pa.Array
    """For each message, whether it was accepted."""


@dataclass(frozen=True)
class Decoder:
    """Ingestion of one ping of an application, for a stream of batches.

    Making one compiles schema and columns: `decoder` keeps those made.
    """

    registry: Registry
    ping: str
    application: str
    language: Language = "python"

    @cached_property
    def table(self) -> PingTable:
        """The tables it fills."""
        return PingTable(self.registry, self.ping)

    @cached_property
    def known(self) -> frozenset[DocumentType]:
        """The schemas there are."""
        return frozenset({DocumentType(snake_case(self.application), snake_case(self.ping), "1")})

    @cached_property
    def form(self) -> ExpectedForm:
        """What reads documents of the form that generated code writes."""
        as_emitted = DocumentType(self.application, self.ping, "1")
        return ExpectedForm(self.table, self.known | {as_emitted})

    @cached_property
    def reader(self) -> Reader:
        """What reads lines of that form. Raises BadInput where there is no cargo to build it."""
        return (RustReader if self.language == "rust" else PythonReader)(self.form)

    @cached_property
    def validator(self) -> Validator:
        """The package's own schema, compiled."""
        return validator()

    def decode(self, messages: pa.RecordBatch) -> Decoded:
        """Ingests a batch of `dauexp.tables.MESSAGES` whose wire is a line of standard output."""
        at_once = self.reader.lines_at_once
        with gc_paused():
            parts = [
                self._decode_slice(messages.slice(start, at_once))
                for start in range(0, messages.num_rows, at_once)
            ]
        return Decoded(
            pa.Table.from_batches([part.live for part in parts], self.table.live),
            pa.Table.from_batches([part.errors for part in parts], ERRORS),
            pa.concat_arrays([part.accepted for part in parts] or [pa.array([], pa.bool_())]),
        )

    def outcome(self, log_entry: bytes) -> Document | Read | Rejection:
        """What comes of one log entry: by the fast way where it fits, else by the stages."""
        try:
            entry = _LOG_ENTRY.decode(log_entry.decode())
        except (msgspec.DecodeError, UnicodeError):
            return self.exactly(log_entry)
        read = self.form.read(entry.jsonPayload.Fields, entry.receiveTimestamp)
        return self.exactly(log_entry) if read is None else read

    def exactly(self, log_entry: bytes) -> Document | Rejection:
        """What comes of one log entry by the stages."""
        return stages.decode(log_entry, self.known, self.validator)

    def _decode_slice(self, messages: pa.RecordBatch) -> _Slice:
        places, rows = self.reader.read(messages)
        accepted = np.zeros(messages.num_rows, dtype=bool)
        accepted[places] = True
        if len(places) == messages.num_rows:
            return _Slice(rows, _errors(messages, {}), pa.array(accepted))
        arrival = messages["arrival"]
        kept: dict[int, Document] = {}
        rejected: dict[int, Rejection] = {}
        for n in np.flatnonzero(~accepted).tolist():
            entry = stages.as_logentry(messages["wire"][n].as_py(), arrival[n].as_py())
            outcome = self.exactly(entry)
            if isinstance(outcome, Document):
                kept[n] = outcome
            else:
                rejected[n] = outcome
        accepted[list(kept)] = True
        others = self.table.rows(kept.values(), arrival.take(_positions(kept)))
        in_order = np.argsort([*places, *kept])
        live = pa.concat_batches([rows, others]).take(pa.array(in_order, pa.int64()))
        return _Slice(live, _errors(messages, rejected), pa.array(accepted))


class _Slice(NamedTuple):
    live: pa.RecordBatch
    errors: pa.RecordBatch
    accepted: pa.Array


def _positions(rows: Iterable[int]) -> pa.Array:
    return pa.array(list(rows), pa.int64())


def _errors(messages: pa.RecordBatch, rejected: Mapping[int, Rejection]) -> pa.RecordBatch:
    those = messages.take(_positions(rejected))
    told = [
        pa.array([getattr(each, name) for each in rejected.values()], pa.string())
        for name in ("stage", "error_type", "message", "pointer", "document_id")
    ]
    lines = [without_personal_data(line) for line in those["wire"].to_pylist()]
    columns = [those["arrival"].cast(TIMESTAMP), *told, pa.array(lines, pa.binary())]
    return pa.record_batch(columns, schema=ERRORS)


@contextmanager
def gc_paused() -> Iterator[None]:
    """Keeps the garbage collector from walking through a batch's many small objects, over and over:
    none of them is part of a cycle, and all go when the batch is done."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def decoder(
    registry: Registry, ping: str, application: str, language: Language = "python"
) -> Decoder:
    """The decoder of a ping; the same one as long as the registry's files do not change."""
    return _decoder(registry, ping, application, language, registry.digest)


@lru_cache(maxsize=16)
def _decoder(
    registry: Registry, ping: str, application: str, language: Language, _digest: str
) -> Decoder:
    return Decoder(registry, ping, application, language)
