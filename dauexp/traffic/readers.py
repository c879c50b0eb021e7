"""Checked reading of requests, one function a format; `dauexp.traffic.files` chooses among them.

Each gives batches of REQUESTS and raises BadInput at the first fault.
"""

from __future__ import annotations

import csv as csv_module
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import IO, NamedTuple, TypeVar

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dauexp.errors import BadInput
from dauexp.lines import bounded_lines
from dauexp.tables import REQUESTS, TIME
from dauexp.traffic import accesslog
from dauexp.traffic.row import Row
from dauexp.traffic.useragent import DEVICE_FAMILIES, PLATFORMS, encoded

BATCH_ROWS = 32_768
"""Most rows in a batch."""

REQUIRED = ("time", "uid", "device_id", "user_agent", "host")
"""The columns of a request; the two others of REQUESTS may be missing."""

MAX_LINE_BYTES = 8 * 2**20
"""Most bytes of a line. No request is as long; without a limit, one line could fill the memory."""

_NEVER_EMPTY = ("uid", "host")
_NO_HOST = r"[\t\n\r]|\\\z"
"""What line protocol has no way to write as a tag: Telegraf strips such a backslash;
influxdb-client adds a space to it, and writes the others as backslash and letter. One host would
be two."""
_KNOWN = {"true_platform": PLATFORMS, "true_device_family": DEVICE_FAMILIES}
_NANOSECONDS = pa.timestamp("ns", tz="UTC")
_Piece = TypeVar("_Piece")


def ndjson(stream: IO[bytes], name: str) -> Iterator[pa.RecordBatch]:
    """Reads one JSON object a line."""
    return _batches(_parsed(_lines(stream, name), name, _from_json), name)


def access_log(stream: IO[bytes], name: str) -> Iterator[pa.RecordBatch]:
    """Reads an access log, see `dauexp.traffic.accesslog`."""
    return _batches(_parsed(_lines(stream, name), name, accesslog.parse), name)


def csv(stream: IO[bytes], name: str) -> Iterator[pa.RecordBatch]:
    """Reads CSV (RFC 4180) with a header; a value may hold line ends where it is quoted."""
    rows = _csv_rows(_decoded(stream, name), name)
    _, header = next(rows, (1, []))
    places = _places(header, name)
    required = itemgetter(*(places.pop(key) for key in REQUIRED))
    optional = [places.get(key) for key in REQUESTS.names[len(REQUIRED) :]]

    def parse(values: list[str]) -> Row:
        if len(values) != len(header):
            raise ValueError(f"{len(values)} fields, but the header names {len(header)}")
        true = (None if at is None else values[at] or None for at in optional)  # CSV has no null
        return Row(*required(values), *true)

    return _batches(_parsed(rows, name, parse), name)


def parquet(path: Path, name: str) -> Iterator[pa.RecordBatch]:
    """Reads a Parquet file; `time` may also be a timestamp with a time zone."""
    try:
        with pq.ParquetFile(path) as file:
            wanted = list(_places(file.schema_arrow.names, name))
            start = 1
            for batch in file.iter_batches(BATCH_ROWS, columns=wanted):
                origin = _Origin(name, "row", range(start, start + batch.num_rows))
                yield _checked({key: _text(batch[key], key, name) for key in wanted}, origin)
                start += batch.num_rows
    except pa.ArrowException as error:
        reason = str(error).partition("\n")[0]
        raise BadInput(f"{name}: no whole Parquet file: {reason}") from error


_decode = msgspec.json.Decoder(Row).decode


def _from_json(line: bytes) -> Row | None:
    try:
        return _decode(line)
    except msgspec.ValidationError as error:
        reason = str(error).replace("$.", "")
        raise ValueError(f"{reason[0].lower()}{reason[1:]}") from error
    except msgspec.DecodeError as error:
        raise ValueError(f"no JSON object on a line of its own: {error}") from error
    except RecursionError:
        raise ValueError("no request: it is nested too deep") from None


