"""The channel between emission and collection: carries messages, with the faults it has."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa

from dauexp import ledger
from dauexp.faults import Fault, Faults
from dauexp.faults.base import UNHARMED, Floats, Requests, later, named
from dauexp.faults.timing import moved
from dauexp.randomness import generator

Fates = tuple[Floats, ...]
"""What each active fault drew for a batch of requests, in the order in which they strike."""


Clock = Literal["host", "collector"]
"""Whose clock says when a message arrived."""


class Delivery(NamedTuple):
    """What came out of the channel (table `MESSAGES`), and the account of it."""

    messages: pa.RecordBatch
    accounts: pa.Table


class Channel:
    """The channel of one block and day: decides fates in the order of the requests, then carries
    the messages of each option by them."""

    def __init__(self, faults: Faults, seed: int, block: int, day: int) -> None:
        self._skew = faults.skew
        self._faults = tuple(faults.of_the_channel())
        self._draws = [
            fault.draws(generator(seed, fault.purpose, block, day)) for fault in self._faults
        ]

    def fates(self, observations: pa.RecordBatch) -> Fates:
        """The fates of the next batch of requests; the same whatever the sizes of the batches."""
        if not self._faults:
            return ()
        requests = Requests(
            observations["time"].cast(pa.int64()).to_numpy(),
            observations["host"].cast(pa.string()).to_numpy(zero_copy_only=False).astype(str),
        )
        return tuple(draw(requests) for draw in self._draws)

    def carry(
        self, option: str, clock: Clock, messages: pa.RecordBatch, fates: Fates, start: int
    ) -> Delivery:
        """Carries the messages of one option for a batch of requests.

        Messages come with an arrival by the clock of their host, and leave with one by `clock`.
        `start` is the ordinal of the first request of the batch, to which `fates` belong.
        """
        skew = self._skew.shift(messages["host"])
        carried = moved(messages, -skew).messages
        accounts = [ledger.tally("emitted", carried)]
        if clock == "host":
            carried, struck = moved(carried, skew)
            accounts += [ledger.tally(account, rows, reason="skew") for account, rows in struck]
        for fault, drawn in zip(self._faults, fates, strict=True):
            carried, struck = fault.strike(carried, _exposed(fault, option, carried, drawn, start))
            reason = type(fault).__name__.lower()
            accounts += [ledger.tally(account, rows, reason=reason) for account, rows in struck]
        accounts.append(ledger.tally("delivered", carried))
        return Delivery(carried, pa.concat_tables(accounts))

    def by_host_clock(self, observations: pa.RecordBatch) -> pa.RecordBatch:
        """The observations with times as the clocks of their hosts say."""
        return later(observations, "time", self._skew.shift(observations["host"]))


def _exposed(
    fault: Fault, option: str, messages: pa.RecordBatch, drawn: Floats, start: int
) -> Floats:
    """The draws for messages, `UNHARMED` where the fault spares their host or option."""
    if fault.options and option not in fault.options:
        return np.full(len(messages), UNHARMED)
    mine = drawn[messages["ordinal"].to_numpy() - start]
    return np.where(named(messages["host"], fault.hosts), mine, UNHARMED)
