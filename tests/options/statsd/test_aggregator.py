"""What a StatsD server writes at a flush, as Telegraf does."""

from __future__ import annotations

import statistics
import tracemalloc

import pytest

from dauexp.options.statsd.aggregator import (
    TELEGRAF,
    Aggregator,
    Server,
    Settings,
    aggregate,
    flush_time,
)
from dauexp.options.statsd.line_protocol import Point


def lines(*packets: bytes, settings: Settings = TELEGRAF, time: int | None = None) -> list[str]:
    return [line.decode() for line in aggregate(packets, time, Aggregator(settings))]


def test_counters_and_sets_are_integers_and_gauges_floats() -> None:
    packets = [b"feature.used:1|c"] * 13 + [b"feature.users:%d|s" % (n % 3) for n in range(9)]
    assert lines(*packets, b"level:42|g") == [
        "feature_used,metric_type=counter value=13i",
        "feature_users,metric_type=set value=3i",
        "level,metric_type=gauge value=42",
    ]


def test_tags_in_the_name_become_tags() -> None:
    assert lines(b"name,tag=v:1|c") == ["name,metric_type=counter,tag=v value=1i"]


def test_an_empty_tag_is_not_written() -> None:
    assert lines(b"name,tag=:1|c") == ["name,metric_type=counter value=1i"]


def test_sampled_counters_are_truncated_before_they_are_added() -> None:
    assert lines(b"a:1|c|@0.3", b"a:1|c|@0.3") == ["a,metric_type=counter value=6i"]


def test_a_counter_has_64_bits() -> None:
    assert lines(b"a:9223372036854775807|c", b"a:2|c") == [
        "a,metric_type=counter value=-9223372036854775807i"
    ]


def test_dogstatsd_tags_are_lost_without_the_extension() -> None:
    assert lines(b"a:1|c|#k:v", b"a:1|c") == ["a,metric_type=counter value=2i"]
    assert lines(b"a:1|c|#k:v", settings=Settings(dogstatsd=True)) == [
        "a,k=v,metric_type=counter value=1i"
    ]


def test_gauges_are_set_or_changed() -> None:
    assert lines(b"g:3|g", b"g:10|g", b"g:-4|g", b"g:+1|g") == ["g,metric_type=gauge value=7"]
    assert lines(b"g:-4|g") == ["g,metric_type=gauge value=-4"]


def test_one_name_of_two_kinds_is_two_series() -> None:
    assert lines(b"a:5|c", b"a:5|g") == [
        "a,metric_type=counter value=5i",
        "a,metric_type=gauge value=5",
    ]


def test_a_timing_has_seven_fields() -> None:
    values = [3.0, 1.0, 2.0, 10.0]
    packets = [b"took:%g|ms" % value for value in values]
    (point,) = _flushed(*packets)
    assert (point.measurement, dict(point.tags)) == ("took", {"metric_type": "timing"})
    assert point.fields == pytest.approx(
        {
            "count": 4,
            "sum": 16.0,
            "mean": 4.0,
            "median": 2.5,
            "stddev": statistics.pstdev(values),
            "lower": 1.0,
            "upper": 10.0,
        }
    )


def test_a_sampled_timing_counts_as_often_as_one_over_the_rate() -> None:
    (point,) = _flushed(b"took:2|ms|@0.3", b"took:7|ms")
    assert (point.fields["count"], point.fields["sum"]) == (4, 13.0)
    assert point.fields["median"] == 2.0


def test_a_timing_with_a_rate_above_one_does_not_count() -> None:
    (point,) = _flushed(b"took:2|ms|@2")
    assert point.fields == {"count": 0, "lower": 0.0, "median": 0.0, "sum": 0.0, "upper": 0.0}
    (point,) = _flushed(b"took:2|ms|@2", b"took:5|ms")
    assert (point.fields["count"], point.fields["lower"], point.fields["mean"]) == (1, 5.0, 5.0)


def test_the_median_is_of_the_last_thousand() -> None:
    (point,) = _flushed(*[b"took:1|ms"] * 1000, *[b"took:9|ms"] * 501)
    assert point.fields["median"] == 9.0


def test_a_timing_of_equal_values_has_no_deviation() -> None:
    (point,) = _flushed(*[b"took:0.1|ms"] * 7)
    assert point.fields["stddev"] == 0.0


def test_a_histogram_is_a_timing_by_another_name() -> None:
    (point,) = _flushed(b"took:2|h")
    assert (point.tags["metric_type"], point.fields["count"]) == ("histogram", 1)


def test_a_distribution_leaves_nothing() -> None:
    assert _flushed(b"took:2|d") == []


def test_malformed_lines_are_counted_and_skipped() -> None:
    aggregator = Aggregator()
    assert [aggregator.receive(packet) for packet in (b"a:1|c\nbad\n\nworse:1", b"bad", b"")] == [
        True,
        False,
        False,
    ]
    assert aggregator.malformed == 3
    assert len(aggregator.flush()) == 1


