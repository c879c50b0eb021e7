"""Points and their line protocol: written by influxdb-client, read by a small strict parser.

(The package line-protocol-parser reads it too, but does not tell unsigned integers from others,
on which the type of a field depends.)

`measurement,tag=value field=value,field=value timestamp`. The reading follows InfluxDB's own
parser: a separator is escaped where the byte before it is a backslash, and a backslash before
anything else is a backslash. Source: InfluxDB v2 reference, "Line protocol"; influxdata/influxdb,
models/points.go.
"""

from __future__ import annotations

import math
import re
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from influxdb_client.client.write.point import Point as ClientPoint

PRECISIONS: Final[Mapping[str, int]] = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
"""Nanoseconds in one unit of a timestamp, by the name of its precision."""


class Unsigned(int):
    """An unsigned 64-bit integer, `7u` in line protocol."""


Value = float | int | Unsigned | bool | str


@dataclass(frozen=True)
class Point:
    """A measurement's fields for one tag set and time."""

    measurement: str
    tags: Mapping[str, str]
    fields: Mapping[str, Value]
    time: int | None = field(default=None)
    """In units of the precision it is written in; None: the database's own time when it arrives."""


class LineError(ValueError):
    """A line is no line protocol; the message says why."""


def write(point: Point) -> str:
    """The line of a point, tags and fields sorted; empty where no field can be written.

    Empty tags and numbers that are not finite are left out, since the protocol has none.
    """
    line = ClientPoint.from_dict(
        {
            "measurement": point.measurement,
            "tags": dict(point.tags),
            "fields": dict(point.fields),
            "field_types": {
                name: "uint" for name, value in point.fields.items() if isinstance(value, Unsigned)
            },
        }
    )
    if point.time is not None:
        line.time(point.time)
    return str(line.to_line_protocol())


_BLANK = " \t\0"
"""What InfluxDB passes over before each part of a line; what divides them is a space."""
_UNESCAPED_SPACE = re.compile(r"(?<!\\) +")
_UNESCAPED_COMMA = re.compile(r"(?<!\\),")
_UNESCAPED_EQUALS = re.compile(r"(?<!\\)=")
_FIELD_KEY = re.compile(r"((?:[^,= \n\\]|\\.)++)(?<!\\)=")
_ESCAPED_IN_KEY = re.compile(r'\\([,"= ])')
_FIELD_VALUE = re.compile(r'"((?:[^"\\]|\\.)*+)"|([^", ]+)', re.DOTALL)
_INTEGER = re.compile(r"-?[0-9]+i")
_UNSIGNED = re.compile(r"[0-9]+u")
_FLOAT = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_TIME = re.compile(r"-?[0-9]+")
_BOOLEANS = {
    **dict.fromkeys(("t", "T", "true", "True", "TRUE"), True),
    **dict.fromkeys(("f", "F", "false", "False", "FALSE"), False),
}


def parse(line: str, precision: str = "ns") -> Point:
    """The point of one line, whose timestamp is of a precision.

    Raises LineError where it is not line protocol, or its time is none that InfluxDB can keep.
    """
    head, fields_and_time = _split_head(line.strip("\n").lstrip(_BLANK))
    measurement, tags = _series(head)
    fields, rest = _fields(fields_and_time)
    if rest and not _TIME.fullmatch(rest):
        raise LineError(f"bad timestamp {_shown(rest)}")
    time = _integer(rest) if rest else None
    if time is not None and abs(time) > last_time(precision):
        raise LineError(f"the time {_shown(rest)} is out of range: years 1678 to 2261 can be kept")
    return Point(measurement, tags, fields, time)


def last_time(precision: str) -> int:
    """The last timestamp that can be kept, in units of a precision; the first is its negative."""
    return (2**63 - 2) // PRECISIONS[precision]


def _split_head(line: str) -> tuple[str, str]:
    space = _UNESCAPED_SPACE.search(line)
    if space is None:
        raise LineError("no fields")
    head = line[: space.start()]
    if "\n" in head:
        raise LineError("a line end before the fields")
    if head.startswith("#"):
        raise LineError("a comment")
    return head, line[space.end() :].lstrip(_BLANK)


def _series(head: str) -> tuple[str, dict[str, str]]:
    measurement, *pairs = _UNESCAPED_COMMA.split(head)
    if not measurement:
        raise LineError("no measurement")
    tags: dict[str, str] = {}
    for pair in pairs:
        equals = _UNESCAPED_EQUALS.search(pair)
        key, value = (pair[: equals.start()], pair[equals.end() :]) if equals else (pair, "")
        if not key or not value or _UNESCAPED_EQUALS.search(value, 1):
            raise LineError(f"the tag {_shown(pair)} is not KEY=VALUE")
        key = _unescape(key)
        if key in tags:
            raise LineError(f"the tag {_shown(key)} is there twice")
        tags[key] = _unescape(value)
    return _unescape(measurement, ", "), tags


def _unescape(text: str, special: str = ",= ") -> str:
    for character in special:
        text = text.replace("\\" + character, character)
    return text


def _fields(text: str) -> tuple[dict[str, Value], str]:
    fields: dict[str, Value] = {}
    position = 0
    while True:
        key = _FIELD_KEY.match(text, position)
        value = _FIELD_VALUE.match(text, key.end()) if key else None
        if key is None or value is None:
            raise LineError(f"no KEY=VALUE for a field at {_shown(text[position:])}")
        fields[_ESCAPED_IN_KEY.sub(r"\1", key[1])] = _value(value)
        position = value.end()
        if text[position : position + 1] != ",":
            break
        position += 1
    if text[position : position + 1] not in {"", " "}:
        raise LineError(f"a field goes on with {_shown(text[position:])}")
    return fields, text[position:].lstrip(_BLANK).rstrip(" ")


def _value(match: re.Match[str]) -> Value:
    string, bare = match[1], match[2]
    if string is not None:
        return re.sub(r'\\(["\\])', r"\1", string)
    if bare in _BOOLEANS:
        return _BOOLEANS[bare]
    if _INTEGER.fullmatch(bare):
        return _within(bare[:-1], -(2**63), 2**63)
    if _UNSIGNED.fullmatch(bare):
        return Unsigned(_within(bare[:-1], 0, 2**64))
    if _FLOAT.fullmatch(bare) and math.isfinite(float(bare)):
        return float(bare)
    raise LineError(f"{_shown(bare)} is no value: strings are in double quotes")


def _within(digits: str, low: int, end: int) -> int:
    value = _integer(digits)
    if not low <= value < end:
        raise LineError(f"the integer {_shown(digits)} is past 64 bits")
    return value


def _integer(digits: str) -> int:
    """The integer of some digits; where they are more than Python reads, one past 64 bits."""
    try:
        return int(digits)
    except ValueError:
        return 2**64


def _shown(text: str) -> str:
    """A text for a message, shortened where it is long."""
    return reprlib.repr(text)
