"""What is fuzzed: each parser of outside input, as a function of bytes that must not fail.

A target may meet its parser's own error, and nothing else: any other exception is a finding, and
so is an assertion, since each target also checks what must hold of the result. The first byte of
an input chooses among the ways in which the parser is used.
"""

from __future__ import annotations

import gzip
import io
import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from pathlib import Path
from typing import IO, NamedTuple

import pyarrow as pa

from dauexp.errors import BadInput
from dauexp.ingest import stages
from dauexp.ingest.decoder import Decoder, decoder
from dauexp.ingest.expected import Read
from dauexp.ingest.privacy import without_personal_data
from dauexp.ingest.stages import Document
from dauexp.options.glean import REGISTRY, GleanEvents
from dauexp.options.statsd import packets
from dauexp.options.statsd.aggregator import Aggregator, Settings
from dauexp.options.statsd.field import Field
from dauexp.options.statsd.line_protocol import PRECISIONS, LineError, Point, parse, write
from dauexp.report.weighing import load_weights
from dauexp.scenario import load
from dauexp.sweep.plan import load_sweep, settings
from dauexp.tables import MESSAGES, REQUESTS
from dauexp.traffic.files import read_requests, write_requests

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


class Target(NamedTuple):
    """One parser."""

    check: Callable[[bytes], None]
    tokens: tuple[str, ...]
    """Words of the language, which the fuzzer may put into an input."""
    share: int
    """Its share of the inputs, in parts of a hundred: the quicker it is, the more."""
    longest: int = 4096
    """Longest input, in bytes."""


def packet(data: bytes) -> None:
    """A StatsD packet: every line that is not blank counts or says why not; what counts can be
    aggregated and written as line protocol that is read again."""
    dogstatsd = bool(data[:1]) and data[0] % 2 == 1
    datagram = data[1:]
    readings = packets.parse(datagram, dogstatsd=dogstatsd)
    lines = [line for line in datagram.split(b"\n") if line.strip()]
    assert len(readings) == len(lines)
    assert readings == [packets.parse_line(line, dogstatsd=dogstatsd) for line in lines]
    for reading in readings:
        assert reading.metrics or reading.error
        for metric in reading.metrics:
            assert metric.name
            assert [*dict(metric.tags).items()] == sorted(metric.tags)
            if metric.kind == "counter":
                assert -(2**63) <= metric.value < 2**63  # type: ignore[operator]
            elif metric.kind != "set":
                assert abs(metric.value) < float("inf")  # type: ignore[arg-type]
    aggregator = Aggregator(Settings(dogstatsd=dogstatsd))
    assert aggregator.receive(datagram) == any(reading.metrics for reading in readings)
    for point in islice(aggregator.flush(0), 2):
        _written_is_read_again(point)


def line(data: bytes) -> None:
    """A line of line protocol: a point or an error; what is written of a point is read again."""
    precision = [*PRECISIONS][data[0] % 4] if data else "ns"
    try:
        point = parse(data[1:].decode("utf-8", "ignore"), precision)
    except LineError as error:
        assert 0 < len(str(error)) < 500
        return
    assert point.measurement
    assert point.fields
    _written_is_read_again(point)


def points(data: bytes) -> None:
    """Lines written to the strategy `field`: reading by columns and line by line is one."""
    lines = data[1:].split(b"\n")
    strategy = _field([*PRECISIONS][data[0] % 4] if data else "ns")
    table, written = strategy._read(_messages(lines))
    known = [strategy._point(each) for each in lines]
    assert written.tolist() == [point is not None for point in known]
    assert table["user"].to_pylist() == [point.fields["user"] for point in known if point]
    for tag in ("host", "platform", "device_family"):
        assert table[tag].to_pylist() == [point.tags.get(tag) for point in known if point]


def log_entry(data: bytes) -> None:
    """A log entry, a payload or a line on standard output: a document or an error of a stage, and
    the fast way accepts nothing that the stages do not."""
    way, rest = data[:1], data[1:]
    if way == b"p":
        entry = _entry(rest.decode("utf-8", "ignore"))
    elif way == b"w":
        entry = stages.as_logentry(rest, NOON)
        assert b"\n" not in entry
    else:
        entry = rest
    quickly, exactly = _decoder().outcome(entry), _decoder().exactly(entry)
    if isinstance(quickly, Read):
        assert isinstance(exactly, Document)
        assert quickly.document_id == exactly.document_id
        assert quickly.submission_timestamp == exactly.submission_timestamp
    else:
        assert quickly == exactly or quickly != quickly  # noqa: PLR0124 -- NaN is in no document
    if not isinstance(exactly, Document):
        assert exactly.stage
        assert exactly.error_type
        assert exactly.message


