"""Strategies that hand requests to an emitter, whatever language that is in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Protocol

import pyarrow as pa

from dauexp.ingest.strategy import IngestedStrategy, Logged, logged


class Emitter(Protocol):
    """What writes the lines of a service."""

    @property
    def processes(self) -> Sequence[int]:
        """The ids of the processes that it runs."""
        ...

    def wire(self, observations: pa.RecordBatch) -> pa.Array:
        """The lines for a batch of OBSERVATIONS, in order, without line ends."""
        ...

    def lines(self, requests: Iterable[Logged]) -> list[bytes]:
        """The lines for some requests, in order, without line ends."""
        ...


class InProcess(ABC):
    """An emitter whose logger is called in this process."""

    @property
    def processes(self) -> Sequence[int]:
        """None beside this one."""
        return ()

    def wire(self, observations: pa.RecordBatch) -> pa.Array:
        """The lines for a batch of OBSERVATIONS, in order, without line ends."""
        return logged(self.lines, observations)

    @abstractmethod
    def lines(self, requests: Iterable[Logged]) -> list[bytes]:
        """The lines for some requests, in order, without line ends."""


class EmitterStrategy(IngestedStrategy):
    """A strategy whose lines are those of its emitter."""

    @property
    @abstractmethod
    def _emitter(self) -> Emitter: ...

    @property
    def processes(self) -> Sequence[int]:
        """Those that the emitter runs."""
        return self._emitter.processes

    def wire(self, observations: pa.RecordBatch) -> pa.Array:
        """The lines of the emitter for a batch of requests."""
        return self._emitter.wire(observations)

    def log(self, requests: Iterable[Logged]) -> list[bytes]:
        """The lines of the emitter."""
        return self._emitter.lines(requests)
