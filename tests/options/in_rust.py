"""What the tests of both emitters in Rust have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from dauexp.ingest.strategy import Logged
from dauexp.run import run
from dauexp.scenario import Scenario, load
from dauexp.traffic.source import Simulated

ODD: Final = Logged('a\nb\r\n"\\\u2028\x00é\U0001f980', "", "\t", "x\ny", "\x7f")
"""A request of which hardly a character is without meaning to some format."""


def observations(rows: int) -> pa.RecordBatch:
    """The first simulated observations."""
    batches = Simulated(load("quick", ["traffic.users=2000"])).batches(0, 0)
    found = pa.Table.from_batches([batch.observations for batch in batches]).combine_chunks()
    return found.slice(0, rows).to_batches()[0]


def assert_same_answers(small: Scenario, option: str, folder: Path) -> None:
    """A run with the emitter in Python and one with that in Rust end alike."""
    one, other = (
        run(
            small.model_copy(
                update={
                    "glean": small.glean.model_copy(update={"emitter": emitter}),
                    "strategies": (option,),
                }
            ),
            folder,
            processes=1,
        )
        for emitter in ("python", "rust")
    )
    assert one != other
    for table in ("ledger.parquet", "results/answers.parquet", "results/accuracy.parquet"):
        rows = pq.read_table(one / table)
        assert rows.num_rows
        assert rows.equals(pq.read_table(other / table)), table
