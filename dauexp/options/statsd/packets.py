"""Reading StatsD packets, as Telegraf's `inputs.statsd` reads them; no state.

A packet holds lines, a line is `name[,tag=value...]:value|type[|@rate]`, and more values of the
same name may follow, each after a colon. Source: influxdata/telegraf, plugins/inputs/statsd.

What no client writes is read differently here: numbers that are not finite, in hexadecimal or past
64 bits, names that are empty, names and tags that are not UTF-8, and DogStatsD's events (`_e{...`)
are malformed (Telegraf takes most of these, and then writes what no database stores, or nothing).
"""

from __future__ import annotations

import math
import re
from typing import Final, Literal, NamedTuple

Kind = Literal["counter", "gauge", "set", "timing", "histogram", "distribution"]

KINDS: Final[dict[bytes, Kind]] = {
    b"c": "counter",
    b"g": "gauge",
    b"s": "set",
    b"ms": "timing",
    b"h": "histogram",
    b"d": "distribution",
}
"""The types of a StatsD line by their code."""

METRIC_TYPE = "metric_type"
"""The tag in which Telegraf keeps the type of a metric."""

_INTEGER = re.compile(rb"[+-]?[0-9]+")
_DIGITS = rb"[0-9](?:_?[0-9])*"  # Go reads 1_000
_NUMBER = re.compile(rb"[+-]?(?:%b(?:\.(?:%b)?)?|\.%b)(?:[eE][+-]?%b)?" % ((_DIGITS,) * 4))
_INT64 = range(-(2**63), 2**63)


class Metric(NamedTuple):
    """One value of one metric."""

    name: str
    """As the measurement will be called: dots are `_`."""
    tags: tuple[tuple[str, str], ...]
    """Sorted by key; `metric_type` is one of them."""
    kind: Kind
    value: int | float | bytes
    """int for a counter (its sample rate already applied), bytes for a set, else float."""
    rate: float
    """The sample rate, 0 where none was given."""
    delta: bool
    """Whether a gauge is to be changed by the value, not set to it."""


class Reading(NamedTuple):
    """What a line says: its metrics, and why the rest of it was skipped (empty: it was not)."""

    metrics: tuple[Metric, ...]
    error: str

    @property
    def malformed(self) -> bool:
        """Whether nothing of the line counts."""
        return not self.metrics


class _MalformedError(Exception):
    pass


def parse(packet: bytes, *, dogstatsd: bool = False) -> list[Reading]:
    """The readings of the lines of a packet, in order. Empty lines are none.

    With `dogstatsd`, tags may follow as `|#key:value,key`; without, such a line counts and the
    tags are lost.
    """
    lines = (line.strip() for line in packet.split(b"\n"))
    return [parse_line(line, dogstatsd=dogstatsd) for line in lines if line]


def parse_line(line: bytes, *, dogstatsd: bool = False) -> Reading:
    """The reading of one line. A bad value ends the line; the values before it count."""
    line, late_tags = _split_dogstatsd(line.strip()) if dogstatsd else (line.strip(), [])
    bucket, *values = line.split(b":")
    if not values:
        return Reading((), "no colon after the name")
    metrics: list[Metric] = []
    error = ""
    try:
        name, tags = _name_and_tags(bucket)
        later: dict[str, str] = {}
        for text in late_tags:
            later |= _dogstatsd_tags(text.decode())
        metrics.extend(_metric(name, tags, later, value) for value in values)
    except _MalformedError as malformed:
        error = str(malformed)
    except UnicodeDecodeError:
        error = "the name or a tag is not UTF-8"
    return Reading(tuple(metrics), error)


def _metric(name: str, tags: dict[str, str], late_tags: dict[str, str], text: bytes) -> Metric:
    number, *rest = text.split(b"|")
    if not rest:
        raise _MalformedError("no | after the value")
    kind = KINDS.get(rest[0])
    if kind is None:
        raise _MalformedError(f"unknown type {rest[0].decode(errors='replace')!r}")
    signed = number[:1] in {b"+", b"-"}
    if signed and kind not in {"counter", "gauge"}:
        raise _MalformedError(f"a {kind} has no sign")
    rate = _rate(rest[1]) if len(rest) > 1 else 0.0
    value = _value(kind, number, rate)
    all_tags = tuple(sorted({**tags, METRIC_TYPE: kind, **late_tags}.items()))
    return Metric(name, all_tags, kind, value, rate, delta=signed and kind == "gauge")


def _value(kind: Kind, text: bytes, rate: float) -> int | float | bytes:
    if kind == "set":
        return text
    if kind != "counter":
        return _number(text)
    try:
        value = int(text) if _INTEGER.fullmatch(text) else math.trunc(_number(text))
        value = math.trunc(value / rate) if rate else value
    except (OverflowError, ValueError):  # of thousands of digits, or over a rate near 0
        value = _INT64.stop
    if value not in _INT64:
        raise _MalformedError("a counter is past 64 bits")
    return value


def _number(text: bytes) -> float:
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(value):
        raise _MalformedError("the value is no finite number")
    return value


def _rate(text: bytes) -> float:
    """What is no rate is ignored, as Telegraf does; so is a rate of 0, or too near it to divide."""
    if b"@" not in text or not _NUMBER.fullmatch(text[1:]):
        return 0.0
    rate = float(text[1:])
    usable = math.isfinite(rate) and rate != 0 and math.isfinite(1 / rate)
    return rate if usable else 0.0


def _name_and_tags(bucket: bytes) -> tuple[str, dict[str, str]]:
    name, *pairs = bucket.decode().split(",")
    words = name.split()
    if not words:
        raise _MalformedError("no name")
    tags = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if equals and key:
            tags[key] = value
    return _joined(words[0]), tags


def _joined(name: str) -> str:
    """The parts between dots, joined by Telegraf's separator."""
    return "_".join(name.split("."))


def _split_dogstatsd(line: bytes) -> tuple[bytes, list[bytes]]:
    kept, tags = [], []
    for segment in line.split(b"|"):
        if segment.startswith(b"#"):
            tags.append(segment[1:])
        elif not segment.startswith(b"c:"):  # a container's id
            kept.append(segment)
    return b"|".join(kept), tags


def _dogstatsd_tags(text: str) -> dict[str, str]:
    """The tags of `key:value,key,...`. One without a value is `true`.

    As in Telegraf, what follows a key without a value is taken for its value, unless it is a pair
    itself: `a,b` is a=b, and `a,b:c` is a=true and b=c.
    """
    tags: dict[str, str] = {}
    key, paired = "", False
    *items, last = text.split(",")
    for item in items:
        value = item
        if not paired and ":" in item:
            key, _, value = item.partition(":")
            paired = True
        if key:
            tags[key] = value or "true"
            key, paired = "", False
        else:
            tags[value] = "true"
            key = value
    if not paired and ":" in last:
        key, _, last = last.partition(":")
    if key:
        tags[key] = last or "true"
    elif last:
        tags[last] = "true"
    return tags
