"""The strategy `field`: one point a request, the user as a field, straight to InfluxDB."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from influxdb_client.client.write.point import Point as ClientPoint

from dauexp import ledger
from dauexp.ledger import Law
from dauexp.options import LEDGER_PART, Part
from dauexp.options.statsd.emission import messages
from dauexp.options.statsd.line_protocol import PRECISIONS, LineError, Point, last_time, parse
from dauexp.options.statsd.settlement import TIME, Measurement, settle_writes
from dauexp.options.statsd.strategies import TAGS, WRITTEN, InfluxStrategy
from dauexp.store import Store

USER = "user"
WRITES = "written"
"""The table of the points as they are written, by blocks of users and days."""

_SCHEMA = Measurement(("host", *TAGS), {USER: pa.string()})
_WRITES = _SCHEMA.schema.append(pa.field("arrival", TIME))
_READ = pa.schema(
    [("row", pa.int64()), ("time", pa.int64()), (USER, pa.string())]
    + [(tag, pa.string()) for tag in _SCHEMA.tags]
)
_USER_FIELD = "^" + USER + r'="(?P<user>[ !#-\[\]-~]*)"$'
_STAMP = r"^(?P<time>-?(?:[0-9]{1,18}|[1-8][0-9]{18}))$"

Booleans = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]


class Field(InfluxStrategy):
    """The user's hashed id as a field, one point a request, written with influxdb-client."""

    name = "field"
    exact = True
    summary = "user id as a field, one point a request; points of one series and time overwrite"
    measurement_name = "requests"
    shelved_by = USER
    laws = (Law(("delivered",), ("points_written", "malformed"), settled=True), WRITTEN)

    @property
    def schema(self) -> Measurement:
        """One user for each time, host, platform and device family."""
        return _SCHEMA

    def emit(self, observations: pa.RecordBatch) -> pa.RecordBatch:
        """One line of line protocol a request, at the precision of the scenario."""
        precision = self.scenario.influxdb.precision
        time = np.asarray(observations["time"].cast(pa.int64()))
        time = time * PRECISIONS["ms"] // PRECISIONS[precision]
        columns = ("host", *TAGS, "hashed_fxa_uid")
        lines = [
            ClientPoint(self.measurement)  # type: ignore[no-untyped-call]
            .tag("host", host)
            .tag("platform", platform)
            .tag("device_family", family)
            .field(USER, user)
            .time(at, precision)
            .to_line_protocol()
            .encode()
            for at, host, platform, family, user in zip(
                time.tolist(),
                *(observations[name].cast(pa.string()).to_pylist() for name in columns),
                strict=True,
            )
        ]
        return messages(observations, lines)

    def collect(self, messages: Iterable[pa.RecordBatch]) -> Iterator[Part]:
        """The points as they are written, and the lines that the database refuses."""
        for batch in messages:
            points, written = self._read(batch)
            yield Part(WRITES, points)
            malformed = batch.filter(pc.invert(pa.array(written)))
            yield Part(LEDGER_PART, ledger.tally("malformed", malformed))

    def settle(self, store: Store) -> Iterator[Part]:
        """The points that are left when the last write of each has won."""
        return self.stored(settle_writes(store.table(WRITES), _SCHEMA, self.limits))

    def _read(self, batch: pa.RecordBatch) -> tuple[pa.Table, Booleans]:
        """The points of a batch (table `_WRITES`), and which of its lines are such points.

        A line without a time gets that of its arrival, as the database does. A valid line of
        another measurement or of other fields, which only damage can make, counts as malformed.
        """
        wire = batch["wire"]
        lines = _split(wire, last_time(self.scenario.influxdb.precision))
        known = [self._tags(series) for series in lines.series.dictionary.to_pylist()]
        ours = np.array([tags is not None for tags in known], np.bool_)[lines.series.indices]
        position = lines.series.indices.filter(pa.array(ours))
        quick = {
            "row": lines.row[ours],
            "time": lines.time.filter(pa.array(ours)),
            USER: lines.user.filter(pa.array(ours)),
        }
        for tag in _SCHEMA.tags:
            values = [None if tags is None else tags.get(tag) for tags in known]
            quick[tag] = pa.array(values, pa.string()).take(position)
        others = [
            {"row": row, "time": point.time, USER: point.fields[USER], **point.tags}
            for row in np.setdiff1d(np.arange(len(wire)), lines.row).tolist()
            if (point := self._point(wire[row].as_py())) is not None
        ]
        points = pa.concat_tables([pa.table(quick, _READ), pa.Table.from_pylist(others, _READ)])
        points = points.sort_by("row")
        row = np.asarray(points["row"])
        arrival = batch["arrival"].cast(TIME).take(pa.array(row))
        time = self._times(points["time"], arrival)
        columns = [time, *(points[name] for name in _SCHEMA.schema.names[1:]), arrival]
        written = np.zeros(len(wire), np.bool_)
        written[row] = True
        return pa.table(columns, schema=_WRITES), written

    def _tags(self, series: bytes) -> Mapping[str, str] | None:
        """The tags of a series, measurement and tags in line protocol; None if it is not ours."""
        point = self._point(series + f' {USER}=""'.encode())
        return None if point is None else point.tags

    def _point(self, line: bytes) -> Point | None:
        """The point of a line; None if it is not ours."""
        try:
            point = parse(line.decode(), self.scenario.influxdb.precision)
        except (LineError, UnicodeDecodeError):
            return None
        ours = point.measurement == self.measurement and [*point.fields] == [USER]
        return point if ours and isinstance(point.fields[USER], str) else None

    def _times(self, stamps: pa.ChunkedArray, arrival: pa.Array) -> pa.Array:
        """Time stamps of the scenario's precision, in microseconds."""
        unit, microsecond = PRECISIONS[self.scenario.influxdb.precision], PRECISIONS["us"]
        numbers = np.asarray(stamps.fill_null(0).combine_chunks())
        scaled = (
            numbers * (unit // microsecond)
            if unit >= microsecond
            else numbers // (microsecond // unit)
        )
        return pc.if_else(stamps.is_valid(), pa.array(scaled).cast(TIME), arrival)


class _Lines(NamedTuple):
    """The lines of the form that influxdb-client writes; element i is line `row[i]`."""

    row: Integers
    series: pa.DictionaryArray
    """Measurement and tags, as bytes."""
    user: pa.StringArray
    time: pa.Int64Array


def _split(wire: pa.BinaryArray, last: int) -> _Lines:
    """The lines that are `series user="..." time` in ASCII without any escape, in columns; the
    time is up to `last` either way."""
    words = pc.split_pattern(wire, b" ")
    plain = pc.equal(pc.find_substring(wire, b"\\"), -1)
    row = np.flatnonzero(np.asarray(pc.and_(pc.equal(pc.list_value_length(words), 3), plain)))
    words = words.take(pa.array(row))
    (user,) = pc.extract_regex(pc.list_element(words, 1), _USER_FIELD).flatten()
    (stamp,) = pc.extract_regex(pc.list_element(words, 2), _STAMP).flatten()
    time = stamp.cast(pa.string()).cast(pa.int64())
    within = pc.less_equal(pc.abs(time), last).fill_null(False)
    read = np.asarray(pc.and_(user.is_valid(), within))
    chosen = pa.array(np.flatnonzero(read))
    return _Lines(
        row=row[read],
        series=pc.list_element(words, 0).take(chosen).dictionary_encode(),
        user=user.take(chosen).cast(pa.string()),
        time=time.take(chosen),
    )
