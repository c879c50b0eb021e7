"""A way from an option's real emitter to a real receiver that tells what reached it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple, TypeVar

Row = TypeVar("Row")


class Received(NamedTuple):
    """What a receiver says in the end."""

    requests: int
    """Those that reached it and were counted, or ingested."""
    kernel_drops: int | None
    """Packets for which its socket had no room; None for a pipe, which blocks instead."""
    cpu_seconds: float
    peak_bytes: int | None
    """The most resident memory that its process had; None where the system does not tell it."""


class Way(ABC):
    """A way from emitter to receiver."""

    receiver: str
    """The name of what receives."""

    @abstractmethod
    def send(self, first: int, last: int) -> None:
        """Emits the requests [first, last), of an endless round of them, and hands them over."""

    def emitter_cpu_seconds(self) -> float:
        """CPU time so far of processes of the emitter's own."""
        return 0.0

    @abstractmethod
    def finish(self) -> Received:
        """Waits until the receiver has read what reached it."""


def around(rows: list[Row], first: int, last: int) -> list[Row]:
    """The rows [first, last) of an endless round of them."""
    start, size = first % len(rows), last - first
    if start + size <= len(rows):
        return rows[start : start + size]
    return [rows[number % len(rows)] for number in range(first, last)]
