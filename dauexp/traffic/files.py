"""Requests in files and streams: NDJSON, CSV and Parquet, chosen by the file's name.

The columns are those of `dauexp.tables.REQUESTS`; `time` is RFC 3339 text, UTC and to the
millisecond when written, with any UTC offset when read. `.ndjson`, `.jsonl`, `.csv` and `.log`
(access logs, read only: see `dauexp.traffic.accesslog`) may be followed by `.gz`. A stream is
NDJSON unless said otherwise.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, cast

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv

from dauexp.errors import BadInput
from dauexp.store import replacing
from dauexp.tables import REQUESTS, TIME
from dauexp.traffic import readers

_TEXT = pa.schema([pa.field(field.name, pa.string()) for field in REQUESTS])
_NAIVE = pa.timestamp(TIME.unit)
_TO_BE_ESCAPED = r'["\\\x00-\x1f]'

_SUFFIXES = {
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".csv": "csv",
    ".log": "log",
    ".parquet": "parquet",
}


def format_of(name: str) -> str:
    """`ndjson`, `csv`, `log` or `parquet`, by the ending of a file's name.

    Raises BadInput for any other ending.
    """
    kind = _SUFFIXES.get(Path(name.removesuffix(".gz")).suffix.lower())
    if kind is None or (kind == "parquet" and name.endswith(".gz")):
        raise BadInput(
            f"{name}: requests come in no format of this name: let it end in .ndjson, .jsonl, .csv "
            "or .log, each also with .gz, or in .parquet"
        )
    return kind


def read_requests(source: Path | IO[bytes], name: str | None = None) -> Iterator[pa.RecordBatch]:
    """Batches of REQUESTS from a file or from a stream of NDJSON, in the order they come.

    Every row is checked. The five columns of a request must be there, `true_platform` and
    `true_device_family` may be, others are ignored: logs carry more than is needed. Times are
    brought to UTC and cut to the millisecond. Blank lines are passed over.

    Args:
        source: a file, whose name decides the format, or a stream.
        name: what to call the source in a message.

    Raises:
        BadInput: names the source, the line (in Parquet the row) and the key of the first fault,
            but no value, which might be a raw id.
    """
    if not isinstance(source, Path):
        yield from readers.ndjson(source, name or "standard input")
        return
    name = name or str(source)
    kind = format_of(source.name)
    try:
        if kind == "parquet":
            yield from readers.parquet(source, name)
            return
        with source.open("rb") as plain:
            packed = source.name.endswith(".gz")
            stream = cast("IO[bytes]", gzip.GzipFile(fileobj=plain) if packed else plain)
            yield from _LINE_READERS[kind](stream, name)
    except (OSError, EOFError, zlib.error) as error:
        raise BadInput(f"{name}: cannot be read: {_reason(error)}") from error


def write_requests(
    batches: Iterable[pa.RecordBatch], target: Path | IO[bytes], kind: str = "ndjson"
) -> int:
    """Writes batches of REQUESTS as they come, and returns the number of rows.

    A file is written whole or not at all. The same requests give the same bytes.

    Args:
        batches: what to write.
        target: a file, whose name decides the format, or a stream, which is left open.
        kind: the format of a stream: `ndjson`, `csv` or `parquet`.

    Raises:
        BadInput: the file's name has no known ending, or it cannot be written.
    """
    if not isinstance(target, Path):
        return _WRITERS[kind](batches, target)
    kind = format_of(target.name)
    if kind == "log":
        raise BadInput(f"{target}: access logs are only read: write .ndjson, .csv or .parquet")
    try:
        with replacing(target) as beside, beside.open("wb") as plain:
            if not target.name.endswith(".gz"):
                return _WRITERS[kind](batches, plain)
            # No name and no time in its header: the same requests give the same bytes.
            with gzip.GzipFile("", "wb", fileobj=plain, mtime=0) as packed:
                return _WRITERS[kind](batches, cast("IO[bytes]", packed))
    except OSError as error:
        raise BadInput(f"{target}: cannot be written: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _ndjson(batches: Iterable[pa.RecordBatch], stream: IO[bytes]) -> int:
    rows = 0
    for batch in batches:
        pieces: list[pa.Array | str] = []
        for n, (field, column) in enumerate(zip(REQUESTS, batch.columns, strict=True)):
            pieces += [f'{"," if n else "{"}"{field.name}":', _json(column)]
        stream.write(_bytes(pc.binary_join_element_wise(*pieces, "}\n", "")))
        rows += batch.num_rows
    return rows


def _json(column: pa.Array) -> pa.Array:
    """Each value as JSON."""
    if column.type == TIME:
        return pc.binary_join_element_wise('"', _rfc3339(column), '"', "")
    texts = column.cast(pa.string())
    quoted = pc.binary_join_element_wise('"', texts, '"', "")
    escaped = pc.fill_null(pc.match_substring_regex(texts, _TO_BE_ESCAPED), fill_value=False)
    values = [orjson.dumps(text).decode() for text in texts.filter(escaped).to_pylist()]
    return pc.replace_with_mask(quoted, escaped, pa.array(values, pa.string())).fill_null("null")


def _rfc3339(times: pa.Array) -> pa.Array:
    """UTC times as text: what Arrow's strftime does, in a 25th of its time."""
    texts = pc.binary_replace_slice(times.cast(_NAIVE).cast(pa.string()), 10, 11, "T")
    return pc.binary_join_element_wise(texts, "Z", "")


def _bytes(texts: pa.Array) -> memoryview:
    """All texts, one after the other."""
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int32)
    return memoryview(data)[ends[texts.offset] : ends[texts.offset + len(texts)]]


def _csv(batches: Iterable[pa.RecordBatch], stream: IO[bytes]) -> int:
    with csv.CSVWriter(pa.PythonFile(stream, "w"), _TEXT) as writer:
        return _each(batches, writer.write_batch)


def _parquet(batches: Iterable[pa.RecordBatch], stream: IO[bytes]) -> int:
    with pq.ParquetWriter(stream, _TEXT, compression="zstd") as writer:
        return _each(batches, writer.write_batch)


def _each(batches: Iterable[pa.RecordBatch], write: Callable[[pa.RecordBatch], None]) -> int:
    rows = 0
    for batch in batches:
        time, *others = batch.columns
        texts = [_rfc3339(time), *(each.cast(pa.string()) for each in others)]
        write(pa.RecordBatch.from_arrays(texts, schema=_TEXT))
        rows += batch.num_rows
    return rows


_LINE_READERS: Mapping[str, Callable[[IO[bytes], str], Iterator[pa.RecordBatch]]] = {
    "ndjson": readers.ndjson,
    "csv": readers.csv,
    "log": readers.access_log,
}
_WRITERS: Mapping[str, Callable[[Iterable[pa.RecordBatch], IO[bytes]], int]] = {
    "ndjson": _ndjson,
    "csv": _csv,
    "parquet": _parquet,
}
