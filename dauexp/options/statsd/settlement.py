"""What becomes of the points of a run: the rules of `points`, applied to whole tables.

A measurement is a table with the columns time, the tags, the fields, as InfluxDB shows it in SQL.
Rows of one time are settled together, some minutes at once: memory does not grow with the volume,
and no row is read more than twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import NamedTuple

import duckdb
import pyarrow as pa

from dauexp import ledger
from dauexp.database import SqlDatabase, Step, connect, pattern
from dauexp.options.statsd.points import UNLIMITED, Index, Limits

TIME = pa.timestamp("us", tz="UTC")
"""The time of a stored point; BigQuery's and DuckDB's own precision."""

CHUNK_ROWS = 2_000_000
"""About how many written points are settled at once: decides the memory, not the result."""

OPEN_FILES = 200
"""Most files that are written at once when rows are put apart."""

# The order of writing: of equal arrival, that of the files' names, then that within a file. Files
# are numbered, since a number is little to hold for each row.
_EVERY_PART = """
CREATE TABLE files AS
SELECT file AS filename, row_number() OVER (ORDER BY file) AS file FROM glob({files});
CREATE VIEW every_part AS
SELECT * EXCLUDE (filename) RENAME (file_row_number AS place)
FROM read_parquet({files}, filename = true, file_row_number = true) JOIN files USING (filename)
"""

_MINUTE = "epoch_us(time) // 60000000"

_PORTIONS = f"""
CREATE TABLE portions AS
SELECT minute, ((sum(number) OVER (ORDER BY minute) - number) // $rows)::INTEGER AS portion
FROM (SELECT {_MINUTE} AS minute, count(*) AS number FROM every_part GROUP BY minute)
"""


@dataclass(frozen=True)
class Measurement:
    """The tags and the fields of a measurement."""

    tags: tuple[str, ...]
    fields: Mapping[str, pa.DataType]

    @property
    def schema(self) -> pa.Schema:
        """The columns of its table."""
        tags = [(tag, pa.string()) for tag in self.tags]
        return pa.schema([("time", TIME), *tags, *self.fields.items()])


class Settled(NamedTuple):
    """Points of a measurement (columns: its schema, sorted), and the account of them."""

    points: pa.Table
    accounts: pa.Table
    portions: int = 1
    """Of how many portions of the measurement this is one."""


def settle_flushes(
    written: Path, measurement: Measurement, together: str, limits: Limits = UNLIMITED
) -> Iterator[Settled]:
    """The points whose parts are the rows of the Parquet files below the folder `written`.

    A point is written once: `together`, in SQL, is its only field from the rows that are its parts.
    """
    (name,) = measurement.fields
    query = (
        f"SELECT {_columns(measurement)}, {together} AS {name}, "
        "time AS arrival, 0 AS file, 0 AS place, true AS last "
        f"FROM parts GROUP BY {_columns(measurement)}"
    )
    return _settle(written, measurement, query, limits)


def settle_writes(
    written: Path, measurement: Measurement, limits: Limits = UNLIMITED
) -> Iterator[Settled]:
    """The points of writes, which are the rows of the Parquet files below the folder `written`.

    Beside time, tags and fields, a row says its `arrival`. The order of writing is that of
    arrival; of equal arrival, that of the files' names (day and block), then that within the file.
    All fields are set by each write, so the last write of a point is all that is left of it.
    """
    query = (
        f"SELECT {_columns(measurement)}, {', '.join(measurement.fields)}, arrival, file, place, "
        f"row_number() OVER (PARTITION BY {_columns(measurement)} "
        "ORDER BY arrival DESC, file DESC, place DESC) = 1 AS last FROM parts"
    )
    return _settle(written, measurement, query, limits)


def _settle(
    written: Path, measurement: Measurement, query: str, limits: Limits
) -> Iterator[Settled]:
    if not any(written.rglob("*.parquet")):
        return
    same = " AND ".join(f"w.{tag} IS NOT DISTINCT FROM r.{tag}" for tag in measurement.tags)
    with (
        TemporaryDirectory(dir=written.parent, prefix=".spill-") as spill,
        connect(spill=Path(spill, "database")) as connection,
    ):
        files = _quoted(f"{pattern(written)}/**/*.parquet")
        connection.execute(_EVERY_PART.format(files=files))
        connection.execute("CREATE VIEW parts AS FROM every_part")
        connection.register("refused", _refused(connection, measurement, query, limits))
        numbers = _numbered(connection)
        for portion in _portions(connection, numbers, Path(spill, "portions")):
            connection.execute(f"CREATE OR REPLACE VIEW parts AS {portion}")
            connection.execute(
                "CREATE OR REPLACE TEMP TABLE writes AS "
                f"SELECT w.*, coalesce(r.reason, '') AS reason FROM ({query}) AS w "
                f"LEFT JOIN refused AS r ON {same}"
            )
            stored = _stored(connection, measurement)
            yield Settled(stored, _accounts(connection), len(numbers))


def _refused(
    connection: duckdb.DuckDBPyConnection, measurement: Measurement, query: str, limits: Limits
) -> pa.Table:
    """The series that the limits refuse, each with the reason; they are offered to the index in
    the order of their first write."""
    schema = pa.schema([(name, pa.string()) for name in (*measurement.tags, "reason")])
    if limits == UNLIMITED:
        return schema.empty_table()
    tags = ", ".join(measurement.tags)
    offered = connection.execute(
        f"SELECT {tags} FROM ({query}) GROUP BY {tags} "
        f"ORDER BY min(row(arrival, file, place)), {tags}"
    ).fetchall()
    index = Index(limits)
    refused = []
    for series in offered:
        named = zip(measurement.tags, series, strict=True)
        reason = index.admit("", tuple((key, value) for key, value in named if value is not None))
        if reason:
            refused.append((*series, reason))
    return pa.Table.from_pylist(
        [dict(zip(schema.names, row, strict=True)) for row in refused], schema=schema
    )


def _columns(measurement: Measurement, prefix: str = "") -> str:
    return ", ".join(prefix + name for name in ("time", *measurement.tags))


def _numbered(connection: duckdb.DuckDBPyConnection) -> list[int]:
    """The numbers of the portions of all parts: whole minutes of about CHUNK_ROWS."""
    connection.execute(_PORTIONS, {"rows": CHUNK_ROWS})
    found = connection.execute("SELECT DISTINCT portion FROM portions ORDER BY 1").fetchall()
    return [number for (number,) in found]


def _portions(
    connection: duckdb.DuckDBPyConnection, numbers: Sequence[int], folder: Path
) -> Iterator[str]:
    """Queries for all parts, a portion each, in order of time. Where there are several, their rows
    are first put apart below `folder`."""
    if len(numbers) == 1:
        yield "FROM every_part"
        return
    connection.execute(f"SET partitioned_write_max_open_files = {min(len(numbers), OPEN_FILES)}")
    connection.execute(
        f"COPY (SELECT p.*, portion FROM every_part AS p JOIN portions ON {_MINUTE} = minute) "
        f"TO {_quoted(folder)} (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (portion))"
    )
    for number in numbers:
        own = folder / f"portion={number}"
        files = _quoted(f"{pattern(own)}/*.parquet")
        yield f"FROM read_parquet({files}, hive_partitioning = false)"
        rmtree(own)


def _quoted(text: object) -> str:
    """A text as SQL writes it."""
    return "'" + str(text).replace("'", "''") + "'"


def _stored(connection: duckdb.DuckDBPyConnection, measurement: Measurement) -> pa.Table:
    names = ", ".join(measurement.schema.names)
    stored = connection.sql(
        f"SELECT {names} FROM writes WHERE last AND reason = '' ORDER BY {_columns(measurement)}"
    )
    return stored.to_arrow_table().cast(measurement.schema)


def _accounts(connection: duckdb.DuckDBPyConnection) -> pa.Table:
    """Accounts by host and UTC day of arrival."""
    rows = connection.execute(
        "SELECT CASE WHEN reason <> '' THEN 'rejected' WHEN last THEN 'stored' "
        "ELSE 'overwritten' END AS account, reason, coalesce(host, ''), arrival::DATE, count(*) "
        "FROM writes GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    written = ledger.counts("points_written", [("", *row[2:]) for row in rows])
    return pa.concat_tables([written, *(ledger.counts(row[0], [row[1:]]) for row in rows)])


class PointsDatabase(SqlDatabase):
    """Measurements as tables, asked in SQL; one without any point is an empty table."""

    def __init__(
        self,
        tables: Mapping[str, tuple[Measurement, Path]],
        steps: Mapping[str, Step] | None = None,
    ) -> None:
        """`tables` maps `schema.name` to a measurement and the folder of its Parquet files; `steps`
        are those outside the database that queries may declare."""
        self.steps = steps or {}
        filled = {name for name, (_, folder) in tables.items() if any(folder.rglob("*.parquet"))}
        super().__init__({name: tables[name][1] for name in filled})
        for name in tables.keys() - filled:
            schema, _, _ = name.rpartition(".")
            self.connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
            self.connection.register("nothing", tables[name][0].schema.empty_table())
            self.connection.execute(f"CREATE TABLE {name} AS FROM nothing")
            self.connection.unregister("nothing")
