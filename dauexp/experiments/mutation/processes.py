"""Code of a team at work: a process on each host, started anew each day, on the simulated clock."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from types import CodeType, ModuleType
from typing import Any, Self

import pyarrow as pa

from dauexp.ingest.strategy import Logged
from dauexp.tables import MESSAGES

HOSTS_ZONE = timezone(timedelta(hours=-8))
"""What the clocks on the wall of the hosts show: eight hours behind UTC, as Oregon's in winter."""


class Clock:
    """The time of the request at hand."""

    def __init__(self) -> None:
        self.milliseconds = 0
        """Since the epoch."""

    @property
    def datetime(self) -> type[datetime]:
        """`datetime.datetime`, but for its `now`."""
        clock = self

        class Simulated(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Self:
                moment = cls.fromtimestamp(clock.milliseconds / 1000, tz or HOSTS_ZONE)
                return moment if tz else moment.replace(tzinfo=None)

        return Simulated


def module_of(name: str, source: str, clock: Clock) -> ModuleType:
    """A module made of a source, for which it is what the clock says."""
    module = ModuleType(f"dauexp_changed_{name}")
    sys.modules[module.__name__] = module  # where dataclasses look up what annotations mean
    try:
        exec(_compiled(name, source), module.__dict__)  # noqa: S102 - it is there to be run
    finally:
        del sys.modules[module.__name__]
    if "datetime" in module.__dict__:
        module.__dict__["datetime"] = clock.datetime
    return module


@lru_cache(maxsize=16)
def _compiled(name: str, source: str) -> CodeType:
    return compile(source, name, "exec", dont_inherit=True)


class Request:
    """A request as a service knows it, with where and when it came in."""

    __slots__ = ("host", "logged", "milliseconds")

    def __init__(self, milliseconds: int, host: str, logged: Logged) -> None:
        self.milliseconds = milliseconds
        self.host = host
        self.logged = logged


Process = Callable[[Request], Iterable[bytes]]
"""Serves a request: the messages that it sends meanwhile."""


def served(
    observations: pa.RecordBatch,
    processes: dict[str, Process],
    start: Callable[[], Process],
    clock: Clock,
) -> pa.RecordBatch:
    """What the processes of all hosts send: a batch of MESSAGES, any number for a request.

    `start` starts a process on a host that has none in `processes` yet.
    """
    columns = [observations[name].cast(pa.string()).to_pylist() for name in Logged._fields]
    times = observations["time"].cast(pa.int64()).to_pylist()
    hosts = observations["host"].cast(pa.string()).to_pylist()
    rows: list[int] = []
    wire: list[bytes] = []
    for row, (time, host, *values) in enumerate(zip(times, hosts, *columns, strict=True)):
        if host not in processes:
            processes[host] = start()
        clock.milliseconds = time
        sent = processes[host](Request(time, host, Logged._make(values)))
        wire += sent
        rows += [row] * (len(wire) - len(rows))
    place = pa.array(rows, pa.int64())
    those = [observations[name].take(place) for name in ("ordinal", "time", "host")]
    return pa.record_batch([*those, pa.array(wire, pa.binary())], MESSAGES)


def lines(written: Any) -> list[bytes]:
    """The lines that a log agent reads of what a service wrote to its standard output."""
    return [line.encode() for line in (written or "").split("\n") if line]
