"""The faults of a run: what can go wrong between emission and collection, a class each."""

from __future__ import annotations

from collections.abc import Iterator

from dauexp.faults.base import Fault
from dauexp.faults.damage import Malformed, Truncated
from dauexp.faults.hosts import ServerRestart, Skew
from dauexp.faults.loss import Burst, Loss, Restart
from dauexp.faults.timing import Delay, Duplication, Reorder
from dauexp.parameters import Parameters

__all__ = [
    "Burst",
    "Delay",
    "Duplication",
    "Fault",
    "Faults",
    "Loss",
    "Malformed",
    "Reorder",
    "Restart",
    "ServerRestart",
    "Skew",
    "Truncated",
]


class Faults(Parameters):
    """All faults; by default there are none. Those of the channel strike in this order."""

    skew: Skew = Skew()
    restart: Restart = Restart()
    malformed: Malformed = Malformed()
    truncated: Truncated = Truncated()
    loss: Loss = Loss()
    burst: Burst = Burst()
    duplication: Duplication = Duplication()
    delay: Delay = Delay()
    reorder: Reorder = Reorder()
    statsd_restart: ServerRestart = ServerRestart()

    def of_the_channel(self) -> Iterator[Fault]:
        """The faults that are active on the way from emission to collection, in order."""
        for name in type(self).model_fields:
            fault = getattr(self, name)
            if isinstance(fault, Fault) and fault.active:
                yield fault
