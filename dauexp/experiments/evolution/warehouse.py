"""What old and new code write, read by an old and a new reader: for A and B, ingestion.

As in BigQuery, a column that was there stays: the tables have those of the old and of the new
registry, and a row has nulls for what its reader did not know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from dauexp.database import SqlDatabase
from dauexp.ingest.decoder import Decoder
from dauexp.ingest.names import snake_case
from dauexp.store import write_table

RECEIVED: Final = "receive_timestamp"
"""A column of live tables that stable ones do not have."""


class Read(NamedTuple):
    """What a reader made of some messages."""

    rows: pa.Table
    accepted: int
    """How many of the messages were accepted."""


def ingested(decoder: Decoder, messages: Sequence[pa.RecordBatch]) -> Read:
    """The stable rows of messages that come but once."""
    live = [decoder.decode(batch).live for batch in messages]
    rows = pa.concat_tables([decoder.table.live.empty_table(), *live]).drop_columns(RECEIVED)
    return Read(rows, rows.num_rows)


def warehouse(folder: Path, tables: Mapping[str, Sequence[pa.Table]]) -> SqlDatabase:
    """A database of tables, `schema.name`, each of rows that may have been read with different
    registries."""
    places = {}
    for name, parts in tables.items():
        type_ = pa.struct(parts[0].schema)
        for part in parts[1:]:
            type_ = merged(type_, pa.struct(part.schema))
        schema = pa.schema(list(type_))
        for number, part in enumerate(parts):
            columns = [
                pa.chunked_array(
                    [widened(chunk, field.type) for chunk in part[field.name].chunks], field.type
                )
                if field.name in part.column_names
                else pa.nulls(part.num_rows, field.type)
                for field in schema
            ]
            write_table(folder / name / f"{number}.parquet", pa.table(columns, names=schema.names))
        places[name] = folder / name
    return SqlDatabase(places)


def merged(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    """A type with the members of both, however deep. What is no struct must be equal."""
    if not pa.types.is_struct(one):
        return one
    members = {field.name: field.type for field in one}
    for field in other:
        known = members.get(field.name)
        members[field.name] = field.type if known is None else merged(known, field.type)
    return pa.struct(list(members.items()))


def widened(array: pa.Array, type_: pa.DataType) -> pa.Array:
    """An array as a type that has more members: they are null."""
    if not pa.types.is_struct(type_):
        return array.cast(type_)
    known = {field.name: n for n, field in enumerate(array.type)}
    members = [
        widened(pc.struct_field(array, known[field.name]), field.type)
        if field.name in known
        else pa.nulls(len(array), field.type)
        for field in type_
    ]
    return pa.StructArray.from_arrays(members, fields=list(type_), mask=array.is_null())


def table_of(application: str, ping: str) -> str:
    """The stable table of an application's ping."""
    return f"{snake_case(application)}_stable.{snake_case(ping)}"
