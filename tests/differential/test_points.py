"""10,000 points, written one by one into the embedded table and into InfluxDB: the same is
rejected, for the same reason, and the same rows are left."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import urllib3

from dauexp.options.statsd.line_protocol import LineError, parse
from dauexp.options.statsd.points import UNLIMITED, Limits, Points
from dauexp.services import InfluxAddress, InfluxDB
from tests.differential.conftest import Servers
from tests.differential.line_protocol_lines import DAY, lines, series

pytestmark = pytest.mark.heavy

POINTS = 10_000
REASONS = {
    "field type conflict": "field type conflict",
    "max-series-per-database limit exceeded": "too many series",
    "max-values-per-tag limit exceeded": "too many tag values",
    "unable to parse": "malformed",
    "invalid tag key": "reserved name",
    "invalid field name": "reserved name",
}
"""What InfluxDB's message says, and how we call it."""

Row = tuple[str, tuple[tuple[str, str], ...], int]


class Database:
    """A database of an InfluxDB, over HTTP as it is."""

    def __init__(self, address: InfluxAddress, name: str) -> None:
        self.pool = urllib3.connectionpool.connection_from_url(address.url)
        self.name = name
        self.query(f'CREATE DATABASE "{name}"')

    def query(self, text: str) -> list[dict[str, Any]]:
        """The series that an InfluxQL query gives."""
        fields = {"q": text, "db": self.name, "epoch": "ns"}
        answer = self.pool.request("POST", "/query", fields=fields, encode_multipart=False)
        assert answer.status == 200, answer.data
        result: list[dict[str, Any]] = json.loads(answer.data)["results"][0].get("series", [])
        return result

    def write(self, line: str, precision: str = "ns") -> str:
        """Writes a line; why it was rejected, empty if it was not."""
        path = f"/write?db={self.name}&precision={precision}"
        answer = self.pool.request("POST", path, body=line.encode())
        if answer.status == 204:
            return ""
        message = json.loads(answer.data)["error"]
        return next((ours for theirs, ours in REASONS.items() if theirs in message), message)

    def rows(self) -> dict[Row, dict[str, Any]]:
        """All fields of all points."""
        return dict(row for name in self.measurements() for row in self._rows_of(name))

    def measurements(self) -> list[str]:
        """The names of the measurements."""
        (found,) = self.query("SHOW MEASUREMENTS")
        return [name for (name,) in found["values"]]

    def _rows_of(self, measurement: str) -> Iterator[tuple[Row, dict[str, Any]]]:
        quoted = measurement.replace("\\", "\\\\").replace('"', '\\"')
        for each in self.query(f'SELECT * FROM "{quoted}" GROUP BY *'):
            tags = tuple(sorted((key, value) for key, value in each["tags"].items() if value))
            for time, *values in each["values"]:
                named = zip(each["columns"][1:], values, strict=True)
                fields = {key: value for key, value in named if value is not None}
                yield (measurement, tags, time), fields


def ours(written: Sequence[str], limits: Limits = UNLIMITED) -> tuple[list[str], Points]:
    """Why each line is rejected, and the points that are left. A line that holds nothing, or a
    comment, is no point, and not rejected either."""
    points = Points(limits)
    reasons: list[str] = []
    for line in written:
        try:
            reasons.append(points.write(parse(line), arrival=DAY))
        except LineError:
            nothing = not line.strip() or line.startswith("#")
            reasons.append("" if nothing else "malformed")
    return reasons, points


def our_rows(points: Points) -> dict[Row, dict[str, Any]]:
    """All fields of all points, as `Database.rows`."""
    return {
        (measurement, tags, time): dict(fields)
        for measurement, rows in points._points.items()
        for (time, tags), fields in rows.items()
    }


def differences(written: Sequence[str], mine: list[str], theirs: list[str]) -> Counter[Any]:
    """The lines of which we say something else than InfluxDB."""
    return Counter(
        (line, our, their)
        for line, our, their in zip(written, mine, theirs, strict=True)
        if our != their
    )


def test_the_embedded_table_keeps_and_rejects_what_influxdb_does(servers: Servers) -> None:
    written = lines(1, POINTS)
    with servers(InfluxDB()) as addresses:
        database = Database(addresses["influxdb"], "points")
        theirs = [database.write(line) for line in written]
        rows = database.rows()
    mine, points = ours(written)
    assert not differences(written, mine, theirs)
    assert {"", "malformed", "field type conflict"} <= set(mine)
    assert our_rows(points) == rows
    assert points.accounts["overwritten"] > 1000


def test_an_equals_sign_that_no_client_escaped_is_taken_but_not_found_again(
    servers: Servers,
) -> None:
    """The one difference that is known: InfluxDB files such a point under another key than the one
    that its index has, so no query finds it. The embedded table shows what was taken."""
    line = "cpu,host==a value=1i 1700000000000000000"
    with servers(InfluxDB()) as addresses:
        database = Database(addresses["influxdb"], "points")
        assert database.write(line) == ""
        assert database.measurements() == ["cpu"]
        assert database.rows() == {}
    mine, points = ours([line])
    assert mine == [""]
    assert our_rows(points) == {("cpu", (("host", "=a"),), 1700000000000000000): {"value": 1}}


@pytest.mark.parametrize(
    "limits",
    [Limits(series=150), Limits(values_per_tag=40), Limits(series=300, values_per_tag=60)],
    ids=["series", "values", "both"],
)
def test_the_limits_refuse_what_influxdb_s_refuse(servers: Servers, limits: Limits) -> None:
    written = series(2, 3000, most=100)
    influxdb = InfluxDB(
        index="inmem",
        max_series=limits.series or 0,
        max_values_per_tag=limits.values_per_tag or 0,
    )
    with servers(influxdb) as addresses:
        database = Database(addresses["influxdb"], "limits")
        theirs = [database.write(line) for line in written]
        rows = database.rows()
    mine, points = ours(written, limits)
    assert not differences(written, mine, theirs)
    assert any(mine)
    assert our_rows(points) == rows


KNOWN = [
    # line, what InfluxDB 1.8 says, what we say
    ("unsigned value=7u", "malformed", ""),  # version 2 takes it
    ('quoted value="x"y', "", "malformed"),  # InfluxDB keeps x"
    ("typed value=1i", "", ""),
    # A field has one type a measurement with us, one a shard of time there.
    (f"typed value=1.5 {DAY}", "", "field type conflict"),
]


def test_what_differs_is_what_we_know(servers: Servers) -> None:
    with servers(InfluxDB()) as addresses:
        database = Database(addresses["influxdb"], "known")
        theirs = [database.write(line) for line, *_ in KNOWN]
    points = Points()
    mine: list[str] = []
    for line, *_ in KNOWN:
        try:
            mine.append(points.write(parse(line), arrival=2 * DAY // 3))
        except LineError:
            mine.append("malformed")
    assert [*zip(theirs, mine, strict=True)] == [(their, our) for _, their, our in KNOWN]
