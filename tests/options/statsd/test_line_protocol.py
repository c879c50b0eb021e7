"""Line protocol read and written, held against influxdb-client."""

from __future__ import annotations

import contextlib
import math
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from influxdb_client.client.write.point import Point as ClientPoint

from dauexp.options.statsd.line_protocol import LineError, Point, Unsigned, Value, parse, write

# A line feed, tab or carriage return in a name is written by the client as two characters, \n, \t,
# \r; a backslash at the end of a name escapes what follows. Both are lossy in InfluxDB itself.
names = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters='\\#"'),
    min_size=1,
    max_size=8,
)
values: st.SearchStrategy[Value] = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.integers(0, 2**64 - 1).map(Unsigned),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)
points = st.builds(
    Point,
    names,
    st.dictionaries(names, names, max_size=3),
    st.dictionaries(names, values, min_size=1, max_size=3),
    st.none() | st.integers(-(2**63) + 2, 2**63 - 2),
)


@settings(deadline=None)
@given(points)
def test_what_is_written_is_read_again(point: Point) -> None:
    read = parse(write(point))
    assert read == point
    assert {name: type(value) for name, value in read.fields.items()} == {
        name: type(value) for name, value in point.fields.items()
    }


@settings(deadline=None)
@given(points)
def test_it_is_written_as_influxdb_client_writes_it(point: Point) -> None:
    expected: Any = ClientPoint(point.measurement)  # type: ignore[no-untyped-call]
    for key, value in point.tags.items():
        expected.tag(key, value)
    for name, field in point.fields.items():
        expected.field(name, field)
        if isinstance(field, Unsigned):
            expected._field_types[name] = "u"
    if point.time is not None:
        expected.time(point.time)
    assert write(point) == expected.to_line_protocol()


@settings(deadline=None)
@given(
    names,
    names,
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.integers(0, 2**62),
)
def test_lines_of_influxdb_client_are_read(name: str, tag: str, text: str, time: int) -> None:
    line = ClientPoint(name).tag("t", tag).field("f", text).time(time)  # type: ignore[no-untyped-call]
    assert parse(line.to_line_protocol()) == Point(name, {"t": tag}, {"f": text}, time)


