"""Option C: StatsD servers, one on each host, and InfluxDB."""

from __future__ import annotations

from dauexp.options import Option
from dauexp.options.statsd.aggregator import Aggregator, Settings, aggregate
from dauexp.options.statsd.counter import Counter
from dauexp.options.statsd.field import Field
from dauexp.options.statsd.sets import SetPerFlush
from dauexp.options.statsd.tag import Tag

__all__ = ["OPTION", "Aggregator", "Settings", "aggregate"]

OPTION = Option(
    id="statsd",
    letter="C",
    title="StatsD and InfluxDB",
    strategies=(Counter, SetPerFlush, Field, Tag),
)
"""The option, as `dauexp.options` finds it."""
