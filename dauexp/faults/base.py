"""What every fault is: its parameters, whom it hits, what it draws and does.

A fault draws one number a request, not a message, from the seed alone and in the order of the
requests. So all options meet the same fate for the same request, and their comparison is paired.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Annotated, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import AwareDatetime, Field

from dauexp.parameters import Parameters, parameter
from dauexp.randomness import Purpose
from dauexp.tables import TIME

Rate = Annotated[float, Field(ge=0, le=1)]
Booleans = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Millis = npt.NDArray[np.int64]

UNHARMED = 1.0
"""The draw that leaves a message alone."""

NONE = "a faultless run, unless a fault is asked for"
ALIKE = "all alike, so that the comparison is paired"
GUESS = "assumption: a value to begin with, to be changed"


class Requests(NamedTuple):
    """What a fault may know of a batch of requests: times (ms since the epoch) and hosts."""

    time: Millis
    host: npt.NDArray[np.str_]


class Struck(NamedTuple):
    """Messages after a fault, and what to put in the ledger: accounts with their messages."""

    messages: pa.RecordBatch
    accounts: tuple[tuple[str, pa.RecordBatch], ...] = ()


class Fault(Parameters):
    """A fault of the channel, and whom it hits."""

    purpose: ClassVar[Purpose]

    hosts: tuple[str, ...] = parameter((), "hosts that it hits; none named means all", source=ALIKE)
    options: tuple[str, ...] = parameter(
        (), "options that it hits; none named means all alike", source=ALIKE
    )

    def draws(self, random: np.random.Generator) -> Callable[[Requests], Floats]:
        """Draws for one batch of requests after the other: uniform in [0, 1)."""
        return lambda requests: random.random(len(requests.time))

    @property
    @abstractmethod
    def active(self) -> bool:
        """Whether it can do anything at all."""

    @abstractmethod
    def strike(self, messages: pa.RecordBatch, drawn: Floats) -> Struck:
        """What it does to messages; `drawn` has one number for each."""


class Chance(Fault):
    """A fault that hits each request with the same probability, independently."""

    rate: Rate = parameter(0.0, "probability that it hits the message of a request", source=NONE)

    @property
    def active(self) -> bool:
        """Whether the rate is above 0."""
        return self.rate > 0


class Downtime:
    """From when to when something is down, in milliseconds since the epoch."""

    def __init__(self, at: AwareDatetime | None, seconds: float) -> None:
        self.start = round(1000 * at.timestamp()) if at else 0
        self.end = self.start + round(1000 * seconds)

    def covers(self, time: Millis) -> Booleans:
        """Which times fall in it."""
        return (time >= self.start) & (time < self.end)


def named(hosts: pa.Array, names: tuple[str, ...]) -> Booleans:
    """Which hosts are among the names; with no names, all."""
    if not names:
        return np.ones(len(hosts), bool)
    return np.asarray(pc.is_in(hosts.cast(pa.string()), value_set=pa.array(names)))


def later(batch: pa.RecordBatch, column: str, wait: Millis) -> pa.RecordBatch:
    """The batch with a column of times moved by so many milliseconds."""
    moved_times = pa.array(batch[column].cast(pa.int64()).to_numpy() + wait).cast(TIME)
    field = batch.schema.get_field_index(column)
    return batch.set_column(field, batch.schema.field(field), moved_times)