def ingestion(data: bytes) -> None:
    """Lines of standard output through ingestion: each is a row of the live table or an error."""
    payloads = data[:1] == b"p"
    pieces = data[1:].split(b"\n")
    lines = [_line(each.decode("utf-8", "ignore")) for each in pieces] if payloads else pieces
    decoded = _decoder().decode(_messages(lines))
    assert len(decoded.accepted) == len(lines)
    assert decoded.live.num_rows == sum(decoded.accepted.to_pylist())
    assert decoded.errors.num_rows == len(lines) - decoded.live.num_rows
    decoded.live.validate(full=True)
    decoded.errors.validate(full=True)
    if payloads and b"198.51" not in data:
        for column in (decoded.live["metadata"], decoded.errors["document"]):
            assert "198.51.100.7" not in str(column.to_pylist())


def personal_data(data: bytes) -> None:
    """A user agent in JSON, in JSON in JSON, ... is taken out whole; any bytes are taken."""
    agent = data[1:].decode("utf-8", "ignore")
    text = json.dumps({"user_agent": agent, "kept": 1})
    expected = json.dumps({"user_agent": None, "kept": 1})
    for _ in range(data[0] % 4 if data else 0):
        text, expected = json.dumps({"payload": text}), json.dumps({"payload": expected})
    assert without_personal_data(text.encode()) == expected.encode()
    without_personal_data(data)


_ENDINGS = {b"n": "ndjson", b"c": "csv", b"l": "log"}


def trace(data: bytes) -> None:
    """A file of requests: batches of them, or one sentence that names the file. What is written
    of them is read again. `z` before the format's letter: packed; `Z`: taken for packed."""
    if data[:1] in {b"z", b"Z"}:
        data = gzip.compress(data[2:], 1) if data[:1] == b"z" else data[2:]
        ending = _ENDINGS.get(data[1:2], "ndjson") + ".gz"
    else:
        ending, data = _ENDINGS.get(data[:1], "ndjson"), data[1:]
    try:
        batches = list(read_requests(_file(f"trace.{ending}", data), "a trace"))
    except BadInput as error:
        _one_sentence(error)
        assert str(error).startswith("a trace: ")
        return
    table = pa.Table.from_batches(batches, REQUESTS)
    table.validate(full=True)
    again = io.BytesIO()
    assert write_requests(batches, again) == table.num_rows
    again.seek(0)
    rows = [row for batch in read_requests(again) for row in batch.to_pylist()]
    assert rows == table.to_pylist()


def scenario(data: bytes) -> None:
    """A scenario's file (or `=`: a change, `s`: a sweep, `w`: weights): what it says, or one
    sentence. A scenario written is the same when it is read."""
    way, text = data[:1], data[1:]
    try:
        if way == b"=":
            loaded = load("quick", [text.decode("utf-8", "ignore")])
        else:
            path = _file("scenario.toml", text)
            if way == b"w":
                load_weights(path)
                return
            if way == b"s":
                sweep, loaded = load_sweep(str(path))
                if not sweep.grid and not sweep.sample:
                    settings(sweep)
            else:
                loaded = load(path)
    except BadInput as error:
        _one_sentence(error)
        return
    assert load(_file("again.toml", loaded.to_toml().encode())).digest == loaded.digest


