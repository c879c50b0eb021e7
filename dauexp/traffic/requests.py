"""The requests of simulated users, block by block and day by day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dauexp.randomness import Purpose, generator
from dauexp.tables import REQUESTS, TIME
from dauexp.traffic.laws import RequestsPerDay
from dauexp.traffic.parameters import Clock, Traffic
from dauexp.traffic.population import Population, cumulative, population
from dauexp.traffic.useragent import DEVICE_FAMILIES, PLATFORMS, catalogue

HOUR = 3_600_000
DAY = 24 * HOUR
_EPOCH = date(1970, 1, 1)
_TABLE = 1 << 16
"""Random hosts and devices are drawn with 16 bits, times with 32 (16 choose a quantile)."""


class Simulator:
    """A source of requests for the parameters `traffic` and a seed.

    Any block and day can be made on its own, and always comes out the same.
    """

    def __init__(self, traffic: Traffic, seed: int) -> None:
        self.traffic = traffic
        self.seed = seed
        self.days = traffic.calendar
        self.blocks = traffic.blocks
        self._latest: tuple[int, Population] | None = None

    def population(self, block: int) -> Population:
        """The users of a block; those of the latest block are kept."""
        if self._latest is None or self._latest[0] != block:
            self._latest = (block, population(self.traffic, self.seed, block))
        return self._latest[1]

    def requests(self, block: int, day: int) -> Iterator[pa.RecordBatch]:
        """Batches of `dauexp.tables.REQUESTS`, in order of time.

        `day` is the offset from the first day; those of the earlier period can be had too. All
        batches of a block, on all days, share their dictionaries.
        """
        people = self.population(block)
        random = generator(self.seed, Purpose.REQUESTS, block, day)
        user = self._active(people, day, random)
        user = np.repeat(user, _requests(self.traffic.law_on(day), len(user), random))
        bits = random.integers(0, 1 << 63, len(user), dtype=np.uint64, endpoint=False) << np.uint64(
            1
        )
        time = self._time_of_day(people.utc_offset[user], bits)
        order = np.argsort(time, kind="stable")
        user, time, bits = user[order], time[order], bits[order]
        device = self._device(people, user, bits)
        agent = people.user_agent[device]
        host = self._host_table[(bits >> np.uint64(16)) & np.uint64(0xFFFF)]
        midnight = ((self.traffic.first_day - _EPOCH).days + day) * DAY
        columns = [
            pa.array(time.astype(np.int64) + midnight).cast(TIME),
            _coded(user, people.uids),
            _coded(device, people.device_ids),
            _coded(agent, self._user_agents),
            _coded(host, self.hosts),
            _coded(self._true_platform[agent], pa.array(PLATFORMS)),
            _coded(self._true_family[agent], pa.array(DEVICE_FAMILIES)),
        ]
        whole = pa.RecordBatch.from_arrays(columns, schema=REQUESTS)
        for start in range(0, len(whole), self.traffic.batch_rows):
            yield whole.slice(start, self.traffic.batch_rows)

    def _active(
        self, people: Population, day: int, random: np.random.Generator
    ) -> npt.NDArray[np.int32]:
        """The users who are active on a day, by their position in the block."""
        chance = people.propensity * self.traffic.activity.weekday[self.traffic.weekday(day)]
        alive = (people.joined <= day) & (day < people.left)
        return np.flatnonzero(alive & (random.random(len(people)) < chance)).astype(np.int32)

    def _time_of_day(
        self, utc_offset: npt.NDArray[np.int8], bits: npt.NDArray[np.uint64]
    ) -> npt.NDArray[np.int32]:
        """Milliseconds since UTC midnight, by the local profile and the users' time zones."""
        start, width = self._quantiles
        quantile = (bits >> np.uint64(48)).astype(np.int32)
        fraction = ((bits >> np.uint64(32)) & np.uint64(0xFFFF)).astype(np.float32) / np.float32(
            _TABLE
        )
        local = start[quantile] + (fraction * width[quantile]).astype(np.int32)
        utc: npt.NDArray[np.int32] = local - utc_offset.astype(np.int32) * np.int32(HOUR)
        utc += np.where(utc < 0, np.int32(DAY), np.int32(0))
        utc -= np.where(utc >= DAY, np.int32(DAY), np.int32(0))
        return utc

    def _device(
        self, people: Population, user: npt.NDArray[np.int32], bits: npt.NDArray[np.uint64]
    ) -> npt.NDArray[np.int32]:
        """The device of each request: the first ones are preferred."""
        liking = self._liking[bits & np.uint64(0xFFFF)]
        nth = (liking * people.devices[user]).astype(np.int32)
        return np.asarray(people.first_device[user] + nth)

    @cached_property
    def hosts(self) -> pa.Array:
        """The names of the hosts."""
        return pa.array([f"sync-{n + 1}" for n in range(self.traffic.hosts.count)])

    @cached_property
    def _host_table(self) -> npt.NDArray[np.int32]:
        weights = self.traffic.hosts.weights or (1.0,) * self.traffic.hosts.count
        return np.searchsorted(
            cumulative(weights), (np.arange(_TABLE) + 0.5) / _TABLE, side="right"
        ).astype(np.int32)

    @cached_property
    def _liking(self) -> npt.NDArray[np.float32]:
        uniform = (np.arange(_TABLE) + 0.5) / _TABLE
        return (uniform**self.traffic.devices.primary).astype(np.float32)

    @cached_property
    def _quantiles(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        return day_quantiles(self.traffic.clock)

    @cached_property
    def _user_agents(self) -> pa.Array:
        return catalogue()["user_agent"].combine_chunks()

    @cached_property
    def _true_platform(self) -> npt.NDArray[np.int32]:
        return _positions(catalogue()["true_platform"].to_pylist(), PLATFORMS)

    @cached_property
    def _true_family(self) -> npt.NDArray[np.int32]:
        return _positions(catalogue()["true_device_family"].to_pylist(), DEVICE_FAMILIES)


def day_quantiles(clock: Clock) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """The local day cut into 2^16 parts of equal probability under the profile: the start of each
    part and its width, in milliseconds. Within an hour the rate is constant."""
    edges = np.concatenate([[0.0], cumulative(clock.profile)])
    knots = np.interp(np.arange(_TABLE + 1) / _TABLE, edges, np.arange(25) * float(HOUR))
    start = np.floor(knots[:-1])
    return start.astype(np.int32), np.maximum(knots[1:] - start - 1, 0).astype(np.float32)


def _requests(
    law: RequestsPerDay, users: int, random: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Requests of each active user: 1 + floor(Lomax), at most the maximum."""
    more = law.scale * np.expm1(-np.log1p(-random.random(users)) / law.shape)
    return 1 + np.minimum(more, law.maximum - 1).astype(np.int64)


def _coded(indices: npt.NDArray[np.int32], dictionary: pa.Array) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(indices, pa.int32()), dictionary, safe=False)


def _positions(values: list[str], among: tuple[str, ...]) -> npt.NDArray[np.int32]:
    return np.asarray([among.index(value) for value in values], np.int32)
