"""Faults of hosts and of the servers on them, which are not on the way of messages."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from pydantic import AwareDatetime

from dauexp.faults.base import ALIKE, GUESS, NONE, Booleans, Downtime, Millis, named
from dauexp.parameters import Parameters, parameter


class Skew(Parameters):
    """The clock of some hosts is off. It matters to options that go by the host's clock."""

    seconds: float = parameter(
        0.0, "how far the clock is ahead", unit="s", ge=-86_400, le=86_400, source=NONE
    )
    hosts: tuple[str, ...] = parameter(
        (), "hosts whose clock is off; none named means all", source=ALIKE
    )

    def shift(self, hosts: pa.Array) -> Millis:
        """Milliseconds that the clocks of these hosts are ahead."""
        off = named(hosts, self.hosts)
        return np.where(off, np.int64(round(1000 * self.seconds)), np.int64(0))


class ServerRestart(Parameters):
    """A StatsD server restarts: it forgets what it has not flushed, and hears nothing meanwhile."""

    at: AwareDatetime | None = parameter(
        None, "when the servers restart; none means never", source=NONE
    )
    down_seconds: float = parameter(
        5.0, "how long they are down", unit="s", ge=0, le=86_400, source=GUESS
    )
    hosts: tuple[str, ...] = parameter(
        (), "hosts whose server restarts; none named means all", source=ALIKE
    )

    def forgotten(self, arrival: Millis, hosts: pa.Array, flush: int) -> Booleans:
        """Which messages leave no trace; `flush` is the flush interval in milliseconds."""
        if self.at is None:
            return np.zeros(len(arrival), bool)
        down = Downtime(self.at, self.down_seconds)
        opened = down.start - down.start % flush
        return (arrival >= opened) & (arrival < down.end) & named(hosts, self.hosts)
