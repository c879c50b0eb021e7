from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.rest import ApiException

from dauexp import ledger
from dauexp.errors import BadInput
from dauexp.options.statsd.line_protocol import Point, parse
from dauexp.options.statsd.remote import influxdb
from dauexp.options.statsd.settlement import TIME, Measurement, Settled
from dauexp.options.statsd.writing import LINES_TOGETHER, Writer, lines, through
from dauexp.services import InfluxAddress

MEASUREMENT = Measurement(("host", "p m"), {"value": pa.int64(), "te,xt": pa.string()})


def points(rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    """A table of points from rows of time, tags, fields."""
    names = MEASUREMENT.schema.names
    return pa.Table.from_pylist(
        [dict(zip(names, row, strict=True)) for row in rows], MEASUREMENT.schema
    )


def test_lines_say_what_the_points_are() -> None:
    table = points(
        [
            (1, "a", "x", 7, "plain"),
            (-2, "a b", "c,d=e", -1, 'quo"te \\ back, slash='),
            (3, None, "é", None, ""),
            (4, "", None, 2**63 - 1, None),
        ]
    )
    assert [parse(line, "us") for line in lines(table, MEASUREMENT, "a m").to_pylist()] == [
        Point("a m", {"host": "a", "p m": "x"}, {"value": 7, "te,xt": "plain"}, 1),
        Point(
            "a m",
            {"host": "a b", "p m": "c,d=e"},
            {"value": -1, "te,xt": 'quo"te \\ back, slash='},
            -2,
        ),
        Point("a m", {"p m": "é"}, {"te,xt": ""}, 3),
        Point("a m", {}, {"value": 2**63 - 1}, 4),
    ]


def refusal(status: int, body: str) -> ApiException:
    """The client's error for an answer."""
    error = ApiException(status=status)  # type: ignore[no-untyped-call]
    error.body = body
    return error


class Server:
    """Takes the place of the client's service: rejects lines that hold certain words."""

    def __init__(self, refused: dict[str, str]) -> None:
        self.refused = refused
        self.taken: set[str] = set()
        self.requests = 0

    def post_write(self, body: bytes, **_: object) -> None:
        self.requests += 1
        told = ""
        dropped = 0
        for line in body.decode().split("\n"):
            reasons = [reason for word, reason in self.refused.items() if word in line]
            dropped += bool(reasons)
            told = reasons[0] if reasons else told
            if not reasons:
                self.taken.add(line)
        if dropped:
            raise refusal(400, f'{{"error":"partial write: {told} dropped={dropped}"}}')


def writer_to(server: Server) -> Writer:
    """A writer to a server that is none."""
    writer = Writer(InfluxDBClient("http://127.0.0.1:9", token="", org="-"), "b")
    writer._service = server  # type: ignore[assignment]
    return writer


CONFLICT = 'field type conflict: input field "v" on measurement "m" is type string'
LIMIT = 'max-values-per-tag limit exceeded (5/5): measurement=\\"m\\" tag=\\"u\\"'


def test_what_is_rejected_is_found_with_its_reason() -> None:
    server = Server({"bad": CONFLICT.replace('"', "'"), "many": LIMIT, "odd": "no such thing"})
    given = [f"m v={number}" for number in range(LINES_TOGETHER + 20)]
    given[3] += "bad"
    given[4] += "many"
    given[LINES_TOGETHER + 7] += "odd"
    rejected = writer_to(server).write(given)
    assert rejected == {
        3: "field type conflict",
        4: "too many tag values",
        LINES_TOGETHER + 7: "partial write: no such thing dropped=1",
    }
    assert server.taken == {line for place, line in enumerate(given) if place not in rejected}


def test_a_batch_of_which_nothing_is_taken_is_asked_about_once() -> None:
    server = Server({"m": LIMIT})
    rejected = writer_to(server).write(["m v=1"] * LINES_TOGETHER)
    assert set(rejected.values()) == {"too many tag values"}
    assert len(rejected) == LINES_TOGETHER
    assert server.requests == 1


def test_another_refusal_is_told() -> None:
    class Closed(Server):
        def post_write(self, body: bytes, **_: object) -> None:
            raise refusal(401, '{"error":"authorization failed"}')

    with pytest.raises(BadInput, match="does not take points: authorization failed"):
        writer_to(Closed({})).write(["m v=1"])


def test_a_rejected_point_goes_from_stored_to_rejected() -> None:
    table = points([(each, "ab"[each % 2], "x", each, "text") for each in range(10)])
    accounts = ledger.tally("stored", table.to_batches()[0], time="time")
    settled = iter([Settled(table, accounts), Settled(table.slice(0, 0), accounts.slice(0, 0))])
    server = Server({"value=3i": LIMIT, "value=5i": LIMIT, "value=6i": CONFLICT.replace('"', "'")})
    first, second = through(settled, MEASUREMENT, "m", writer_to(server))
    assert first.points["value"].to_pylist() == [0, 1, 2, 4, 7, 8, 9]
    assert second.points.num_rows == 0
    totals: Counter[tuple[str, str, str]] = Counter()
    for row in first.accounts.to_pylist():
        totals[row["account"], row["reason"], row["host"]] += row["count"]
    assert totals == {
        ("stored", "", "a"): 4,
        ("stored", "", "b"): 3,
        ("rejected", "too many tag values", "b"): 2,
        ("rejected", "field type conflict", "a"): 1,
    }
    assert first.accounts.schema == ledger.COUNTS
    assert table.schema.field("time").type == TIME


def test_without_a_server_it_is_told_how_to_start_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(BadInput, match="`dauexp services up influxdb`, or set DAUEXP_INFLUXDB_URL"):
        influxdb({})
    named = influxdb({"DAUEXP_INFLUXDB_URL": "http://db:8086"})
    assert named == InfluxAddress("http://db:8086", "-", "", "env:DAUEXP_INFLUXDB_TOKEN")
