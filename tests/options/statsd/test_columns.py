"""The aggregator on batches gives what the one on single packets gives."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dauexp.options.statsd.aggregator import TELEGRAF, Aggregator, Server, Settings
from dauexp.options.statsd.columns import BatchAggregator, split
from dauexp.options.statsd.line_protocol import Point
from dauexp.tables import MESSAGES

INTERVAL = 10_000
Packets = list[tuple[int, str, bytes]]

HEADS = [b"a.b", b"a_b", b"u,p=x", b"u,p=x,q=y", b" a", b"", b"\xff", b"#t", b"n,t="]
VALUES = [
    b"9223372036854775807",
    b"1",
    b"2",
    b"-3",
    b"+4",
    b"1.5",
    b"x",
    b"",
    b"\xff",
    b"7|c:8",
    b"1|c\nu:1|s",
]
TAILS = [b"c", b"s", b"g", b"ms", b"d", b"", b"q", b"c|@0.3", b"s|@0.1", b"c|#k:v", b"c|#k", b"s "]

packets = st.one_of(
    st.builds(
        lambda head, value, tail: head + b":" + value + b"|" + tail,
        st.sampled_from(HEADS),
        st.sampled_from(VALUES),
        st.sampled_from(TAILS),
    ),
    st.binary(max_size=12),
)
arrivals = st.lists(
    st.tuples(st.integers(0, 40_000), st.sampled_from(["h1", "h2"]), packets), max_size=40
)


def batch(packets: Packets) -> pa.RecordBatch:
    arrival, host, wire = zip(*packets, strict=True) if packets else ((), (), ())
    return pa.record_batch(
        [
            pa.array(range(len(packets)), pa.int64()),
            pa.array(arrival, MESSAGES.field("arrival").type),
            pa.array(host, pa.string()).dictionary_encode(),
            pa.array(wire, pa.binary()),
        ],
        schema=MESSAGES,
    )


def one_by_one(packets: Packets, settings: Settings) -> tuple[list[Point], list[bool]]:
    points: list[Point] = []
    counted = [False] * len(packets)
    for host in ("h1", "h2"):
        aggregator = Aggregator(settings, {"host": host})
        server = Server(aggregator, INTERVAL, start=0)
        mine = [n for n, packet in enumerate(packets) if packet[1] == host]
        for n in sorted(mine, key=lambda n: packets[n][0]):
            points += server.advance(packets[n][0])
            counted[n] = aggregator.receive(packets[n][2])
        points += server.advance(1_000_000)
    return points, counted


def comparable(points: Iterable[Point]) -> list[tuple[object, ...]]:
    return sorted(
        (point.time, point.measurement, sorted(point.tags.items()), sorted(point.fields.items()))
        for point in points
    )


@pytest.mark.parametrize("settings", [TELEGRAF, Settings(dogstatsd=True)])
@settings(deadline=None)
@given(packets=arrivals, cut=st.integers(0, 40))
def test_batches_equal_single_packets(packets: Packets, cut: int, settings: Settings) -> None:
    packets = sorted(packets, key=lambda packet: packet[0])
    expected, counted = one_by_one(packets, settings)
    aggregator = BatchAggregator(INTERVAL, settings)
    result = [aggregator.add(batch(part)) for part in (packets[:cut], packets[cut:])]
    assert comparable(aggregator.points()) == comparable(expected)
    assert np.concatenate(result).tolist() == counted


@settings(deadline=None)
@given(packets=arrivals)
def test_counters_and_sets_do_not_depend_on_the_order(packets: Packets) -> None:
    forwards, backwards = BatchAggregator(INTERVAL), BatchAggregator(INTERVAL)
    forwards.add(batch(packets))
    backwards.add(batch(packets[::-1]))
    points = [
        comparable(
            point for point in each.points() if point.tags["metric_type"] in {"counter", "set"}
        )
        for each in (forwards, backwards)
    ]
    assert points[0] == points[1]


def test_uniform_packets_take_the_quick_path() -> None:
    wire = pa.array([b"a,t=%d:%d|c" % (n % 3, n % 5) for n in range(100)], pa.binary())
    columns = split(wire)
    assert columns.row.tolist() == list(range(100))
    assert (sorted(columns.heads), columns.tails) == ([b"a,t=0", b"a,t=1", b"a,t=2"], [b"c"])
    assert [
        columns.heads[columns.templates[template, 0]] + b":" + value.as_py() + b"|c"
        for template, value in zip(columns.template, columns.value, strict=True)
    ] == wire.to_pylist()


def test_packets_of_a_sliced_batch() -> None:
    """A slice of a batch is read as if it were a batch of its own."""
    whole = batch([(n * 1000, "h1", b"a:%d|c" % n) for n in range(30)])
    aggregator = BatchAggregator(INTERVAL)
    aggregator.add(whole.slice(10, 10))
    assert [point.fields["value"] for point in aggregator.points()] == [sum(range(10, 20))]


def test_nothing_is_kept_over_a_flush() -> None:
    with pytest.raises(ValueError, match="keeps nothing"):
        BatchAggregator(INTERVAL, Settings(keep=frozenset({"set"})))


def test_no_packets_no_points() -> None:
    aggregator = BatchAggregator(INTERVAL)
    assert aggregator.add(batch([])).tolist() == []
    assert aggregator.points() == []
