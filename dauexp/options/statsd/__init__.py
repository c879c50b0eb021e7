"""Option C: StatsD servers, one on each host, and InfluxDB."""

from __future__ import annotations

from dauexp.options import Option
from dauexp.options.statsd.aggregator import Aggregator, Settings, aggregate
from dauexp.options.statsd.counter import Counter
from dauexp.options.statsd.field import Field
from dauexp.options.statsd.sets import DailySet, Sampled, SetPerFlush
from dauexp.options.statsd.sketch import Sketch
from dauexp.options.statsd.tag import Tag

__all__ = ["OPTION", "Aggregator", "Settings", "aggregate"]

OPTION = Option(
    id="statsd",
    letter="C",
    title="StatsD and InfluxDB",
    strategies=(Counter, SetPerFlush, DailySet, Sampled, Tag, Field, Sketch),
)
"""The option, as `dauexp.options` finds it."""
