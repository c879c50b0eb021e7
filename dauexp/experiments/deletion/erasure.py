"""How each kind of store deletes: by SQL in a warehouse, by tags and time in InfluxDB.

A statement is run on the Parquet files of a store: a file that holds a row to be deleted is written
anew without it, as an engine does in the end when it compacts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dauexp.database import connect, pattern, to_duckdb
from dauexp.errors import BadInput
from dauexp.ingest.strategy import IngestedStrategy
from dauexp.options import Strategy, glean
from dauexp.options.statsd.settlement import Measurement
from dauexp.options.statsd.strategies import InfluxStrategy
from dauexp.store import Store, write_table

STATEMENTS: Final = glean.FOLDER / "deletion"
"""The statements for the tables of options A and B, named after the tables."""

REFUSED: Final = "fields not supported in WHERE clause during deletion"
"""What InfluxDB 1.8 says to a DELETE that names a field (tsdb/store.go)."""

UNNAMED: Final = "nothing that is stored names the user or the device"


class NotDeletable(Exception):
    """The engine refuses a statement; says what the engine says."""


class Request(NamedTuple):
    """What is asked to be deleted."""

    devices: frozenset[str]
    """The hashes that the requests carry."""
    owners: frozenset[str]
    """The hashes of the users that they belong to."""


class Way(NamedTuple):
    """One way of deleting, with its statements."""

    name: str
    """Empty where there is none."""
    named: str
    """What its statements name: `device`, `user`, `point`, or nothing."""
    statements: Sequence[str]
    """All that have to be run, in the engine's own language."""


def ways(strategy: Strategy, store: Store, request: Request) -> list[Way]:
    """The ways of deleting what was asked that are worth a try, from what the store holds."""
    if isinstance(strategy, IngestedStrategy):
        files = sorted(STATEMENTS.glob("*.sql"))
        statements = [strategy.asks(file.read_text(encoding="utf-8")) for file in files]
        return [Way("sql", "device", statements)]
    if not isinstance(strategy, InfluxStrategy):
        return [Way("", "", [])]
    points = _points(strategy, store)
    tags, fields = strategy.schema.tags, tuple(strategy.schema.fields)
    holding = [name for name in (*tags, *fields) if _holds(points, name, request.owners)]
    found = []
    for name in holding:
        by_value = [_delete(strategy, {name: owner}) for owner in sorted(request.owners)]
        found.append(Way("by tag" if name in tags else "by field", "user", by_value))
        if name in fields:
            mine = points.filter(_is_in(points[name], request.owners))
            each = [_delete(strategy, row) for row in mine.select(["time", *tags]).to_pylist()]
            found.append(Way("point by point", "point", each))
    return found or [Way("", "", [])]


def erase(strategy: Strategy, store: Store, way: Way, request: Request) -> None:
    """Runs the statements of a way on a store. Raises NotDeletable where the engine refuses."""
    if isinstance(strategy, IngestedStrategy):
        for statement in way.statements:
            _run_sql(store, statement, request.devices)
    elif isinstance(strategy, InfluxStrategy) and way.statements:
        delete_points(store.table(strategy.measurement_name), strategy.schema, way.statements)
    else:
        raise NotDeletable(UNNAMED)


def _run_sql(store: Store, statement: str, devices: Iterable[str]) -> None:
    named = re.search(r"DELETE FROM (\w+_(live|stable|errors)\.\w+)", statement)
    if named is None:
        raise BadInput(f"no statement of deletion from a table of pings: {statement}")
    name, table = named.groups()
    translated, _ = to_duckdb(statement)
    files = _files(store.table(table))
    if not files:
        return
    with connect() as duck:
        duck.execute(f"CREATE SCHEMA {name.partition('.')[0]}")
        read = f"CREATE TABLE {name} AS FROM read_parquet(?, filename = true)"
        duck.execute(read, [[pattern(file) for file in files]])
        duck.execute(translated, {"hashed_device_ids": sorted(devices)})
        kept = f"SELECT * EXCLUDE (filename) FROM {name} WHERE filename = ?"
        _rewrite(files, lambda file: duck.sql(kept, params=[file]).to_arrow_table())


def delete_points(folder: Path, measurement: Measurement, statements: Sequence[str]) -> None:
    """Runs InfluxQL's `DELETE FROM "..." WHERE ...` on the points of a measurement: conditions of
    equality on tags and time, joined by AND. Raises NotDeletable where one names a field."""
    groups: dict[tuple[str, ...], list[tuple[str, ...]]] = defaultdict(list)
    for statement in statements:
        conditions = dict(_CONDITION.findall(statement.partition(" WHERE ")[2]))
        if not conditions.keys() <= {"time", *measurement.tags}:
            raise NotDeletable(REFUSED)
        groups[tuple(conditions)].append(tuple(conditions.values()))
    with connect() as duck:
        for names, rows in groups.items():
            columns = zip(*rows, strict=True)
            duck.register(f"by_{'_'.join(names)}", pa.table(dict(zip(names, columns, strict=True))))
        left = _left(groups)
        _rewrite(
            _files(folder), lambda file: duck.sql(left, params=[pattern(file)]).to_arrow_table()
        )


def _left(groups: Iterable[tuple[str, ...]]) -> str:
    text = "FROM read_parquet(?)"
    for names in groups:
        same = " AND ".join(
            f"p.{name} = d.{name}::TIMESTAMPTZ"
            if name == "time"
            else f"coalesce(p.{name}, '') = d.{name}"
            for name in names
        )
        text = f"FROM ({text}) AS p ANTI JOIN by_{'_'.join(names)} AS d ON {same}"
    return text


_CONDITION = re.compile(r""""?(\w+)"? = '([^']*)'""")


def _delete(strategy: InfluxStrategy, conditions: Mapping[str, object]) -> str:
    """The statement that deletes the points with these values of tags, field or time."""
    said = " AND ".join(
        f"time = '{value.isoformat().replace('+00:00', 'Z')}'"
        if isinstance(value, datetime)
        else f"\"{name}\" = '{value or ''}'"
        for name, value in conditions.items()
    )
    return f'DELETE FROM "{strategy.measurement}" WHERE {said}'


def _points(strategy: InfluxStrategy, store: Store) -> pa.Table:
    tables = [pq.read_table(file) for file in _files(store.table(strategy.measurement_name))]
    return pa.concat_tables([strategy.schema.schema.empty_table(), *tables])


def _holds(points: pa.Table, name: str, ids: Iterable[str]) -> bool:
    column = points[name]
    return pa.types.is_string(column.type) and bool(pc.any(_is_in(column, ids)).as_py())


def _is_in(column: pa.ChunkedArray, ids: Iterable[str]) -> pa.ChunkedArray:
    return pc.is_in(column, value_set=pa.array(sorted(ids)))


def _files(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.rglob("*.parquet"))


def _rewrite(files: Iterable[str], kept: Callable[[str], pa.Table]) -> None:
    """Writes those files anew of which not all rows are kept."""
    for file in files:
        rows, before = kept(file), pq.read_metadata(file)
        if rows.num_rows < before.num_rows:
            write_table(Path(file), rows.cast(before.schema.to_arrow_schema()))
