"""The rules by which InfluxDB keeps points, a write at a time.

A point is a measurement, a tag set and a time. Writing to a point that is there sets its fields:
of two writes to one field the last wins. A field keeps the type it was first written with; a write
of another type is rejected whole. So is one that would make more series, or more values of a tag,
than the limits allow; InfluxDB looks at them once for all points that it is given at once, here
each point is given alone. Source: influxdata/influxdb 1.8, tsdb/shard.go and tsdb/store.go (there
the type of a field is fixed for a shard of time; here for a whole measurement, as in InfluxDB 3).

`settlement` applies the same rules to whole tables and is held equal to this by tests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import pyarrow as pa

from dauexp.options.statsd.line_protocol import PRECISIONS, Point, Unsigned, Value

Reason = Literal[
    "", "field type conflict", "too many series", "too many tag values", "reserved name"
]
"""Why a write is rejected; empty where it is not."""

RESERVED = "time"
"""No tag can have this name; a field of this name is left out."""

ARROW_TYPES: Final[Mapping[type, pa.DataType]] = {
    float: pa.float64(),
    int: pa.int64(),
    Unsigned: pa.uint64(),
    bool: pa.bool_(),
    str: pa.string(),
}
"""The type of a column by the type of its field's values."""

Tags = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Limits:
    """How much an index takes; None is no limit."""

    series: int | None = None
    """`max-series-per-database`; 1,000,000 by default in InfluxDB 1.8 with the index inmem."""
    values_per_tag: int | None = None
    """`max-values-per-tag`; 100,000 by default there. Counted for each measurement and tag."""


UNLIMITED = Limits()


class Index:
    """The series of a database and the values of its tags, which only grow."""

    def __init__(self, limits: Limits = UNLIMITED) -> None:
        self.limits = limits
        self.series: set[tuple[str, Tags]] = set()
        self._values: dict[tuple[str, str], set[str]] = {}

    def admit(self, measurement: str, tags: Tags) -> Reason:
        """Takes in a series, or says why not. A series that is there is always admitted; where
        both limits are reached, that of the values is the reason."""
        if (measurement, tags) in self.series:
            return ""
        most = self.limits.values_per_tag
        counted = () if most is None else tags
        seen = [
            (self._values.setdefault((measurement, key), set()), value) for key, value in counted
        ]
        if any(
            value not in values and len(values) >= most
            for values, value in seen
            if most is not None
        ):
            return "too many tag values"
        if self.limits.series is not None and len(self.series) >= self.limits.series:
            return "too many series"
        self.series.add((measurement, tags))
        for values, value in seen:
            values.add(value)
        return ""


class Points:
    """A database of points in memory."""

    def __init__(self, limits: Limits = UNLIMITED) -> None:
        self.index = Index(limits)
        self.accounts: Counter[str] = Counter()
        """Writes so far that were `stored` (a new point), `overwritten` (fell on one that was
        there) or `rejected`."""
        self._types: dict[tuple[str, str], type] = {}
        self._points: dict[str, dict[tuple[int, Tags], dict[str, Value]]] = {}

    def write(self, point: Point, arrival: int, precision: str = "ns") -> Reason:
        """Writes a point whose time is of a precision; says why, if it is rejected.

        `arrival`, in nanoseconds since the epoch, is the time of a point that has none.
        """
        tags = tuple(sorted((key, value) for key, value in point.tags.items() if value))
        fields = {name: value for name, value in point.fields.items() if name != RESERVED}
        reason = self._objection(point.measurement, tags, fields)
        if reason:
            self.accounts["rejected"] += 1
            return reason
        for name, value in fields.items():
            self._types.setdefault((point.measurement, name), type(value))
        time = arrival if point.time is None else point.time * PRECISIONS[precision]
        rows = self._points.setdefault(point.measurement, {})
        self.accounts["overwritten" if (time, tags) in rows else "stored"] += 1
        rows.setdefault((time, tags), {}).update(fields)
        return ""

    def _objection(self, measurement: str, tags: Tags, fields: Mapping[str, Value]) -> Reason:
        if not fields or any(key == RESERVED for key, _ in tags):
            return "reserved name"
        for name, value in fields.items():
            if self._types.get((measurement, name), type(value)) is not type(value):
                return "field type conflict"
        return self.index.admit(measurement, tags)

    def table(self, measurement: str) -> pa.Table:
        """The columns time (nanoseconds), the tags, the fields; sorted by time and tags. A name
        that is both a tag's and a field's is the column of the tag, and of the field NAME_1."""
        rows = sorted(self._points.get(measurement, {}).items(), key=lambda row: row[0])
        tag_names = sorted({key for (_, tags), _ in rows for key, _ in tags})
        columns = {
            RESERVED: pa.array([time for (time, _), _ in rows], pa.timestamp("ns", tz="UTC"))
        }
        for name in tag_names:
            columns[name] = pa.array([dict(tags).get(name) for (_, tags), _ in rows], pa.string())
        for (owner, name), kind in sorted(self._types.items(), key=lambda item: item[0]):
            if owner == measurement:
                values = pa.array([fields.get(name) for _, fields in rows], ARROW_TYPES[kind])
                columns[f"{name}_1" if name in tag_names else name] = values
        return pa.table(columns)
