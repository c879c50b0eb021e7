"""A StatsD server without a socket, on a virtual clock: what Telegraf's `inputs.statsd` keeps
between two flushes, and what it writes when it flushes.

This is the general path, a packet at a time, for every kind of metric. `columns` does the same for
whole batches and is held equal to it by tests. Source: influxdata/telegraf, plugins/inputs/statsd.
"""

from __future__ import annotations

import math
import statistics
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar, cast

import numpy as np
import numpy.typing as npt

from dauexp.options.statsd.line_protocol import Point, Value, write
from dauexp.options.statsd.packets import Kind, Metric, parse

Series = tuple[str, tuple[tuple[str, str], ...]]
"""A name and its tags, sorted by key."""

Time = TypeVar("Time", int, npt.NDArray[np.int64])

MEDIAN_VALUES = 1000
"""How many of the latest values of a timing its median is of, as in Telegraf."""


@dataclass(frozen=True)
class Settings:
    """What a StatsD server can be told; the defaults are Telegraf's."""

    dogstatsd: bool = False
    """Read DogStatsD tags, `datadog_extensions`."""
    keep: frozenset[Kind] = frozenset()
    """Kinds that a flush does not clear, `delete_counters = false` and the like: they are written
    again with every flush; counts, sets and timings go on from there."""


TELEGRAF = Settings()
"""Telegraf's defaults."""


MOST_TIMES = 2.0**63
"""From here on Go makes a negative int of a float, on the usual processors."""


@dataclass
class Timing:
    """Running statistics of the values of a timing or histogram; without any, all are 0."""

    first: float = 0.0
    count: int = 0
    total: float = 0.0
    lower: float = 0.0
    upper: float = 0.0
    deviation: float = 0.0
    squares: float = 0.0
    latest: deque[float] = field(default_factory=lambda: deque(maxlen=MEDIAN_VALUES))

    def add(self, value: float, times: int) -> None:
        """Takes in one value, that many times."""
        if not times:
            return
        if not self.count:
            self.first = self.lower = self.upper = value
        self.count += times
        self.total += value * times
        self.lower = min(self.lower, value)
        self.upper = max(self.upper, value)
        away = value - self.first
        self.deviation += away * times
        self.squares += away * away * times  # a power of a float raises where a product is infinite
        self.latest.extend([value] * min(times, MEDIAN_VALUES))

    def fields(self) -> dict[str, Value]:
        """The fields that Telegraf writes; the deviation is that of the population. What is no
        number is not written: the mean and the deviation of no value at all, and what is beyond
        the range of a float."""
        fields: dict[str, float | int] = {
            "count": self.count,
            "lower": self.lower,
            "median": statistics.median(self.latest or [0.0]),
            "sum": self.total,
            "upper": self.upper,
        }
        if self.count:
            squared = self.deviation * self.deviation / self.count
            variance = (self.squares - squared) / self.count
            fields["mean"] = self.first + self.deviation / self.count
            fields["stddev"] = math.sqrt(max(variance, 0.0))
        return {name: value for name, value in fields.items() if math.isfinite(value)}


