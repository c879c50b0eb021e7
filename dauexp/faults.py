"""The faults of a run. Each is one class: its parameters, what it draws, and what it does.

A fault draws one number a request, not a message, from the seed alone and in the order of the
requests. So all options meet the same fate for the same request, and their comparison is paired.
A draw of 1 (`UNHARMED`) leaves a message alone.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import Annotated, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import AwareDatetime, Field

from dauexp.parameters import Parameters, parameter
from dauexp.randomness import Purpose
from dauexp.tables import DAY, TIME

Rate = Annotated[float, Field(ge=0, le=1)]
Booleans = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Millis = npt.NDArray[np.int64]

UNHARMED = 1.0

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


class Malformed(Chance):
    """One byte of a message is overwritten by a byte that no UTF-8 text has."""

    purpose = Purpose.MALFORMED

    def strike(self, messages: pa.RecordBatch, drawn: Floats) -> Struck:
        """Damages the byte that is as far into the message as the draw is into the rate."""
        return _rewritten(messages, drawn / self.rate, "damaged", _overwritten)


class Truncated(Chance):
    """A message is cut short."""

    purpose = Purpose.TRUNCATED

    def strike(self, messages: pa.RecordBatch, drawn: Floats) -> Struck:
        """Cuts at the byte that is as far into the message as the draw is into the rate."""
        return _rewritten(messages, drawn / self.rate, "truncated", _cut)


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


def later(batch: pa.RecordBatch, column: str, wait: Millis) -> pa.RecordBatch:
    """The batch with a column of times moved by so many milliseconds."""
    moved_times = pa.array(batch[column].cast(pa.int64()).to_numpy() + wait).cast(TIME)
    field = batch.schema.get_field_index(column)
    return batch.set_column(field, batch.schema.field(field), moved_times)


def _lost(messages: pa.RecordBatch, lost: Booleans) -> Struck:
    return Struck(messages.filter(pa.array(~lost)), (("lost", messages.filter(pa.array(lost))),))


def _rewritten(
    messages: pa.RecordBatch, place: Floats, account: str, change: Callable[[bytes, int], bytes]
) -> Struck:
    """Changes the bytes of the messages whose place, a fraction of their length, is below 1."""
    hit = np.flatnonzero(place < 1)
    wire = messages["wire"].to_pylist()
    for row in hit:
        wire[row] = change(wire[row], int(place[row] * len(wire[row])))
    field = messages.schema.get_field_index("wire")
    changed = messages.set_column(field, messages.schema.field(field), pa.array(wire, pa.binary()))
    return Struck(changed, ((account, messages.take(pa.array(hit))),))


def _overwritten(wire: bytes, at: int) -> bytes:
    return wire[:at] + b"\xff" + wire[at + 1 :]


def _cut(wire: bytes, at: int) -> bytes:
    return wire[:at]
