"""The strategy `counter`: requests are counted, users estimated."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pyarrow as pa
import statsd

from dauexp.options.statsd.columns import BatchAggregator
from dauexp.options.statsd.strategies import StatsdStrategy
from dauexp.traffic.truth import WINDOWS, Calibration
from dauexp.traffic.useragent import DEVICE_FAMILIES, PLATFORMS


class CountingStrategy(StatsdStrategy):
    """A strategy that sends counters."""

    @property
    def together(self) -> str:
        """Counts add up."""
        return "sum(value)::BIGINT"

    def flushed(self, aggregator: BatchAggregator) -> pa.Table:
        """The counts."""
        return aggregator.counts()


class Counter(CountingStrategy):
    """Requests are counted; users are estimated from requests per user of an earlier period."""

    name = "counter"
    summary = "counts requests; users estimated from requests per user of an earlier period"
    measurement_name = "requests"

    def send(self, client: statsd.StatsClient, names: list[str], users: list[str]) -> None:
        """A counter goes up by one; of the user nothing is sent."""
        del users
        for name in names:
            client.incr(name)

    def constants(self, calibration: Calibration) -> Mapping[str, float]:
        """Requests per user: `requests_per_user_1d`, `_7d`, `_28d`, and for each of them
        `_PLATFORM` and `_device_family_NAME`. 0 where the earlier period had no such user."""
        segments = [*PLATFORMS, *(f"device_family_{name}" for name in DEVICE_FAMILIES)]
        known = {f"{days}d": (days, "all") for days in WINDOWS.values()}
        known |= {
            f"{days}d_{segment}": (days, segment)
            for days in WINDOWS.values()
            for segment in segments
        }
        means = {name: calibration.requests_per_user(*key) for name, key in known.items()}
        return {
            f"requests_per_user_{name}": 0.0 if math.isnan(mean) else mean
            for name, mean in means.items()
        }
