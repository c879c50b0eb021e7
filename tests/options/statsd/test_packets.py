"""Each fact about how Telegraf reads a StatsD line is a test here."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dauexp.options.statsd.packets import Metric, parse, parse_line


def one(line: bytes, *, dogstatsd: bool = False) -> Metric:
    reading = parse_line(line, dogstatsd=dogstatsd)
    assert reading.error == ""
    (metric,) = reading.metrics
    return metric


def tags(line: bytes, *, dogstatsd: bool = False) -> dict[str, str]:
    return dict(one(line, dogstatsd=dogstatsd).tags)


@pytest.mark.parametrize(
    ("line", "kind", "value"),
    [
        (b"feature.used:13|c", "counter", 13),
        (b"feature.used:-2|c", "counter", -2),
        (b"feature.used:1.9|c", "counter", 1),
        (b"feature.used:1e3|c", "counter", 1000),
        (b"feature.used:1_000|c", "counter", 1000),
        (b"level:1_0.5|g", "gauge", 10.5),
        (b"level:42|g", "gauge", 42.0),
        (b"level:.5|g", "gauge", 0.5),
        (b"users:u1|s", "set", b"u1"),
        (b"users:|s", "set", b""),
        (b"users:\xff|s", "set", b"\xff"),
        (b"took:3.2|ms", "timing", 3.2),
        (b"took:3|h", "histogram", 3.0),
        (b"took:3|d", "distribution", 3.0),
    ],
)
def test_kinds(line: bytes, kind: str, value: object) -> None:
    metric = one(line)
    assert (metric.kind, metric.value, dict(metric.tags)) == (kind, value, {"metric_type": kind})


def test_a_dot_becomes_an_underscore_and_a_dash_stays() -> None:
    assert one(b"a.b-c.d:1|c").name == "a_b-c_d"


def test_a_name_ends_at_white_space() -> None:
    assert one(b"a.b rest:1|c").name == "a_b"


def test_tags_in_the_name() -> None:
    assert tags(b"name,tag=v,other=w=x:1|c") == {
        "tag": "v",
        "other": "w=x",
        "metric_type": "counter",
    }


def test_what_is_no_pair_in_the_name_is_no_tag() -> None:
    assert tags(b"name,tag,=v:1|c") == {"metric_type": "counter"}


def test_of_two_tags_of_one_name_the_last_wins() -> None:
    assert tags(b"name,tag=v,tag=w:1|c")["tag"] == "w"


def test_the_metric_type_cannot_be_given_in_the_name() -> None:
    assert tags(b"name,metric_type=mine:1|c") == {"metric_type": "counter"}


@pytest.mark.parametrize("line", [b"a:1|c|#k:v", b"a:1|c|#k:v,l:w", b"a:1|c|@1|#k:v"])
def test_without_the_extension_dogstatsd_tags_are_lost_and_the_value_counts(line: bytes) -> None:
    reading = parse_line(line)
    assert [metric.value for metric in reading.metrics] == [1]
    assert dict(reading.metrics[0].tags) == {"metric_type": "counter"}
    assert reading.error
    assert not reading.malformed


def test_with_the_extension_dogstatsd_tags_are_tags() -> None:
    metric = one(b"a,t=1:4|c|@0.5|#k:v,bare,empty:,url:http://x|#more:1", dogstatsd=True)
    assert metric.value == 8
    assert dict(metric.tags) == {
        "t": "1",
        "k": "v",
        "bare": "true",
        "empty": "true",
        "url": "http://x",
        "more": "1",
        "metric_type": "counter",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"a,b", {"a": "b"}),
        (b"a,b,c", {"a": "b", "c": "true"}),
        (b"a,b:c", {"a": "true", "b": "c"}),
        (b"a,", {"a": "true"}),
        (b":a", {"a": "true"}),
        (b":a,b:c", {"a": "b:c"}),
        (b"", {}),
    ],
)
def test_odd_dogstatsd_tags_are_read_as_telegraf_reads_them(
    text: bytes, expected: dict[str, str]
) -> None:
    found = tags(b"x:1|c|#" + text, dogstatsd=True)
    assert found == {**expected, "metric_type": "counter"}


def test_with_the_extension_the_rate_may_follow_the_tags() -> None:
    assert one(b"a:4|c|#k|@0.5", dogstatsd=True).value == 8


def test_with_the_extension_a_container_id_is_dropped() -> None:
    assert tags(b"a:4|c|c:83c0a99c0a54", dogstatsd=True) == {"metric_type": "counter"}


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (b"a:1|c|@0.3", 3),
        (b"a:1|c|@0.1", 10),
        (b"a:-1|c|@0.3", -3),
        (b"a:2|c|@2", 1),
        (b"a:1|c|@0", 1),
        (b"a:1|c|@", 1),
        (b"a:1|c|0.3", 1),
        (b"a:1|c|@x", 1),
        (b"a:1|c|@nan", 1),
        (b"a:1|c|@1e-320", 1),
    ],
)
def test_a_sampled_counter_is_truncated_line_by_line(line: bytes, value: int) -> None:
    assert one(line).value == value


def test_a_rate_on_a_set_is_ignored() -> None:
    assert one(b"users:u1|s|@0.1").value == b"u1"


@pytest.mark.parametrize(
    ("line", "value", "delta"),
    [(b"g:+5|g", 5.0, True), (b"g:-5|g", -5.0, True), (b"g:5|g", 5.0, False)],
)
def test_a_signed_gauge_is_a_change(line: bytes, value: float, *, delta: bool) -> None:
    assert (one(line).value, one(line).delta) == (value, delta)


def test_more_values_of_one_name() -> None:
    reading = parse_line(b"a,t=1:1|c:2|g:3|s")
    assert [(metric.kind, metric.value) for metric in reading.metrics] == [
        ("counter", 1),
        ("gauge", 2.0),
        ("set", b"3"),
    ]


def test_a_bad_value_ends_the_line_and_those_before_it_count() -> None:
    reading = parse_line(b"a:1|c:x|c:3|c")
    assert [metric.value for metric in reading.metrics] == [1]
    assert not reading.malformed


@pytest.mark.parametrize(
    "line",
    [
        b"a",
        b"a|c",
        b"a:1",
        b"a:1|",
        b"a:1|x",
        b"a:1|C",
        b"a:x|c",
        b"a:|c",
        b"a: 1|c",
        b"a:1_|c",
        b"a:_1|c",
        b"a:1__0|g",
        b"a:0x10|g",
        b"a:inf|g",
        b"a:nan|ms",
        b"a:+x|s",
        b"a:-1|ms",
        b"a:9223372036854775808|c",
        b"a:" + b"9" * 5000 + b"|c",
        b"a:9223372036854775807|c|@0.1",
        b":1|c",
        b" :1|c",
        b",t=1:1|c",
        b"\xff:1|c",
        b"a,t=\xff:1|c",
    ],
)
def test_malformed(line: bytes) -> None:
    reading = parse_line(line)
    assert reading.malformed
    assert reading.error


def test_a_packet_holds_lines_and_empty_ones_are_none() -> None:
    readings = parse(b"a:1|c\n\n  b:2|c \r\nnonsense\nc:3|c\n")
    assert [[metric.name for metric in reading.metrics] for reading in readings] == [
        ["a"],
        ["b"],
        [],
        ["c"],
    ]


@settings(deadline=None)
@given(st.binary(max_size=40), st.booleans())
def test_no_bytes_can_break_it(packet: bytes, dogstatsd: bool) -> None:  # noqa: FBT001
    for reading in parse(packet, dogstatsd=dogstatsd):
        assert reading.malformed == (not reading.metrics)
        assert reading.metrics or reading.error


@settings(deadline=None)
@given(st.text("a:|#@c,=.1+-sgm\n ", max_size=25), st.booleans())
def test_no_text_can_break_it(packet: str, dogstatsd: bool) -> None:  # noqa: FBT001
    for reading in parse(packet.encode(), dogstatsd=dogstatsd):
        assert reading.metrics or reading.error