TARGETS: Mapping[str, Target] = {
    "packets": Target(
        packet,
        ("|c", "|g", "|s", "|ms", "|h", "|d", "|@0.1", "|#", ":", ",", "=", "1e308", "-", "+", "_"),
        18,
        longest=1432,  # a datagram on Ethernet
    ),
    "lines": Target(
        line,
        ('="', '\\"', "\\\\", "\\ ", "\\,", "\\=", "1i", "1u", "true", "F", "1e308", " 1", "m f="),
        55,
    ),
    "points": Target(
        points,
        ("requests", ",host=", ",platform=", ",device_family=", ' user="', '" 1', "\\", "\n"),
        1,
    ),
    "log-entries": Target(
        log_entry,
        (
            *('"receiveTimestamp"', '"jsonPayload"', '"Fields"', '"document_id"', '"payload"'),
            *('"metadata"', '"user_agent"', '"submission_timestamp"', '"ping_info"', '"metrics"'),
            *('"client_info"', '"events"', '"extra"', '"string"', "null", "1e308", "\\ud800"),
            *("{", "}", "[", "]", '":', '"', "\\", "NaN", "0.0"),
        ),
        12,
    ),
    "ingestion": Target(
        ingestion,
        ('"metrics"', '"object"', '"string"', '"events"', '"extra"', '"metadata"', "\n", "1e300"),
        1,
    ),
    "personal-data": Target(
        personal_data, ('"user_agent"', '"ip_address"', '\\"', "\\\\", '": "', "[", "{"), 10
    ),
    "traces": Target(
        trace,
        (
            *('"time":"2026-01-05T00:00:00Z"', '"uid":"', '"device_id":"', '"user_agent":"'),
            *('"host":"', '"true_platform":"fenix"', "time,uid,device_id,user_agent,host\n", '"'),
            *('1 - - [05/Jan/2026:00:00:01 +0000] "GET /1.5/1/info/collections HTTP/1.1" 200 1 ',),
            *('"-" "a"', "\\x", "true_device_family", "+02:00", "\n", ","),
        ),
        1,
    ),
    "scenarios": Target(
        scenario,
        (
            *("seed = ", "[traffic]\n", "[faults.loss]\n", "rate = ", "users", "strategies", "="),
            *("[plugins.x]\n", "[[vary]]\n", "key = ", "values = [", "[grid]\n", "[sample]\n"),
            *("draw = [{", "[weights]\n", "[scores.driver-1]\n", "1e308", "inf", "0x", "'''"),
        ),
        2,
    ),
}


def _written_is_read_again(point: Point) -> None:
    """But for what the client's escaping of names does not keep, nor does InfluxDB itself; empty
    tags are left out; and a line of a measurement `#...` is a comment."""
    if point.measurement.startswith("#"):
        return
    text = write(point)
    tags = {key: value for key, value in point.tags.items() if key and value}
    names = [point.measurement, *tags, *tags.values(), *point.fields]
    if text and all(name.isprintable() and "\\" not in name for name in names):
        assert parse(text) == replace(point, tags=tags)


def _one_sentence(error: BadInput) -> None:
    assert "\n" not in str(error)
    assert 0 < len(str(error)) < 1000


def _messages(lines: Iterable[bytes]) -> pa.RecordBatch:
    wire = pa.array(lines, pa.binary())
    columns = [
        pa.array(range(len(wire)), pa.int64()),
        pa.array([NOON] * len(wire), MESSAGES.field("arrival").type),
        pa.array(["host-0"] * len(wire)).dictionary_encode(),
        wire,
    ]
    return pa.record_batch(columns, MESSAGES)


def _fields(payload: str) -> dict[str, str]:
    return {
        "document_namespace": "syncstorage",
        "document_type": "events",
        "document_version": "1",
        "document_id": "8cad73ef-858a-44f9-88f7-10817c917a42",
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
        "ip_address": "198.51.100.7",
        "payload": payload,
    }


def _line(payload: str) -> bytes:
    return json.dumps({"Fields": _fields(payload)}).encode()


def _entry(payload: str) -> bytes:
    entry = {
        "receiveTimestamp": "2026-01-05T12:00:00Z",
        "jsonPayload": {"Fields": _fields(payload)},
    }
    return json.dumps(entry).encode()


@cache
def _decoder() -> Decoder:
    return decoder(REGISTRY, GleanEvents.ping, "syncstorage")


@cache
def _field(precision: str) -> Field:
    return Field(load("quick", [f"influxdb.precision={precision}"]))


def _file(name: str, data: bytes) -> Path:
    """A file that holds the data. It stays open from one input to the next: to make it anew takes
    a hundred times as long."""
    file = _open_file(name)
    file.seek(0)
    file.write(data)
    file.truncate()
    file.flush()
    return Path(file.name)


@cache
def _open_file(name: str) -> IO[bytes]:
    return (_folder() / name).open("w+b")


@cache
def _folder() -> Path:
    """A folder for this process; whoever starts the process tidies up."""
    return Path(tempfile.mkdtemp(prefix="dauexp-fuzz-"))
