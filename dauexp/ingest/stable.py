"""Live to stable: of each document and day, the earliest row.

A day is that of `submission_timestamp`; of rows with the same one, that which arrived first. Works
across all parts of the live table, some days at a time, and on more documents of a day than memory
holds: DuckDB spills to disk.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import duckdb
import pyarrow as pa

from dauexp import ledger
from dauexp.database import connect, pattern
from dauexp.options import LEDGER_PART, Part
from dauexp.store import Store, replacing

_THREADS = 2

_AT_ONCE = 2_000_000
"""Documents among which repeated ones are looked for at once, unless one day has more."""

# As a number. Rows that say no time are of one partition: a day before all that can be said.
_DAY = """coalesce(
  date_diff('day', DATE '1970-01-01', CAST(submission_timestamp AS DATE)), -1000000
)"""

_LIVE = f"""
CREATE TABLE live AS
SELECT {_DAY} AS day, filename, CAST(receive_timestamp AS DATE) AS arrival, count(*) AS documents
FROM read_parquet($live, filename = true)
GROUP BY ALL
"""

_DAYS = """
SELECT day, sum(documents)::BIGINT, list(DISTINCT filename ORDER BY filename)
FROM live GROUP BY day ORDER BY day
"""

_LATER = "CREATE TABLE later (filename VARCHAR, file_row_number BIGINT, arrival DATE)"

# Most documents come once. Those of which any may come again are found by a hash of id and day,
# which is little to hold for each document; only among them are rows put in order.
_REPEATED = f"""
CREATE OR REPLACE TABLE repeated AS
SELECT hash(document_id, {_DAY}) AS key
FROM read_parquet($live)
WHERE {_DAY} BETWEEN $first AND $last
GROUP BY key
HAVING count(*) > 1
"""

_ADD_LATER = f"""
INSERT INTO later
SELECT filename, file_row_number, CAST(receive_timestamp AS DATE)
FROM (
  SELECT *, {_DAY} AS day, hash(document_id, day) AS key
  FROM read_parquet($live, filename = true, file_row_number = true)
) SEMI JOIN repeated USING (key)
WHERE day BETWEEN $first AND $last
QUALIFY row_number() OVER (
  PARTITION BY document_id, day
  ORDER BY submission_timestamp, receive_timestamp, filename, file_row_number
) > 1
"""

_COUNTS = """
SELECT '' AS reason, '' AS host, arrival, documents - coalesce(repeats, 0), coalesce(repeats, 0)
FROM (SELECT arrival, sum(documents)::BIGINT AS documents FROM live GROUP BY arrival)
LEFT JOIN (SELECT arrival, count(*) AS repeats FROM later GROUP BY arrival) USING (arrival)
ORDER BY arrival
"""

_FILES_WITH_LATER = "SELECT DISTINCT filename FROM later"

_STABLE = """
SELECT * EXCLUDE (filename, file_row_number)
FROM read_parquet($live, filename = true, file_row_number = true)
ANTI JOIN later USING (filename, file_row_number)
"""


class _Portion(NamedTuple):
    """Some days in a row, and the files that have any document of them."""

    first: int
    last: int
    files: Sequence[str]


def settle(store: Store, live: pa.Schema) -> Iterator[Part]:
    """Makes the table `stable` and counts what became of the live rows, by day of arrival: `stable`
    or `deduplicated`.

    For each file of the live table of which any row stays, `stable` has one of the same name: the
    very same file, by a link, where all rows stay.
    """
    files = sorted(str(path) for path in store.table("live").rglob("*.parquet"))
    if not files:
        yield Part("stable", live.empty_table())
        return
    with (
        TemporaryDirectory(dir=store.folder, prefix=".spill-") as spill,
        connect(spill=Path(spill)) as database,
    ):
        _find_later(database, files)
        rows = database.execute(_COUNTS).fetchall()
        for n, account in enumerate(("stable", "deduplicated"), start=3):
            entries = [(*row[:3], row[n]) for row in rows if row[n]]
            yield Part(LEDGER_PART, ledger.counts(account, entries))
        changed = {file for (file,) in database.execute(_FILES_WITH_LATER).fetchall()}
        for file in files:
            if file not in changed:
                _link(store, file)
        write = partial(_write_without_later, database, store, live)
        with ThreadPoolExecutor(_THREADS) as threads:
            list(threads.map(write, sorted(changed)))


def _find_later(database: duckdb.DuckDBPyConnection, files: Sequence[str]) -> None:
    """Makes the table `later` of the rows that are not the earliest of their document and day."""
    database.execute(_LIVE, {"live": [pattern(file) for file in files]})
    database.execute(_LATER)
    for portion in _portions(database.execute(_DAYS).fetchall()):
        files = [pattern(file) for file in portion.files]
        bound = {"live": files, "first": portion.first, "last": portion.last}
        database.execute(_REPEATED, bound)
        if database.table("repeated").limit(1).fetchall():
            database.execute(_ADD_LATER, bound)


def _portions(days: Iterable[tuple[int, int, Sequence[str]]]) -> Iterator[_Portion]:
    """Days in order, each with its number of documents and its files, as portions."""
    first = last = size = 0
    files: set[str] = set()
    for day, documents, its_files in days:
        if files and size + documents > _AT_ONCE:
            yield _Portion(first, last, sorted(files))
            files, size = set(), 0
        first, last = (first if files else day), day
        files.update(its_files)
        size += documents
    if files:
        yield _Portion(first, last, sorted(files))


def _name(store: Store, file: str) -> str:
    """The name of a file of the live table, which that of the stable one shares."""
    return str(Path(file).relative_to(store.table("live")).with_suffix(""))


def _write_without_later(
    database: duckdb.DuckDBPyConnection, store: Store, schema: pa.Schema, file: str
) -> None:
    """A file of the stable table: that of the live table, less some rows."""
    live = {"live": [pattern(file)]}
    reader = database.cursor().sql(_STABLE, params=live).to_arrow_reader(65_536)
    with store.writing(_name(store, file)) as write:
        for batch in reader:
            write("stable", pa.Table.from_batches([batch]).cast(schema))


def _link(store: Store, file: str) -> None:
    """A file of the stable table: the same as that of the live table; a copy of it where the file
    system has no links."""
    target = store.table("stable") / f"{_name(store, file)}.parquet"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        target.hardlink_to(file)
    except OSError:
        with replacing(target) as beside:
            shutil.copyfile(file, beside)
