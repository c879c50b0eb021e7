"""InfluxDB's rules for points, a write at a time."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from dauexp.options.statsd.line_protocol import Point, Unsigned, Value, parse
from dauexp.options.statsd.points import UNLIMITED, Index, Limits, Points


def written(*lines: str, limits: Limits = UNLIMITED) -> tuple[Points, list[str]]:
    points = Points(limits)
    return points, [points.write(parse(line), arrival=0) for line in lines]


def rows(points: Points, measurement: str = "m") -> list[dict[str, object]]:
    table = points.table(measurement)
    rows: list[dict[str, object]] = table.set_column(
        0, "time", table["time"].cast(pa.int64())
    ).to_pylist()
    return rows


def test_the_last_write_of_a_point_wins() -> None:
    points, _ = written("m,t=a f=1 5", "m,t=a f=2 5", "m,t=b f=3 5", "m,t=a f=4 6")
    assert rows(points) == [
        {"time": 5, "t": "a", "f": 2.0},
        {"time": 5, "t": "b", "f": 3.0},
        {"time": 6, "t": "a", "f": 4.0},
    ]
    assert points.accounts == {"stored": 3, "overwritten": 1}


def test_a_field_that_is_not_written_again_stays() -> None:
    points, _ = written("m f=1,g=2 5", "m g=3,h=4 5")
    assert rows(points) == [{"time": 5, "f": 1.0, "g": 3.0, "h": 4.0}]
    assert points.accounts == {"stored": 1, "overwritten": 1}


def test_the_order_of_tags_does_not_matter_and_a_missing_tag_does() -> None:
    points, _ = written("m,a=1,b=2 f=1 5", "m,b=2,a=1 f=2 5", "m,a=1 f=3 5")
    assert rows(points) == [
        {"time": 5, "a": "1", "b": None, "f": 3.0},
        {"time": 5, "a": "1", "b": "2", "f": 2.0},
    ]


@pytest.mark.parametrize("other", ['"x"', "1i", "1u", "true"])
def test_a_field_keeps_its_type(other: str) -> None:
    points, reasons = written("m f=1 5", f"m f={other},g=1 6", "n f=true 6", "m f=2 7")
    assert reasons == ["", "field type conflict", "", ""]
    assert rows(points) == [{"time": 5, "f": 1.0}, {"time": 7, "f": 2.0}]
    assert points.accounts == {"stored": 3, "rejected": 1}


def test_a_rejected_write_fixes_no_type_and_makes_no_series() -> None:
    points, reasons = written("m f=1 5", "m,t=a f=1i,g=1 5", 'm g="x" 6', limits=Limits(series=1))
    assert reasons == ["", "field type conflict", ""]
    assert len(points.index.series) == 1


def test_a_series_past_the_limit_is_rejected_and_those_before_go_on() -> None:
    points, reasons = written(
        "m,t=a f=1 1", "n,t=a f=1 1", "m,t=b f=1 1", "m,t=a f=1 2", limits=Limits(series=2)
    )
    assert reasons == ["", "", "too many series", ""]
    assert points.accounts == {"stored": 3, "rejected": 1}


def test_a_tag_value_past_the_limit_is_rejected() -> None:
    limits = Limits(values_per_tag=2)
    _, reasons = written(
        "m,t=a f=1",
        "m,t=b f=1",
        "m,t=c f=1",
        "m,t=a,u=c f=1",
        "n,t=c f=1",
        "m,u=d f=1",
        limits=limits,
    )
    assert reasons == ["", "", "too many tag values", "", "", ""]


def test_what_is_rejected_takes_no_place_in_the_index() -> None:
    index = Index(Limits(values_per_tag=1))
    assert index.admit("m", (("t", "a"),)) == ""
    assert index.admit("m", (("t", "b"), ("u", "x"))) == "too many tag values"
    assert index.admit("m", (("u", "y"),)) == ""


def test_the_name_time_is_reserved() -> None:
    points, reasons = written("m,time=a f=1 5", "m time=1 5", "m time=1,f=2 5")
    assert reasons == ["reserved name", "reserved name", ""]
    assert rows(points) == [{"time": 5, "f": 2.0}]


@pytest.mark.parametrize(
    ("precision", "nanoseconds"),
    [("s", 2_000_000_000), ("ms", 2_000_000), ("us", 2_000), ("ns", 2)],
)
def test_precision(precision: str, nanoseconds: int) -> None:
    points = Points()
    points.write(parse("m f=1 2"), arrival=0, precision=precision)
    assert rows(points)[0]["time"] == nanoseconds


def test_a_point_without_a_time_gets_that_of_its_arrival() -> None:
    points = Points()
    points.write(parse("m f=1"), arrival=77)
    assert rows(points)[0]["time"] == 77


def test_the_table_is_typed_and_in_utc() -> None:
    points = Points()
    fields: dict[str, Value] = {"b": True, "f": 1.5, "i": 1, "s": "x", "u": Unsigned(2)}
    points.write(Point("m", {"i": "tag"}, fields, 0), arrival=0)
    table = points.table("m")
    assert table.schema == pa.schema(
        [
            ("time", pa.timestamp("ns", tz="UTC")),
            ("i", pa.string()),
            ("b", pa.bool_()),
            ("f", pa.float64()),
            ("i_1", pa.int64()),
            ("s", pa.string()),
            ("u", pa.uint64()),
        ]
    )
    assert table["time"][0].as_py() == datetime(1970, 1, 1, tzinfo=UTC)


def test_a_measurement_that_is_not_there_is_empty() -> None:
    assert Points().table("m").num_rows == 0
