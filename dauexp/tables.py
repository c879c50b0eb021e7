"""The tables that pass from one stage to the next, as Arrow schemas.

Everything left of the store streams in record batches with these columns. Text columns with few
distinct values are dictionary-encoded with 32-bit indices.
"""

from __future__ import annotations

import pyarrow as pa

TIME = pa.timestamp("ms", tz="UTC")
DAY = 86_400_000
"""Milliseconds of a day."""
CODED = pa.dictionary(pa.int32(), pa.string())

REQUESTS = pa.schema(
    [
        pa.field("time", TIME, nullable=False),
        pa.field("uid", CODED, nullable=False),
        pa.field("device_id", CODED, nullable=False),
        pa.field("user_agent", CODED, nullable=False),
        pa.field("host", CODED, nullable=False),
        pa.field("true_platform", CODED),
        pa.field("true_device_family", CODED),
    ]
)
"""One row a request, `GET /1.5/{uid}/info/collections`, in order of time within a block and day.

`uid` and `device_id` are raw; the two last columns are known only to the simulator."""

OBSERVATIONS = pa.schema(
    [
        pa.field("ordinal", pa.int64(), nullable=False),
        pa.field("time", TIME, nullable=False),
        pa.field("host", CODED, nullable=False),
        pa.field("user_agent", CODED, nullable=False),
        pa.field("hashed_fxa_uid", CODED, nullable=False),
        pa.field("hashed_device_id", CODED, nullable=False),
        pa.field("platform", CODED, nullable=False),
        pa.field("device_family", CODED, nullable=False),
    ]
)
"""What the service knows of a request when it measures it: this is what every option emits.

`ordinal` is the position of the request within its block and day, from 0. No raw id is here."""

MESSAGES = pa.schema(
    [
        pa.field("ordinal", pa.int64(), nullable=False),
        pa.field("arrival", TIME, nullable=False),
        pa.field("host", CODED, nullable=False),
        pa.field("wire", pa.binary(), nullable=False),
    ]
)
"""What goes on the wire: one row a line or packet, `wire` being its bytes without a line end.

`arrival` is when the collector receives it, by the clock that the strategy goes by."""

LEDGER = pa.schema(
    [
        pa.field("option", pa.string(), nullable=False),
        pa.field("strategy", pa.string(), nullable=False),
        pa.field("account", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("host", pa.string(), nullable=False),
        pa.field("day", pa.date32(), nullable=False),
        pa.field("count", pa.int64(), nullable=False),
    ]
)
"""One row an account, reason (else empty), host (empty where a stage knows none) and UTC day."""

ANSWERS = pa.schema(
    [
        pa.field("option", pa.string(), nullable=False),
        pa.field("strategy", pa.string(), nullable=False),
        pa.field("question", pa.string(), nullable=False),
        pa.field("variant", pa.string(), nullable=False),
        pa.field("language", pa.string(), nullable=False),
        pa.field("day", pa.date32(), nullable=False),
        pa.field("segment", pa.string(), nullable=False),
        pa.field("value", pa.float64()),
    ]
)
"""One row a query, day and segment (`all` where a question has none). Value in the question's unit;
null where the query answered null."""

TRUTH = pa.schema(
    [
        pa.field("question", pa.string(), nullable=False),
        pa.field("day", pa.date32(), nullable=False),
        pa.field("segment", pa.string(), nullable=False),
        pa.field("value", pa.float64(), nullable=False),
    ]
)
"""The exact answer from the requests themselves, per question, day and segment."""
