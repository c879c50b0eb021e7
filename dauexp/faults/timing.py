"""Faults by which messages arrive late, twice, or out of order."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from dauexp.faults.base import GUESS, Chance, Floats, Millis, Struck, later
from dauexp.parameters import parameter
from dauexp.randomness import Purpose
from dauexp.tables import DAY


class Duplication(Chance):
    """A message is delivered once more, as an at-least-once transport does."""

    purpose = Purpose.DUPLICATION
    after_seconds: float = parameter(
        0.0, "mean time to the second delivery", unit="s", ge=0, source=GUESS
    )

    def strike(self, messages: pa.RecordBatch, drawn: Floats) -> Struck:
        """Adds a copy behind each message that it hits, which arrives later."""
        again = np.flatnonzero(drawn < self.rate)
        copies = messages.take(pa.array(again))
        late = later(copies, "arrival", _exponential(drawn[again] / self.rate, self.after_seconds))
        both = pa.Table.from_batches([messages, late]).combine_chunks().to_batches()
        order = np.argsort(np.concatenate([np.arange(len(messages)), again]), kind="stable")
        whole = both[0] if both else messages
        return Struck(whole.take(pa.array(order)), (("duplicated", late),))


class Delay(Chance):
    """A message arrives late, by an exponentially distributed time."""

    purpose = Purpose.DELAY
    mean_seconds: float = parameter(
        600.0, "mean delay", unit="s", gt=0, le=30 * 86_400, source=GUESS
    )

    def strike(self, messages: pa.RecordBatch, drawn: Floats) -> Struck:
        """Moves arrivals."""
        place = drawn / self.rate
        wait = np.where(place < 1, _exponential(np.minimum(place, 1), self.mean_seconds), 0)
        return moved(messages, wait)


class Reorder(Chance):
    """A message is overtaken by those that follow within a short time."""

    purpose = Purpose.REORDER
    within_seconds: float = parameter(
        2.0, "longest time held back", unit="s", gt=0, le=3600, source=GUESS
    )

    def strike(self, messages: pa.RecordBatch, drawn: Floats) -> Struck:
        """Holds messages back, and puts the batch in the new order of arrival."""
        place = drawn / self.rate
        wait = np.where(place < 1, place * self.within_seconds * 1000, 0).astype(np.int64)
        late, accounts = moved(messages, wait)
        order = np.argsort(late["arrival"].cast(pa.int64()).to_numpy(), kind="stable")
        return Struck(late.take(pa.array(order)), accounts)


def moved(messages: pa.RecordBatch, wait: Millis) -> Struck:
    """The messages with their arrivals moved by so many milliseconds. Those that come to another
    UTC day leave the account of one day and enter that of the other."""
    late = later(messages, "arrival", wait)
    days = [each["arrival"].cast(pa.int64()).to_numpy() // DAY for each in (messages, late)]
    crossing = pa.array(days[0] != days[1])
    return Struck(
        late,
        (("moved_out", messages.filter(crossing)), ("moved_in", late.filter(crossing))),
    )


def _exponential(uniform: Floats, mean_seconds: float) -> Millis:
    return (-np.log1p(-np.minimum(uniform, 1 - 1e-12)) * mean_seconds * 1000).astype(np.int64)