def _lines(stream: IO[bytes], name: str) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, with their numbers from 1."""
    lines = enumerate(_without_mark(bounded_lines(stream, name, MAX_LINE_BYTES)), 1)
    return ((n, line) for n, line in lines if not line.isspace())


def _parsed(
    pieces: Iterable[tuple[int, _Piece]], name: str, parse: Callable[[_Piece], Row | None]
) -> Iterator[tuple[int, Row]]:
    """What `parse` makes of each piece. It gives None for one that is no request, and raises
    ValueError for one that is broken."""
    for number, piece in pieces:
        try:
            row = parse(piece)
        except ValueError as error:
            raise BadInput(f"{name}: line {number}: {error}") from error
        if row is not None:
            yield number, row


def _batches(rows: Iterator[tuple[int, Row]], name: str) -> Iterator[pa.RecordBatch]:
    while block := list(islice(rows, BATCH_ROWS)):
        numbers, values = zip(*block, strict=True)
        columns = {key: list(map(attrgetter(key), values)) for key in REQUESTS.names}
        yield _checked(columns, _Origin(name, "line", numbers))


def _without_mark(lines: Iterator[bytes]) -> Iterator[bytes]:
    """The lines, without the byte order mark that some editors put at their head."""
    for first in lines:
        return chain([first.removeprefix(b"\xef\xbb\xbf") or b"\n"], lines)
    return lines


def _decoded(stream: IO[bytes], name: str) -> Iterator[str]:
    for number, line in enumerate(_without_mark(bounded_lines(stream, name, MAX_LINE_BYTES)), 1):
        try:
            yield line.decode()
        except UnicodeDecodeError as error:
            raise BadInput(f"{name}: line {number}: not UTF-8: {error.reason}") from error


def _csv_rows(lines: Iterator[str], name: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not blank, with the number of the line on which it begins."""
    reader = csv_module.reader(lines, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv_module.Error as error:
            raise BadInput(f"{name}: line {number}: no row of CSV: {error}") from error
        if row:
            yield number, row


def _places(header: Sequence[str], name: str) -> dict[str, int]:
    """Where in the header each column of REQUESTS is."""
    missing = [key for key in REQUIRED if key not in header]
    if missing:
        raise BadInput(
            f"{name}: no column {', '.join(missing)}: there must be {', '.join(REQUIRED)}"
        )
    twice = [key for key in REQUESTS.names if header.count(key) > 1]
    if twice:
        raise BadInput(f"{name}: more than one column {', '.join(twice)}: there must be one")
    return {key: header.index(key) for key in REQUESTS.names if key in header}


def _text(column: pa.Array, key: str, name: str) -> pa.Array:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if key == "time" and pa.types.is_timestamp(kind) and kind.tz is not None:
        return column.cast(kind)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind):
        text = column.cast(pa.string())
        text.validate(full=True)
        return text
    right = "text or a timestamp with a time zone" if key == "time" else "text"
    raise BadInput(f"{name}: column {key} is {kind}: it must be {right}")


class _Origin(NamedTuple):
    """Where the rows of a batch came from, for messages."""

    name: str
    unit: str
    numbers: Sequence[int]

    def fault(self, row: int, what: str) -> BadInput:
        return BadInput(f"{self.name}: {self.unit} {self.numbers[row]}: {what}")


def _checked(
    columns: Mapping[str, Sequence[str | None] | pa.Array], origin: _Origin
) -> pa.RecordBatch:
    """A batch of REQUESTS, from its columns as text; one that is missing is null."""
    arrays = {}
    for key in REQUESTS.names:
        values = columns.get(key, [None] * len(origin.numbers))
        array = values if isinstance(values, pa.Array) else pa.array(values, pa.string())
        if key in REQUIRED and array.null_count:
            raise origin.fault(_first(pc.is_null(array)), f"{key}: null: it must be there")
        if key in _NEVER_EMPTY and (empty := pc.index(array, "").as_py()) >= 0:
            raise origin.fault(empty, f"{key}: empty: it must not be")
        if key == "host" and pc.any(bad := pc.match_substring_regex(array, _NO_HOST)).as_py():
            raise origin.fault(
                _first(bad),
                "host: ends in a backslash, or has a tab or a line end: InfluxDB takes no such tag",
            )
        if key == "time":
            arrays[key] = _times(array, origin)
        elif known := _KNOWN.get(key):
            arrays[key] = encoded(array, known)
            if arrays[key].null_count > array.null_count:
                bad = _first(pc.and_(arrays[key].is_null(), array.is_valid()))
                raise origin.fault(bad, f"{key}: must be one of {', '.join(known)}")
        else:
            arrays[key] = array.dictionary_encode()
    return pa.RecordBatch.from_arrays(list(arrays.values()), schema=REQUESTS)


def _times(times: pa.Array, origin: _Origin) -> pa.Array:
    """Times in UTC, cut to the millisecond."""
    try:
        exact = times.cast(_NANOSECONDS)
    except pa.ArrowInvalid as error:
        raise origin.fault(
            _first(pa.array([not _is_time(each) for each in times])),
            "time: must be RFC 3339 with a UTC offset, such as 2026-01-05T00:00:00.000Z",
        ) from error
    return pa.array(exact.cast(pa.int64()).to_numpy() // 1_000_000).cast(TIME)


def _is_time(time: pa.Scalar) -> bool:
    try:
        time.cast(_NANOSECONDS)
    except pa.ArrowInvalid:
        return False
    return True


def _first(mask: pa.Array) -> int:
    return int(np.argmax(mask.to_numpy(zero_copy_only=False)))
