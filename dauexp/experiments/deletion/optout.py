"""Who opts out, and the traffic with and without them.

A deletion request carries the hash of a device, as the service makes it, and the service knows
whose it is. What the device sent before is to be deleted; after it nothing is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dauexp.randomness import Purpose, generator
from dauexp.scenario import Scenario
from dauexp.tables import DAY
from dauexp.traffic.source import Batch, Simulated, Source, dated

SHARE: Final = 0.05
"""The share of devices whose users opt out."""

FIRST_DAY: Final = 7
"""The day (offset) from which requests for deletion come, each at a random time."""


class Device(NamedTuple):
    """A device: its user's hash, and its own under per-device ids."""

    owner: str
    device: str


class Traffic(NamedTuple):
    """The same traffic twice: as the service sees it, and by device."""

    seen: Source
    """With the ids of the scenario."""
    by_device: Source
    """With an id for each device, whatever the scenario says."""


def traffic(scenario: Scenario) -> Traffic:
    """The simulated traffic of a scenario."""
    identity = scenario.identity.model_copy(update={"device_id": "per-device"})
    return Traffic(
        Simulated(scenario), Simulated(scenario.model_copy(update={"identity": identity}))
    )


def opting_out(scenario: Scenario, source: Source) -> dict[Device, int]:
    """The devices whose users opt out, each with the time (ms since the epoch) of the request:
    `SHARE` of all devices of `source` (by device) seen, at random times from `FIRST_DAY` on."""
    seen = sorted({device for _, batch in dated(source) for device in _devices(batch)})
    random = generator(scenario.seed, Purpose.OPT_OUT, 0)
    chosen = random.choice(len(seen), max(1, round(SHARE * len(seen))), replace=False)
    midnight = (source.days[0] - date(1970, 1, 1)).days * DAY
    times = midnight + random.integers(FIRST_DAY * DAY, len(source.days) * DAY, len(chosen))
    return {seen[n]: time for n, time in zip(chosen.tolist(), times.tolist(), strict=True)}


class Without:
    """Traffic without what some devices send from a time on."""

    def __init__(self, of: Traffic, until: Mapping[Device, int]) -> None:
        """`until` says, for each device, the time (ms since the epoch) from which it is silent."""
        self._of = of
        self._until = until
        self.days: Sequence[date] = of.seen.days
        self.blocks = of.seen.blocks
        self.earlier = of.seen.earlier

    def batches(self, block: int, day: int) -> Iterator[Batch]:
        """See `dauexp.traffic.source.Source`. Ordinals are those of what is left."""
        ordinal = 0
        pairs = zip(
            self._of.seen.batches(block, day), self._of.by_device.batches(block, day), strict=True
        )
        for seen, by_device in pairs:
            kept = self._kept(by_device.observations)
            left = seen.observations.filter(pa.array(kept))
            ordinals = pa.array(np.arange(ordinal, ordinal + len(left), dtype=np.int64))
            yield Batch(left.set_column(0, left.schema.field(0), ordinals), None)
            ordinal += len(left)

    def _kept(self, by_device: pa.RecordBatch) -> npt.NDArray[np.bool_]:
        never = np.iinfo(np.int64).max
        until = np.array([self._until.get(each, never) for each in _devices(by_device)], np.int64)
        return np.asarray(by_device["time"].cast(pa.int64()).to_numpy() < until)


def ids_to_vanish(of: Traffic, asked: Iterable[Device]) -> tuple[set[str], set[str]]:
    """The hashes that the requests carry, as the service sees the devices, and those of the users
    of whom no device is left."""
    gone, carried, staying = set(asked), set(), set()
    for (_, seen), (_, by_device) in zip(dated(of.seen), dated(of.by_device), strict=True):
        for device, mine in zip(_devices(by_device), _devices(seen), strict=True):
            if device in gone:
                carried.add(mine.device)
            else:
                staying.add(device.owner)
    return carried, {device.owner for device in gone} - staying


def daily_users(source: Source) -> float:
    """The exact daily active users, as a mean over the days."""
    active = {
        (day, user)
        for day, batch in dated(source)
        for user in batch["hashed_fxa_uid"].cast(pa.string()).to_pylist()
    }
    return len(active) / len(source.days)


def requests(source: Source) -> int:
    """How many requests there are."""
    return sum(len(batch) for _, batch in dated(source))


def _devices(observations: pa.RecordBatch) -> list[Device]:
    columns = (
        observations[name].cast(pa.string()).to_pylist()
        for name in ("hashed_fxa_uid", "hashed_device_id")
    )
    return [Device(*pair) for pair in zip(*columns, strict=True)]