@pytest.mark.parametrize(
    ("line", "point"),
    [
        ("m f=1", Point("m", {}, {"f": 1.0})),
        ("m f=1 17", Point("m", {}, {"f": 1.0}, 17)),
        ("m  f=1  -17 ", Point("m", {}, {"f": 1.0}, -17)),
        ("m,t=a f=1i,g=2u", Point("m", {"t": "a"}, {"f": 1, "g": Unsigned(2)})),
        ("m f=-1.5e3,g=.5,h=2e+1", Point("m", {}, {"f": -1500.0, "g": 0.5, "h": 20.0})),
        ("m f=t,g=T,h=true,i=True,j=TRUE", Point("m", {}, dict.fromkeys("fghij", True))),
        ("m f=f,g=F,h=false,i=False,j=FALSE", Point("m", {}, dict.fromkeys("fghij", False))),
        (r"a\ b\,c,t\=u=v\ w f\ g=1", Point("a b,c", {"t=u": "v w"}, {"f g": 1.0})),
        (r"a\b,t\x=\y f=1", Point(r"a\b", {r"t\x": r"\y"}, {"f": 1.0})),
        ('m f="a b,c=d \\"e\\" \\\\ \\n"', Point("m", {}, {"f": 'a b,c=d "e" \\ \\n'})),
        ('m f="two\nlines" 1', Point("m", {}, {"f": "two\nlines"}, 1)),
        ('m f=""', Point("m", {}, {"f": ""})),
        ('m,t="a" f=1', Point("m", {"t": '"a"'}, {"f": 1.0})),
        ("m f=1,f=2", Point("m", {}, {"f": 2.0})),
        ("\t\0m \t\0f=1 \t17", Point("m", {}, {"f": 1.0}, 17)),
        ("m f=1 \t", Point("m", {}, {"f": 1.0})),
        ("m,t==a,u=\\=b f=1", Point("m", {"t": "=a", "u": "=b"}, {"f": 1.0})),
        (r"m \"f\"=1,\,\a=2", Point("m", {}, {'"f"': 1.0, r",\a": 2.0})),
        (r"\"m,\"t=a f=1", Point('\\"m', {'\\"t': "a"}, {"f": 1.0})),
        (r"m f\\=1", None),
        (r"m f\\,=1", None),
        ("m f=1\r", None),
        ("m\tf=1", None),
        ("m f=1\t17", None),
        ("m f=1 17\t", None),
        ("m\r\n", None),
        ("", None),
        ("m", None),
        ("# f=1", None),
        ("m,t=a", None),
        (",t=a f=1", None),
        ("m,t f=1", None),
        ("m,t= f=1", None),
        ("m,=a f=1", None),
        ("m,t=a=b f=1", None),
        ("m,t=a,t=b f=1", None),
        ("m f", None),
        ("m f=", None),
        ("m =1", None),
        ("m f=1,", None),
        ("m f=1 g=2", None),
        ("m f=x", None),
        ("m f=1_0", None),
        ("m f=nan", None),
        ("m f=1e999", None),
        ("m f=0x10", None),
        ("m f=+2", None),
        (r"m f\=1 1", None),
        ("m f=1.5i", None),
        ("m f=-1u", None),
        ("m f=9223372036854775808i", None),
        ("m f=18446744073709551616u", None),
        ('m f="open', None),
        ('m f="a\\"', None),
        ('m f="a\\\\"', Point("m", {}, {"f": "a\\"})),
        ('m f="a\\b"', Point("m", {}, {"f": "a\\b"})),
        ('m f="a\\\\\\""', Point("m", {}, {"f": 'a\\"'})),
        ('m f="a"b', None),
        ("m f=1 1.5", None),
        ("m f=1 now", None),
        ("m f=1 9223372036854775807", None),
        ("m f=1 1 2", None),
        ("m\nn f=1", None),
        ("m f=1\nn f=2", None),
    ],
)
def test_reading(line: str, point: Point | None) -> None:
    if point is None:
        with pytest.raises(LineError):
            parse(line)
    else:
        read = parse(line)
        assert read == point
        assert [type(value) for value in read.fields.values()] == [
            type(value) for value in point.fields.values()
        ]


@settings(deadline=None)
@given(st.text('m,t= f1i"\\\n#x', max_size=25))
def test_any_text_is_a_point_or_an_error(line: str) -> None:
    try:
        point = parse(line)
    except LineError:
        return
    assert point.measurement
    assert point.fields


@pytest.mark.parametrize(
    "line",
    ["m f=%si", "m f=-%si", "m f=%su", "m f=1 %s", "m f=%sx", "m,%s f=1", "m f=1%sx", 'm f="a"%s'],
)
def test_thousands_of_digits_are_an_error_that_does_not_repeat_them(line: str) -> None:
    with pytest.raises(LineError) as error:
        parse(line % ("9" * 5000))
    assert len(str(error.value)) < 200


@pytest.mark.parametrize(
    "line",
    [
        'm f="{}',
        'm f="{}" x',
        "m {}=1",
        "m {} f=1",
        "m,{}=a f=1",
        "m,a={} f=1",
        "{} f=1",
        "m f={}",
    ],
)
def test_the_time_to_read_grows_with_the_length_alone(line: str) -> None:
    for repeated in ("\\", '\\"', "\\ ", "\\\\a", "\\="):
        started = time.process_time()
        with contextlib.suppress(LineError):
            parse(line.format(repeated * 50_000))
        assert time.process_time() - started < 2  # quadratic, it would be hours


def test_what_the_protocol_has_not_is_left_out() -> None:
    assert write(Point("m", {"t": ""}, {"f": math.nan, "g": 1})) == "m g=1i"
    assert write(Point("m", {}, {"f": math.inf})) == ""


@pytest.mark.parametrize(("precision", "last"), [("s", 9223372036), ("ms", 9223372036854)])
def test_the_range_of_times_depends_on_the_precision(precision: str, last: int) -> None:
    assert parse(f"m f=1 -{last}", precision).time == -last
    with pytest.raises(LineError, match="out of range"):
        parse(f"m f=1 {last + 1}", precision)