def test_a_flush_clears() -> None:
    aggregator = Aggregator()
    aggregator.receive(b"a:1|c\nb:1|g\nc:x|s\nd:1|ms")
    assert len(aggregator.flush()) == 4
    assert aggregator.flush() == []


def test_what_is_kept_is_cumulative_and_written_again() -> None:
    aggregator = Aggregator(Settings(keep=frozenset({"set", "counter"})))
    aggregator.receive(b"users:u1|s\nhits:1|c\nlevel:1|g")
    aggregator.flush()
    aggregator.receive(b"users:u2|s")
    assert [(point.measurement, point.fields["value"]) for point in aggregator.flush()] == [
        ("hits", 1),
        ("users", 2),
    ]
    assert [point.fields["value"] for point in aggregator.flush()] == [1, 2]


def test_a_restart_loses_what_was_not_flushed() -> None:
    aggregator = Aggregator(Settings(keep=frozenset({"counter"})))
    aggregator.receive(b"a:1|c")
    aggregator.restart()
    assert aggregator.flush() == []


def test_lines_are_sorted_whatever_the_order_of_packets() -> None:
    packets = [b"b:1|c", b"a,t=2:1|c", b"a,t=1:1|c", b"a:1|c"]
    assert lines(*packets) == lines(*reversed(packets))
    assert [line.split()[0] for line in lines(*packets)] == [
        "a,metric_type=counter",
        "a,metric_type=counter,t=1",
        "a,metric_type=counter,t=2",
        "b,metric_type=counter",
    ]


def test_a_time_is_written_if_given() -> None:
    assert lines(b"a:1|c", time=17) == ["a,metric_type=counter value=1i 17"]


def test_packets_are_streamed() -> None:
    """A generator is consumed once, and nothing but the metrics is kept."""
    packets = (b"a,t=%d:1|c" % (n % 2) for n in range(20_000))
    tracemalloc.start()
    lines = list(aggregate(packets))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(lines) == 2
    assert peak < 1_000_000


def test_who_aggregates_is_told_of_malformed_lines() -> None:
    aggregator = Aggregator()
    assert list(aggregate([b"bad\n", b"a:1|c\n"], aggregator=aggregator)) == [
        b"a,metric_type=counter value=1i"
    ]
    assert aggregator.malformed == 1


@pytest.mark.parametrize(
    ("arrival", "time"), [(0, 10_000), (9_999, 10_000), (10_000, 20_000), (-1, 0)]
)
def test_a_flush_has_the_time_of_the_end_of_its_window(arrival: int, time: int) -> None:
    assert flush_time(arrival, 10_000) == time


def test_a_server_flushes_on_its_clock_and_tags_its_host() -> None:
    server = Server(Aggregator(tags={"host": "h1"}), interval=10_000, start=5)
    arrivals = [(b"a:1|c", 1_000), (b"a:1|c", 9_999), (b"a:1|c", 10_000), (b"a:1|c", 55_000)]
    points = [point for packet, at in arrivals for point in server.receive(packet, at)]
    points += server.advance(60_000)
    assert points == [
        Point("a", {"host": "h1", "metric_type": "counter"}, {"value": value}, time)
        for time, value in ((10_000, 2), (20_000, 1), (60_000, 1))
    ]


def test_what_is_kept_is_written_at_every_flush_also_without_packets() -> None:
    kept = Settings(keep=frozenset({"set"}))
    server = Server(Aggregator(kept), interval=10_000, start=0)
    list(server.receive(b"u:1|s", 0))
    assert [(point.time, point.fields["value"]) for point in server.advance(30_000)] == [
        (10_000, 1),
        (20_000, 1),
        (30_000, 1),
    ]


def _flushed(*packets: bytes) -> list[Point]:
    aggregator = Aggregator()
    for packet in packets:
        assert aggregator.receive(packet)
    return aggregator.flush()


@pytest.mark.parametrize(
    ("values", "missing"),
    [
        ((b"0", b"1e200"), {"stddev"}),
        ((b"1e308", b"1e308"), {"median", "sum"}),
        ((b"0", b"1e308", b"1e308"), {"sum", "mean", "stddev"}),
    ],
)
def test_what_is_beyond_the_range_of_a_float_is_not_written(
    values: tuple[bytes, ...], missing: set[str]
) -> None:
    """Found by fuzzing: a square raised. Telegraf writes no field that is infinite or no number."""
    every = {"count", "lower", "upper", "median", "sum", "mean", "stddev"}
    aggregator = Aggregator()
    for value in values:
        aggregator.receive(b"t:" + value + b"|ms")
    (point,) = aggregator.flush()
    assert every - point.fields.keys() == missing
    assert point.fields["count"] == len(values)


@pytest.mark.parametrize("rate", [b"1e-300", b"1e-19"])
def test_a_rate_too_small_to_be_turned_into_times_counts_nothing(rate: bytes) -> None:
    aggregator = Aggregator()
    aggregator.receive(b"t:1|ms|@" + rate)
    (point,) = aggregator.flush()
    assert point.fields["count"] == 0
