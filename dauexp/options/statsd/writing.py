"""Points written to a real InfluxDB, through influxdb-client: in batches, none lost.

A batch is written when the one before it is taken, so points wait at their source while the server
is slow; while it is away, the batch is tried again and again, which changes nothing where the
server had taken it, since the same point is the same point. Where a server takes a part of a batch
alone, the rest is found by halves, each with the server's reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import WriteOptions
from influxdb_client.rest import ApiException
from influxdb_client.service.write_service import WriteService
from urllib3.exceptions import HTTPError

from dauexp import ledger
from dauexp.errors import BadInput
from dauexp.options.statsd.points import Reason
from dauexp.options.statsd.settlement import Measurement, Settled

LINES_TOGETHER: Final = 5_000
"""As InfluxDB advises."""

PATIENCE_SECONDS: Final = 300.0
"""How long a server may be away."""

_MESSAGES: Final[Mapping[str, Reason]] = {
    "field type conflict": "field type conflict",
    "max-series-per-database limit exceeded": "too many series",
    "max-values-per-tag limit exceeded": "too many tag values",
    "invalid tag key": "reserved name",
    "invalid field name": "reserved name",
}
"""What the server says of points that it does not take, and what they are called here."""

_REFUSED = frozenset({400, 413, 422})
_ALIKE = 100
"""So many lines of which nothing is taken are all rejected for the one reason that is told: to ask
about each alone would take minutes."""
_DROPPED = re.compile(r"dropped=(\d+)")


class Writer:
    """Writes to one bucket, at the precision of the stored points, microseconds."""

    def __init__(
        self, client: InfluxDBClient, bucket: str, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self.bucket = bucket
        self._service = WriteService(client.api_client)  # type: ignore[no-untyped-call]
        self._organisation = client.org
        self._url = client.url
        self._retrying = WriteOptions(
            retry_interval=200,
            max_retry_delay=5_000,
            max_retries=1_000_000,
            max_retry_time=round(1000 * patience_seconds),
        )

    def write(self, lines: Sequence[str]) -> dict[int, str]:
        """Writes lines; gives the places of those that are rejected, each with the reason.

        Raises BadInput where the server stays away, or refuses for a reason that is none of its
        points'.
        """
        rejected: dict[int, str] = {}
        for start in range(0, len(lines), LINES_TOGETHER):
            rejected.update(self._part(lines[start : start + LINES_TOGETHER], start))
        return rejected

    def _part(self, lines: Sequence[str], start: int) -> dict[int, str]:
        try:
            self._post("\n".join(lines))
        except ApiException as error:
            told = _told(error)
            if error.status not in _REFUSED:
                raise BadInput(f"{self._url} does not take points: {told}") from error
            dropped = _DROPPED.search(told)
            nothing = dropped is not None and int(dropped[1]) == len(lines) >= _ALIKE
            if len(lines) == 1 or nothing:
                return dict.fromkeys(range(start, start + len(lines)), _reason(told))
            half = len(lines) // 2
            return self._part(lines[:half], start) | self._part(lines[half:], start + half)
        return {}

    def _post(self, body: str) -> None:
        try:
            self._service.post_write(  # type: ignore[no-untyped-call]
                org=self._organisation,
                bucket=self.bucket,
                body=body.encode(),
                precision="us",
                urlopen_kw={"retries": self._retrying.to_retry_strategy()},  # type: ignore[no-untyped-call]
            )
        except HTTPError as error:
            raise BadInput(f"no InfluxDB answers at {self._url}: {error}") from error


def through(
    settled: Iterator[Settled], measurement: Measurement, name: str, writer: Writer
) -> Iterator[Settled]:
    """What is settled, when a server has it too: without the points that it rejects, which are
    accounted for by its reasons.

    A rejected point is counted on the day of its own time.
    """
    for portion in settled:
        points = portion.points
        rejected = writer.write(lines(points, measurement, name).to_pylist())
        if not rejected:
            yield portion
            continue
        places = pa.array(sorted(rejected), pa.int64())
        kept = pa.array([place not in rejected for place in range(points.num_rows)], pa.bool_())
        reasons = pa.array([rejected[place] for place in sorted(rejected)], pa.string())
        refused = points.take(places).append_column("reason", reasons)
        accounts = pa.concat_tables([portion.accounts, *_moved(refused)])
        yield portion._replace(points=points.filter(kept), accounts=accounts)


def _moved(refused: pa.Table) -> Iterator[pa.Table]:
    """The accounts by which points that were stored are rejected instead."""
    for reason in pc.unique(refused["reason"]).to_pylist():
        (rows,) = refused.filter(pc.equal(refused["reason"], reason)).combine_chunks().to_batches()
        more = ledger.tally("rejected", rows, reason=reason, time="time")
        yield more
        less = [("", row["host"], row["day"], -row["count"]) for row in more.to_pylist()]
        yield ledger.counts("stored", less)


def lines(points: pa.Table, measurement: Measurement, name: str) -> pa.StringArray:
    """The points of a measurement, which is called `name`, as line protocol in microseconds."""
    head = pa.array([_escaped_name(name)] * points.num_rows, pa.string())
    tags = [_tag(points[tag].combine_chunks(), tag) for tag in sorted(measurement.tags)]
    fields = [_field(points[field].combine_chunks(), field) for field in measurement.fields]
    joined = pc.binary_join_element_wise(*fields, ",", null_handling="skip")
    time = points["time"].combine_chunks().cast(pa.int64()).cast(pa.string())
    series = pc.binary_join_element_wise(head, *tags, "", null_handling="skip")
    return pc.binary_join_element_wise(series, joined, time, " ")


def _tag(values: pa.StringArray, tag: str) -> pa.StringArray:
    """`,tag=value`, null where there is none; an empty value is none."""
    filled = pc.if_else(pc.equal(values, ""), None, values)
    return pc.binary_join_element_wise(f",{_escaped_key(tag)}=", _escaped(filled, ", ="), "")


def _field(values: pa.Array, field: str) -> pa.StringArray:
    """`field=value`, null where there is none."""
    if pa.types.is_integer(values.type):
        text = pc.binary_join_element_wise(values.cast(pa.string()), "i", "")
    elif pa.types.is_string(values.type):
        text = pc.binary_join_element_wise('"', _escaped(values, '\\"'), '"', "")
    else:
        raise TypeError(f"the field {field} is neither an integer nor text but {values.type}")
    return pc.binary_join_element_wise(f"{_escaped_key(field)}=", text, "")


def _escaped(values: pa.StringArray, special: str) -> pa.StringArray:
    """A backslash before each of the characters; of them, the backslash comes first."""
    for character in special:
        values = pc.replace_substring(values, character, "\\" + character)
    return values


def _escaped_name(name: str) -> str:
    return name.replace(",", "\\,").replace(" ", "\\ ")


def _escaped_key(key: str) -> str:
    return _escaped_name(key).replace("=", "\\=")


def _told(error: ApiException) -> str:
    """The server's words."""
    body = error.body.decode(errors="replace") if isinstance(error.body, bytes) else error.body
    try:
        said = json.loads(body or "")
        return " ".join(str(said.get("error") or said.get("message") or said).split())
    except (ValueError, AttributeError):
        return " ".join(str(body or error.reason).split())


def _reason(told: str) -> str:
    """How a rejection is called; what is not known is called by the server's own words."""
    return next((ours for theirs, ours in _MESSAGES.items() if theirs in told), told)
