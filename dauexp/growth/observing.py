"""What one asking of a query costs: time, and what the database read and held meanwhile."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa

from dauexp.database import Database, SqlDatabase
from dauexp.errors import BadInput
from dauexp.growth.remote import server_cost, without_points_in_cache
from dauexp.options.statsd.server import ServerDatabase
from dauexp.questions import Query, ask

_PROFILED = {
    "rows_read": ("query", "total_rows_scanned"),
    "bytes_read": ("io", "total_bytes_read"),
    "memory_bytes": ("system", "peak_buffer_memory"),
}
"""Where DuckDB's profile of a query has what is measured."""


def timed(query: Query, database: Database, parameters: Mapping[str, object]) -> dict[str, float]:
    """The time from asking to the whole answer, with the steps outside the database."""
    begun = time.perf_counter()
    ask(query, database, parameters)
    return {"time_seconds": time.perf_counter() - begun}


def profiled(
    query: Query, database: Database, parameters: Mapping[str, object]
) -> dict[str, float]:
    """Rows and bytes read and the most memory held, as DuckDB's profiler counts them: of the last
    statement, where steps outside the database ask several. Of a real InfluxDB, those of them that
    can be had (`dauexp.growth.remote`).

    Raises BadInput where DuckDB is one whose profile is of another form.
    """
    if isinstance(database, ServerDatabase):
        return server_cost(query, database, parameters)
    if not isinstance(database, SqlDatabase):
        return {}
    _, cost = observed(database, lambda: ask(query, database, parameters))
    return {name: cost[name] for name in _PROFILED}


def observed(
    database: SqlDatabase, asking: Callable[[], pa.Table]
) -> tuple[pa.Table, dict[str, float]]:
    """An answer, and what it cost under the profiler: rows_read, bytes_read, memory_bytes and
    time_seconds. Of several statements, the first three are the last one's.

    Raises BadInput where DuckDB is one whose profile is of another form.
    """
    connection = database.connection
    connection.execute("SET enable_profiling = 'no_output'")
    begun = time.perf_counter()
    answer = asking()
    seconds = time.perf_counter() - begun
    profile: dict[str, Any] = json.loads(connection.get_profiling_information(format="json"))
    connection.execute("PRAGMA disable_profiling")
    try:
        cost = {name: float(profile[part][key]) for name, (part, key) in _PROFILED.items()}
    except KeyError as error:
        raise BadInput(
            f"this DuckDB's profile has no {error}: install DuckDB 2, as in requirements.lock"
        ) from error
    return answer, cost | {"time_seconds": seconds}


def without_cache(database: Database) -> None:
    """Lets a DuckDB keep nothing of the files that it reads, so that each query reads its own; and
    waits for a real InfluxDB to have its points in files."""
    if isinstance(database, ServerDatabase):
        without_points_in_cache(database)
    if isinstance(database, SqlDatabase):
        database.connection.execute("SET enable_external_file_cache = false")
