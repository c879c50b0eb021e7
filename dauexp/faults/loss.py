"""Faults by which messages are lost."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
from pydantic import AwareDatetime

from dauexp.faults.base import (
    GUESS,
    NONE,
    UNHARMED,
    Booleans,
    Chance,
    Downtime,
    Fault,
    Floats,
    Rate,
    Requests,
    Struck,
)
from dauexp.parameters import parameter
from dauexp.randomness import Purpose


class Restart(Fault):
    """The emitter is down for a while: what it would have sent is lost."""

    purpose = Purpose.RESTART
    at: AwareDatetime | None = parameter(
        None, "when the emitter goes down; none means never", source=NONE
    )
    down_seconds: float = parameter(
        30.0, "how long it is down", unit="s", ge=0, le=86_400, source=NONE
    )

    @property
    def active(self) -> bool:
        """Whether a time is given."""
        return self.at is not None

    def draws(self, random: np.random.Generator) -> Callable[[Requests], Floats]:
        """0 for requests in the time down."""
        del random
        down = Downtime(self.at, self.down_seconds)
        return lambda requests: np.where(down.covers(requests.time), 0.0, UNHARMED)

    def strike(self, messages: pa.RecordBatch, drawn: Floats) -> Struck:
        """Loses what falls in the time down."""
        return _lost(messages, drawn < UNHARMED)


class Loss(Chance):
    """Messages are lost independently of each other."""

    purpose = Purpose.LOSS

    def strike(self, messages: pa.RecordBatch, drawn: Floats) -> Struck:
        """Loses messages."""
        return _lost(messages, drawn < self.rate)


class Burst(Fault):
    """Messages of a host are lost in bursts: a Gilbert-Elliott channel, which is either good or
    bad, and loses what is sent while bad. Each block and day begins good."""

    purpose = Purpose.BURST
    begin: Rate = parameter(
        0.0, "probability, at each request of a host, that good turns bad", source=NONE
    )
    end: float = parameter(
        0.1,
        "probability, at each request of a host, that bad turns good: bursts of 10 on average",
        gt=0,
        le=1,
        source=GUESS,
    )
    loss: Rate = parameter(
        1.0, "probability that a message is lost while the channel is bad", source=GUESS
    )

    @property
    def active(self) -> bool:
        """Whether the channel ever turns bad."""
        return self.begin > 0

    def draws(self, random: np.random.Generator) -> Callable[[Requests], Floats]:
        """A uniform number where the channel is bad, 1 where it is good."""
        bad: dict[str, bool] = {}

        def draw(requests: Requests) -> Floats:
            steps, fates = random.random((len(requests.time), 2)).T
            drawn = np.full(len(steps), UNHARMED)
            for host in np.unique(requests.host):
                mine = requests.host == host
                states = self.states(steps[mine], began_bad=bad.get(host, False))
                bad[host] = bool(states[-1])
                drawn[mine] = np.where(states, fates[mine], UNHARMED)
            return drawn

        return draw

    def states(self, steps: Floats, *, began_bad: bool) -> Booleans:
        """Whether the channel is bad at each step, from uniform numbers.

        A step below both probabilities turns the channel over; one below only one of them sets it;
        any other leaves it. So the state is that of the last setting, turned over as often as was
        drawn since.
        """
        turned = steps < min(self.begin, self.end)
        set_ = (steps < max(self.begin, self.end)) & ~turned
        set_bad = self.begin > self.end
        position = np.where(set_, np.arange(1, len(steps) + 1), 0)
        last = np.maximum.accumulate(position)
        turns = np.concatenate([[0], np.cumsum(turned)])
        since = turns[1:] - turns[last]
        start = np.where(last > 0, set_bad, began_bad)
        return np.asarray(start ^ (since % 2 == 1))

    def strike(self, messages: pa.RecordBatch, drawn: Floats) -> Struck:
        """Loses messages of bad times."""
        return _lost(messages, drawn < self.loss)


def _lost(messages: pa.RecordBatch, lost: Booleans) -> Struck:
    return Struck(messages.filter(pa.array(~lost)), (("lost", messages.filter(pa.array(lost))),))
