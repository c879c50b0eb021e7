"""The aggregator at speed: whole batches of packets, as columns.

A packet of one line splits into its head (name and tags), its value, and its tail (type and rate).
Few heads and tails are distinct: each pair is read once, by the same parser as everywhere. Packets
that are not of this form, or are of a kind that depends on order, go through the general path.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dauexp.options.statsd.aggregator import TELEGRAF, Aggregator, Series, Settings, flush_time
from dauexp.options.statsd.line_protocol import Point
from dauexp.options.statsd.packets import Metric, parse, parse_line

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

_TIME = pa.timestamp("ms", tz="UTC")
_FLUSH = [
    pa.field("time", _TIME, nullable=False),
    pa.field("host", pa.string(), nullable=False),
    pa.field("series", pa.int64(), nullable=False),
]
_CELL = [field.name for field in _FLUSH]

COUNTS = pa.schema([*_FLUSH, pa.field("value", pa.int64(), nullable=False)])
"""A counter's sum in the flush at `time` of the server of `host`; `series` is the position in
`BatchAggregator.series`."""

MEMBERS = pa.schema([*_FLUSH, pa.field("member", pa.binary(), nullable=False)])
"""A member of a set in such a flush."""

_OTHER, _COUNTER, _SET = 0, 1, 2
_CODES: Mapping[str, int] = {"counter": _COUNTER, "set": _SET}


class Columns(NamedTuple):
    """The packets of a batch that are one line of one value; element i is packet `row[i]`."""

    row: Integers
    value: pa.BinaryArray
    template: Integers
    """Position in `templates`."""
    templates: Integers
    """Distinct pairs of positions in `heads` and `tails`, of shape (pairs, 2)."""
    heads: list[bytes]
    tails: list[bytes]


def split(wire: pa.BinaryArray) -> Columns:
    """The packets that are `head:value|tail` and nothing else, in columns."""
    colon = pc.split_pattern(wire, b":")
    one_line = pc.equal(pc.find_substring(wire, b"\n"), -1)
    row = _true(pc.and_(pc.equal(pc.list_value_length(colon), 2), one_line))
    colon = colon.take(pa.array(row))
    pipe = pc.split_pattern(pc.list_element(colon, 1), b"|", max_splits=1)
    whole = _true(pc.equal(pc.list_value_length(pipe), 2))
    pipe = pipe.take(pa.array(whole))
    heads = pc.list_element(colon, 0).take(pa.array(whole)).dictionary_encode()
    tails = pc.list_element(pipe, 1).dictionary_encode()
    width = max(len(tails.dictionary), 1)
    pairs = np.asarray(heads.indices, np.int64) * width + np.asarray(tails.indices, np.int64)
    distinct, template = np.unique(pairs, return_inverse=True)
    return Columns(
        row=row[whole],
        value=pc.list_element(pipe, 0),
        template=template.astype(np.int64),
        templates=np.stack(np.divmod(distinct, width), axis=1),
        heads=heads.dictionary.to_pylist(),
        tails=tails.dictionary.to_pylist(),
    )


class BatchAggregator:
    """The StatsD servers of all hosts, fed with batches in any order of hosts and windows.

    All windows stay open until they are asked for, so packets may arrive in any order; the memory
    is that of the distinct set members and of the sums. Nothing is carried from one window to the
    next: `Settings.keep` must be empty.
    """

    def __init__(self, interval: int, settings: Settings = TELEGRAF) -> None:
        """`interval` between flushes in milliseconds."""
        if settings.keep:
            raise ValueError("a batch aggregator keeps nothing over a flush: use a Server a host")
        self.interval = interval
        self.settings = settings
        self.series: list[Series] = []
        """All series so far."""
        self._positions: dict[Series, int] = {}
        self._counts: list[pa.Table] = []
        self._members: list[pa.Table] = []
        self._others: dict[tuple[int, str], Aggregator] = {}

    def add(self, messages: pa.RecordBatch) -> Booleans:
        """Takes in a batch of `dauexp.tables.MESSAGES`. Gives which of them counted."""
        times = flush_times(messages["arrival"], self.interval)
        hosts = messages["host"].cast(pa.string())
        wire = messages["wire"]
        columns = split(wire)
        kinds, series = self._read_templates(columns)
        kind, series = kinds[columns.template], series[columns.template]
        counted = np.zeros(len(wire), np.bool_)
        for code, read in ((_SET, _read_members), (_COUNTER, _read_counts)):
            chosen = np.flatnonzero(kind == code)
            values, accepted = read(columns, chosen, self.settings)
            rows = columns.row[chosen[accepted]]
            counted[rows] = True
            self._keep(times[rows], hosts.take(pa.array(rows)), series[chosen[accepted]], values)
        general = np.ones(len(wire), np.bool_)
        general[columns.row[kind != _OTHER]] = False
        for row in np.flatnonzero(general).tolist():
            counted[row] = self._add_one(wire[row].as_py(), int(times[row]), hosts[row].as_py())
        return counted

    def _read_templates(self, columns: Columns) -> tuple[npt.NDArray[np.int8], Integers]:
        """The kind and the series of each template; `_OTHER` where the general path must say."""
        kinds = np.full(len(columns.templates), _OTHER, np.int8)
        series = np.zeros(len(columns.templates), np.int64)
        for position, (head, tail) in enumerate(columns.templates.tolist()):
            text = columns.heads[head]
            if self.settings.dogstatsd and text.lstrip().startswith(b"#"):
                continue  # then the value is part of a tag
            line = text + b":1|" + columns.tails[tail]
            reading = parse_line(line, dogstatsd=self.settings.dogstatsd)
            if not reading.error and len(reading.metrics) == 1:
                metric = reading.metrics[0]
                kinds[position] = _CODES.get(metric.kind, _OTHER)
                series[position] = self._position(metric)
        return kinds, series

    def _position(self, metric: Metric) -> int:
        series = (metric.name, metric.tags)
        position = self._positions.setdefault(series, len(self.series))
        if position == len(self.series):
            self.series.append(series)
        return position

    def _keep(self, times: Integers, hosts: pa.Array, series: Integers, values: pa.Array) -> None:
        is_set = pa.types.is_binary(values.type)
        schema, parts = (MEMBERS, self._members) if is_set else (COUNTS, self._counts)
        time = pa.array(times).cast(_TIME)
        parts.append(pa.table([time, hosts, pa.array(series), values], schema=schema))

    def _add_one(self, packet: bytes, time: int, host: str) -> bool:
        readings = parse(packet, dogstatsd=self.settings.dogstatsd)
        for metric in (metric for reading in readings for metric in reading.metrics):
            if metric.kind in _CODES:
                value = pa.array([metric.value])
                position = np.array([self._position(metric)])
                self._keep(np.array([time]), pa.array([host]), position, value)
            else:
                empty = Aggregator(self.settings, {"host": host})
                self._others.setdefault((time, host), empty).add(metric)
        return any(reading.metrics for reading in readings)

    def counts(self) -> pa.Table:
        """The sums of all counters, as a table `COUNTS` sorted by time, host and series."""
        stacked = pa.concat_tables([*self._counts, COUNTS.empty_table()])
        summed = stacked.group_by(_CELL).aggregate([("value", "sum")])
        return _sorted(summed.rename_columns(COUNTS.names).cast(COUNTS))

    def members(self) -> pa.Table:
        """The distinct members of all sets, as a table `MEMBERS` sorted by all its columns."""
        stacked = pa.concat_tables([*self._members, MEMBERS.empty_table()])
        return _sorted(stacked.group_by(MEMBERS.names).aggregate([]))

    def points(self) -> list[Point]:
        """All points that the servers write, sorted by time, measurement and tags."""
        sizes = self.members().group_by(_CELL).aggregate([([], "count_all")])
        table = pa.concat_tables([self.counts(), sizes.rename_columns(COUNTS.names).cast(COUNTS)])
        points = []
        for time, host, position, value in zip(
            table["time"].cast(pa.int64()).to_pylist(),
            *(table[name].to_pylist() for name in ("host", "series", "value")),
            strict=True,
        ):
            name, tags = self.series[position]
            points.append(Point(name, {"host": host, **dict(tags)}, {"value": value}, time))
        for (time, _), aggregator in self._others.items():
            points += aggregator.flush(time)
        return sorted(points, key=lambda p: (p.time or 0, p.measurement, sorted(p.tags.items())))


def flush_times(arrival: pa.Array, interval: int) -> Integers:
    """`flush_time` of each arrival, in milliseconds since the epoch."""
    return flush_time(np.asarray(arrival.cast(_TIME).cast(pa.int64())), interval)


def _read_members(columns: Columns, chosen: Integers, _: Settings) -> tuple[pa.Array, Booleans]:
    """The set members of the chosen rows, without those that are none, and which those are not.

    A member that begins with a sign is malformed."""
    values = columns.value.take(pa.array(chosen))
    signed = pc.or_(pc.starts_with(values, b"+"), pc.starts_with(values, b"-"))
    accepted = ~np.asarray(signed, np.bool_)
    return values.filter(pa.array(accepted)), accepted


def _read_counts(
    columns: Columns, chosen: Integers, settings: Settings
) -> tuple[pa.Array, Booleans]:
    """The counts of the chosen rows, likewise. Each distinct value and tail is read once."""
    values = columns.value.take(pa.array(chosen)).dictionary_encode()
    width = max(len(values.dictionary), 1)
    tail = columns.templates[columns.template[chosen], 1]
    both = tail * width + np.asarray(values.indices, np.int64)
    pairs, place = np.unique(both, return_inverse=True)
    texts = values.dictionary.to_pylist()
    lines = (
        b"x:" + texts[pair % width] + b"|" + columns.tails[pair // width] for pair in pairs.tolist()
    )
    readings = [parse_line(line, dogstatsd=settings.dogstatsd).metrics for line in lines]
    counts = pa.array([metrics[0].value if metrics else None for metrics in readings], pa.int64())
    taken = counts.take(pa.array(place))
    return taken.drop_null(), np.asarray(taken.is_valid())


def _sorted(table: pa.Table) -> pa.Table:
    return table.sort_by([(name, "ascending") for name in table.column_names])


def _true(mask: pa.Array) -> Integers:
    return np.flatnonzero(np.asarray(mask))
