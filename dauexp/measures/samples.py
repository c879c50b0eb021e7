"""What each contender puts on the wire for the same few requests, to be read by people."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from dauexp.options import Contender
from dauexp.scenario import Scenario
from dauexp.traffic.source import Source

SAMPLES = pa.schema(
    [
        pa.field("option", pa.string(), nullable=False),
        pa.field("strategy", pa.string(), nullable=False),
        pa.field("request", pa.int64(), nullable=False),
        pa.field("bytes", pa.int64(), nullable=False),
        pa.field("wire", pa.string(), nullable=False),
    ]
)
"""One row a message: the request it is for, by its place in the traffic, its size and its text."""


def samples(
    scenario: Scenario, source: Source, contenders: Sequence[Contender], requests: int
) -> pa.Table:
    """The messages of each contender for the first `requests` of a source: the table `SAMPLES`."""
    batch = next(each.observations for each in source.batches(0, 0) if each.observations.num_rows)
    rows = [
        {
            "option": contender.option.id,
            "strategy": contender.strategy.name,
            "request": message["ordinal"],
            "bytes": len(message["wire"]),
            "wire": message["wire"].decode(),
        }
        for contender in contenders
        for message in contender.strategy(scenario).emit(batch.slice(0, requests)).to_pylist()
    ]
    return pa.Table.from_pylist(rows, SAMPLES)
