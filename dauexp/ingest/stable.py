"""Live to stable: of each document and day, the earliest row.

A day is that of `submission_timestamp`; of rows with the same one, that which arrived first. Works
across all parts of the live table, and on more documents than memory holds: DuckDB spills to disk.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from dauexp import ledger
from dauexp.database import connect
from dauexp.options import LEDGER_PART, Part
from dauexp.store import Store, replacing

# Most documents come once. Those of which any may come again are found by a hash of id and day,
# which is little to hold for each document; only among them are rows put in order.
_LATER_ROWS = """
CREATE TEMP TABLE later AS
WITH
  ids AS (
    SELECT
      hash(document_id, CAST(submission_timestamp AS DATE)) AS key,
      document_id, submission_timestamp, receive_timestamp, filename, file_row_number
    FROM read_parquet($live, filename = true, file_row_number = true)
  ),
  repeated AS (SELECT key FROM ids GROUP BY key HAVING count(*) > 1)
SELECT filename, file_row_number
FROM ids SEMI JOIN repeated USING (key)
QUALIFY row_number() OVER (
  PARTITION BY document_id, CAST(submission_timestamp AS DATE)
  ORDER BY submission_timestamp, receive_timestamp, filename, file_row_number
) > 1
"""

_COUNTS = """
SELECT
  '' AS reason,
  '' AS host,
  CAST(receive_timestamp AS DATE) AS day,
  count(*) FILTER (later.filename IS NULL) AS stable,
  count(later.filename) AS deduplicated
FROM read_parquet($live, filename = true, file_row_number = true) AS live
LEFT JOIN later USING (filename, file_row_number)
GROUP BY day
ORDER BY day
"""

_STABLE = """
SELECT * EXCLUDE (receive_timestamp, filename, file_row_number)
FROM read_parquet($live, filename = true, file_row_number = true)
ANTI JOIN later USING (filename, file_row_number)
"""


def settle(store: Store, live: pa.Schema) -> Iterator[Part]:
    """Makes the table `stable`, one file for each file of the live table, and counts what became of
    the live rows, by day of arrival: `stable` or `deduplicated`."""
    files = sorted(str(path) for path in store.table("live").rglob("*.parquet"))
    if not files:
        empty = live.remove(0).empty_table()
        yield Part("stable", empty)
        return
    with TemporaryDirectory(dir=store.folder) as spill, connect(spill=Path(spill)) as database:
        database.execute(_LATER_ROWS, {"live": files})
        rows = database.execute(_COUNTS, {"live": files}).fetchall()
        for n, account in enumerate(("stable", "deduplicated"), start=3):
            counted = [(*row[:3], row[n]) for row in rows if row[n]]
            yield Part(LEDGER_PART, ledger.counts(account, counted))
        for file in files:
            target = store.table("stable") / Path(file).relative_to(store.table("live"))
            _write_stable(database, file, target, live.remove(0))


def _write_stable(
    database: duckdb.DuckDBPyConnection, file: str, target: Path, schema: pa.Schema
) -> None:
    reader = database.sql(_STABLE, params={"live": [file]}).to_arrow_reader(65_536)
    with (
        replacing(target) as beside,
        pq.ParquetWriter(beside, schema, compression="zstd") as writer,
    ):
        for batch in reader:
            writer.write_table(pa.Table.from_batches([batch]).cast(schema))