class Aggregator:
    """What one StatsD server keeps between two flushes."""

    def __init__(
        self, settings: Settings = TELEGRAF, tags: Mapping[str, str] | None = None
    ) -> None:
        """`tags` are added to every point, as Telegraf adds the tag `host`."""
        self.settings = settings
        self.tags = dict(tags or {})
        self.malformed = 0
        """Lines so far of which nothing counted."""
        self._counters: dict[Series, int] = {}
        self._gauges: dict[Series, float] = {}
        self._sets: dict[Series, set[bytes]] = {}
        self._timings: dict[Series, Timing] = {}

    def receive(self, packet: bytes) -> bool:
        """Takes in a packet; whether anything of it counted."""
        readings = parse(packet, dogstatsd=self.settings.dogstatsd)
        self.malformed += sum(reading.malformed for reading in readings)
        for reading in readings:
            for metric in reading.metrics:
                self.add(metric)
        return any(reading.metrics for reading in readings)

    def add(self, metric: Metric) -> None:
        """Takes in one metric. A distribution, an extension of DogStatsD's, leaves nothing."""
        series = (metric.name, metric.tags)
        match metric.kind:
            case "counter":
                total = self._counters.get(series, 0) + cast("int", metric.value)
                self._counters[series] = (total + 2**63) % 2**64 - 2**63  # 64 bits, as in Go
            case "gauge":
                before = self._gauges.get(series, 0.0) if metric.delta else 0.0
                self._gauges[series] = before + cast("float", metric.value)
            case "set":
                self._sets.setdefault(series, set()).add(cast("bytes", metric.value))
            case "timing" | "histogram":
                self._add_timing(series, cast("float", metric.value), metric.rate)

    def _add_timing(self, series: Series, value: float, rate: float) -> None:
        """A sampled value counts int(1/rate) times, so one with a rate above 1 not at all, nor one
        whose rate is so small that Go's int does not hold the times; but its series is there."""
        exact = 1 / rate if rate > 0 else 1.0
        times = int(exact) if exact < MOST_TIMES else 0
        self._timings.setdefault(series, Timing()).add(value, times)

    def flush(self, time: int | None = None) -> list[Point]:
        """The points of all that is kept, sorted by measurement and tags; clears it."""
        fields: list[tuple[Series, Mapping[str, Value]]] = [
            *((series, {"value": total}) for series, total in self._counters.items()),
            *((series, {"value": level}) for series, level in self._gauges.items()),
            *((series, {"value": len(members)}) for series, members in self._sets.items()),
            *((series, timing.fields()) for series, timing in self._timings.items()),
        ]
        points = [
            Point(name, {**self.tags, **dict(tags)}, values, time)
            for (name, tags), values in fields
        ]
        self._clear(self.settings.keep)
        return sorted(points, key=lambda point: (point.measurement, sorted(point.tags.items())))

    def restart(self) -> None:
        """Loses what was not flushed, as a server that is restarted does."""
        self._clear(frozenset())

    def _clear(self, keep: frozenset[Kind]) -> None:
        for kind, kept in (
            ("counter", self._counters),
            ("gauge", self._gauges),
            ("set", self._sets),
            ("timing", self._timings),
        ):
            if kind not in keep:
                cast("dict[Series, object]", kept).clear()


class Server:
    """An aggregator with a clock: it flushes at every multiple of the interval since the epoch.

    A flush holds what arrived in [k * interval, (k + 1) * interval) and carries the time of its
    end, as Telegraf's does (which rounds the time of a flush to the second, being late by less).
    A flush at midnight thus belongs to the day that begins, though its requests do not: queries
    take the day of the moment before a flush.
    """

    def __init__(self, aggregator: Aggregator, interval: int, start: int) -> None:
        """`interval` and `start` are in milliseconds; the clock begins at `start`."""
        self.aggregator = aggregator
        self.interval = interval
        self._next = flush_time(start, interval)

    def receive(self, packet: bytes, arrival: int) -> Iterator[Point]:
        """The points of the flushes up to the arrival of a packet, in milliseconds since the
        epoch; then takes in the packet. Iterate to the end."""
        yield from self.advance(arrival)
        self.aggregator.receive(packet)

    def advance(self, now: int) -> Iterator[Point]:
        """The points of all flushes up to `now`, at which the clock then stands."""
        while self._next <= now:
            yield from self.aggregator.flush(self._next)
            self._next += self.interval


def flush_time(arrival: Time, interval: int) -> Time:
    """The time of the flush that a packet is part of: the end of its window; of one or of many."""
    return (arrival // interval + 1) * interval


def aggregate(
    packets: Iterable[bytes], time: int | None = None, aggregator: Aggregator | None = None
) -> Iterator[bytes]:
    """The lines of one flush from StatsD packets, in Telegraf's form and sorted.

    Takes one packet an element, and an optional time in nanoseconds. Give an aggregator for other
    settings than Telegraf's defaults, and to read from it afterwards how many lines were
    `malformed`. Keeps nothing but the metrics themselves.
    """
    aggregator = aggregator or Aggregator()
    for packet in packets:
        aggregator.receive(packet)
    for point in aggregator.flush(time):
        line = write(point)
        if line:
            yield line.encode()
