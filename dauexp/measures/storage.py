"""What each contender keeps at rest: the files of its tables, of which questions are asked."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dauexp.options import Contender
from dauexp.scenario import Scenario
from dauexp.unit import Places

STORAGE = pa.schema(
    [
        pa.field("option", pa.string(), nullable=False),
        pa.field("strategy", pa.string(), nullable=False),
        pa.field("table", pa.string(), nullable=False),
        pa.field("rows", pa.int64(), nullable=False),
        pa.field("bytes", pa.int64(), nullable=False),
    ]
)
"""One row a table that a contender keeps. Bytes are of Parquet files, compressed by Zstandard, for
all alike: columns of a warehouse take about so many, InfluxDB's own files are another matter."""


def storage(scenario: Scenario, folder: Path, contender: Contender) -> pa.Table:
    """The rows of the table `STORAGE` about a contender of a run, from the files of its store."""
    store = Places(folder).store(contender)
    rows = []
    for table in contender.strategy(scenario).kept.values():
        files = sorted(store.table(table).rglob("*.parquet"))
        rows.append(
            {
                "option": contender.option.id,
                "strategy": contender.strategy.name,
                "table": table,
                "rows": sum(pq.read_metadata(file).num_rows for file in files),
                "bytes": sum(file.stat().st_size for file in files),
            }
        )
    return pa.Table.from_pylist(rows, schema=STORAGE)
