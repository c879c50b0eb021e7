"""Databases that answer a query written in some language."""

from __future__ import annotations

import glob
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Protocol, Self

import duckdb
import pyarrow as pa
import sqlglot
from sqlglot import exp

from dauexp.errors import BadInput
from dauexp.temporary import spill_place

Asking = Callable[[Mapping[str, object]], pa.Table]
"""Runs a query with some parameters."""

Step = Callable[[Asking, Mapping[str, object]], pa.Table]
"""A step outside the database, around the asking of a query: it may ask it with other parameters,
several times, and makes its answer into another."""


class Database(Protocol):
    """What a question is asked of. Use it as a context manager."""

    languages: tuple[str, ...]
    """The suffixes of the query files that it can run, e.g. `sql`."""
    steps: Mapping[str, Step]
    """The steps outside it that a query file may declare, by name."""

    def ask(self, query: str, language: str, parameters: Mapping[str, object]) -> pa.Table:
        """Runs a query; gives the rows that it answers.

        Raises BadInput where the query is not of the language.
        """

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


def connect(
    memory: str = "2GB", threads: int = 2, spill: Path | None = None
) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection in memory, in UTC, that spills to the folder `spill`, by default one that
    no other connection has. It uses `memory` (with its unit) and so many `threads` at most, and
    fetches no extension."""
    connection = duckdb.connect()
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")
    connection.execute(f"SET memory_limit = '{memory}'")
    connection.execute(f"SET threads = {threads}")
    connection.execute("SET temp_directory = ?", [str(spill or spill_place())])
    return connection


def pattern(path: Path | str) -> str:
    """A path as DuckDB's functions on files take it. To them it is a pattern, so what would stand
    for other characters must be said to stand for itself."""
    return glob.escape(str(path))


@cache
def to_duckdb(query: str) -> tuple[str, frozenset[str]]:
    """A BigQuery statement in DuckDB's dialect, and the names of its parameters.

    Raises BadInput where it is not one statement of BigQuery's dialect.
    """
    try:
        statements = sqlglot.parse(query, read="bigquery", error_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.errors.SqlglotError as error:
        raise BadInput(f"not BigQuery SQL: {_told(error)}") from error
    if len(statements) != 1 or statements[0] is None:
        raise BadInput(f"a query file holds one statement, not {len(statements)}")
    names = frozenset(node.name for node in statements[0].find_all(exp.Parameter))
    return statements[0].sql(dialect="duckdb"), names


def _told(error: sqlglot.errors.SqlglotError) -> str:
    """What a parser says, in a line."""
    found = getattr(error, "errors", None)
    if not found:
        return " ".join(str(error).split())
    first = found[0]
    said, _, _ = first["description"].partition(" but got <")
    return f"line {first['line']}, column {first['col']}: {said.rstrip('.')}"


class SqlDatabase:
    """Parquet files as tables of a DuckDB, asked in BigQuery's dialect of SQL."""

    languages: tuple[str, ...] = ("sql",)
    steps: Mapping[str, Step] = {}

    def __init__(self, tables: Mapping[str, Path], **settings: object) -> None:
        """`tables` maps `schema.table` to a folder of Parquet files."""
        self.connection: duckdb.DuckDBPyConnection = connect(**settings)  # type: ignore[arg-type]
        for name, folder in tables.items():
            schema, _, _ = name.rpartition(".")
            if schema:
                self.connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
            files = f"{pattern(folder.absolute())}/**/*.parquet".replace("'", "''")
            self.connection.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{files}')")
        # A query reads these tables, no other file, and writes none. Once said, it stays.
        places = [folder.absolute() for folder in tables.values()]
        allowed = [text for place in places for text in (str(place), pattern(place))]
        self.connection.execute("SET allowed_directories = $allowed", {"allowed": allowed})
        self.connection.execute("SET enable_external_access = false")

    def ask(self, query: str, language: str, parameters: Mapping[str, object]) -> pa.Table:
        """Runs a query in BigQuery SQL; only the parameters that it names are bound. Gives the rows
        that it answers.

        Raises BadInput for another language, for what is not one statement, and where the query
        names a parameter that is not given.
        """
        if language != "sql":
            raise BadInput(f"this database is asked in sql, not in {language}")
        statement, names = to_duckdb(query)
        missing = names - parameters.keys()
        if missing:
            raise BadInput(f"the query needs @{', @'.join(sorted(missing))}, which no one knows")
        bound = {name: parameters[name] for name in names}
        return self.connection.sql(statement, params=bound).to_arrow_table()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()
