"""How lines of the strategy `field` are read, whole or damaged."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given, settings
from hypothesis import strategies as st

from dauexp.options.statsd.field import Field
from dauexp.options.statsd.line_protocol import PRECISIONS, LineError, Point, parse
from dauexp.scenario import load
from dauexp.tables import MESSAGES

TAGS = ["platform", "device_family"]


def test_a_truncated_line_may_still_be_a_point(kit: Any, run: Any) -> None:
    """Without its time it gets that of its arrival; with half of it, a wrong one."""
    rows = pd.DataFrame(
        {
            "day": [0, 0, 0],
            "time": [kit.midnight(0) + timedelta(hours=n) for n in (1, 2, 3)],
            "host": "h",
            "user": ["1", "2", "3"],
            "platform": "fenix",
            "device_family": "mobile",
        }
    )

    def cut(messages: pa.RecordBatch) -> pa.RecordBatch:
        whole, no_time, half_time = messages["wire"].to_pylist()
        wires = [whole, no_time.rpartition(b" ")[0], half_time[:-4]]
        late = pc.add(messages["arrival"], timedelta(seconds=1)).cast(
            MESSAGES.field("arrival").type
        )
        return messages.set_column(1, MESSAGES.field("arrival"), late).set_column(
            3, MESSAGES.field("wire"), pa.array(wires, pa.binary())
        )

    outcome = run(Field, rows, carry=cut)
    times = dict(
        zip(*(outcome.points("requests")[n].to_pylist() for n in ("user", "time")), strict=True)
    )
    assert times["1"] == kit.midnight(0) + timedelta(hours=1)
    assert times["2"] == kit.midnight(0) + timedelta(hours=2, seconds=1)
    assert times["3"].year == 1970
    assert outcome.violations() == []
    assert outcome.answer("dau")["value"].tolist() == [2]


def test_a_line_of_another_shape_is_malformed(rows: pd.DataFrame, run: Any) -> None:
    others = [
        b'm,host=h user="1" 5',
        b"syncstorage_requests n=1 5",
        b"syncstorage_requests user=1 5",
    ]

    def replace(messages: pa.RecordBatch) -> pa.RecordBatch:
        wires = [*others, *messages["wire"].to_pylist()[3:]]
        return messages.set_column(3, MESSAGES.field("wire"), pa.array(wires, pa.binary()))

    outcome = run(Field, rows, carry=replace)
    assert outcome.count("malformed") == 3 * 9
    assert outcome.violations() == []


PIECES = [
    b"syncstorage_requests",
    b",host=h",
    b",platform=fenix",
    b",device_family=mobile",
    b",x=\\ y",
    b" ",
    b'user="1"',
    b'user="\\""',
    b'user="a b"',
    b'user=""',
    b'user="\xc3\xa9"',
    b"user=1",
    b',user="2"',
    b",n=1",
    b" 1767571200000",
    b" -5",
    b" 5x",
    b"\n",
    b"\xff",
]


@settings(deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(PIECES), max_size=6).map(b"".join), max_size=8),
    st.sampled_from(["s", "ms", "us", "ns"]),
)
def test_lines_in_columns_are_read_as_single_lines_are(wires: list[bytes], precision: str) -> None:
    plain = b'syncstorage_requests,host=h,platform=fenix user="1" 1767571200000'
    wires = [*wires, plain]
    strategy = Field(load("quick", [f"influxdb.precision={precision}"]))
    columns = [range(len(wires)), [77] * len(wires), ["h"] * len(wires), wires]
    arrays = [pa.array(column) for column in columns]
    arrays[2] = arrays[2].dictionary_encode()
    batch = pa.record_batch(
        [array.cast(field.type) for array, field in zip(arrays, MESSAGES, strict=True)],
        schema=MESSAGES,
    )
    points, written = strategy._read(batch)
    expected = []
    for wire in wires:
        try:
            point = parse(wire.decode(), precision)
        except (LineError, UnicodeDecodeError):
            point = Point("", {}, {})
        user = point.fields.get("user")
        if (
            point.measurement == "syncstorage_requests"
            and len(point.fields) == 1
            and isinstance(user, str)
        ):
            unit = PRECISIONS[precision]
            time = 77_000 if point.time is None else point.time * unit // 1000
            tags = [point.tags.get(tag) for tag in ("host", *TAGS)]
            expected.append((True, [time, *tags, user]))
        else:
            expected.append((False, []))
    assert written.tolist() == [ours for ours, _ in expected]
    times = points["time"].cast(pa.int64()).to_pylist()
    rows = [
        [time, row["host"], *(row[tag] for tag in TAGS), row["user"]]
        for time, row in zip(times, points.to_pylist(), strict=True)
    ]
    assert rows == [row for ours, row in expected if ours]
