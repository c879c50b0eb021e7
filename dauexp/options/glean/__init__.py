"""Option A: Glean, by server code that glean_parser generates from metrics.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Final

import pyarrow as pa

from dauexp.ingest.registry import Registry
from dauexp.ingest.strategy import IngestedStrategy, Logged
from dauexp.options import Option
from dauexp.options.glean.emitter import PythonEmitter
from dauexp.options.glean.rustemitter import RustEmitter
from dauexp.tables import MESSAGES

FOLDER: Final = Path(__file__).parent
REGISTRY: Final = Registry((FOLDER / "metrics.yaml", FOLDER / "pings.yaml"))
QUERIES: Final = FOLDER / "queries"


class GleanEvents(IngestedStrategy):
    """The event `syncstorage.get_collections` in the `events` ping, logged by generated code."""

    name: ClassVar[str] = "events"
    summary: ClassVar[str] = (
        "one Glean events ping a request, logged by code that glean_parser generates"
    )
    registry: ClassVar[Registry] = REGISTRY

    @property
    def queries(self) -> Path:
        """BigQuery SQL on the stable table."""
        return QUERIES

    @cached_property
    def _emitter(self) -> PythonEmitter | RustEmitter:
        glean = self.scenario.glean
        emitter = RustEmitter if glean.emitter == "rust" else PythonEmitter
        return emitter(REGISTRY, glean)

    @property
    def processes(self) -> Sequence[int]:
        """The Rust emitter's, where it emits."""
        return (self._emitter.process,) if isinstance(self._emitter, RustEmitter) else ()

    def emit(self, observations: pa.RecordBatch) -> pa.RecordBatch:
        """One line a request. The Rust emitter takes columns as they are."""
        if isinstance(self._emitter, PythonEmitter):
            return super().emit(observations)
        wire = self._emitter.wire(observations)
        when_and_where = [observations[name] for name in ("ordinal", "time", "host")]
        return pa.record_batch([*when_and_where, wire], MESSAGES)

    def log(self, requests: Iterable[Logged]) -> list[bytes]:
        """The lines of the generated logger."""
        return self._emitter.lines(requests)


OPTION: Final = Option(
    id="glean", letter="A", title="Glean by glean_parser", strategies=[GleanEvents]
)
