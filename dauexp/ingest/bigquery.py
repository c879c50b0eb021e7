"""The same tables in a warehouse: BigQuery's schema as JSON, and as DDL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import pyarrow as pa

from dauexp.ingest.tables import ERRORS, PingTable

PARTITIONED_BY: Final = {"live": "submission_timestamp", "stable": "submission_timestamp"}
"""The column whose day is a table's partition; that of errors is `receive_timestamp`."""

_NAMES: Final[Mapping[pa.DataType, tuple[str, str]]] = {
    pa.string(): ("STRING", "STRING"),
    pa.int64(): ("INTEGER", "INT64"),
    pa.float64(): ("FLOAT", "FLOAT64"),
    pa.bool_(): ("BOOLEAN", "BOOL"),
    pa.binary(): ("BYTES", "BYTES"),
    pa.timestamp("us", tz="UTC"): ("TIMESTAMP", "TIMESTAMP"),
}
"""What a type is called in a schema and in SQL."""


def tables(ping: PingTable) -> dict[str, pa.Schema]:
    """The tables of a ping by kind: live, stable and errors. The live table's own
    `receive_timestamp` is the run's bookkeeping, and not in the warehouse."""
    columns = ping.live.remove(0)
    return {"live": columns, "stable": columns, "errors": ERRORS}


def schema_json(schema: Iterable[pa.Field]) -> list[dict[str, Any]]:
    """A table's schema as `bq mk --schema` reads it: name, type, mode, and fields of a record."""
    return [_field(field) for field in schema]


def ddl(application: str, kind: str, ping: str, schema: pa.Schema) -> str:
    """The statement that creates a table of an application's ping, partitioned by day."""
    columns = ",\n".join(f"  {_column(field)}" for field in schema)
    day = PARTITIONED_BY.get(kind, "receive_timestamp")
    name = f"{application}_{kind}.{ping.replace('-', '_')}"
    return f"CREATE TABLE `{name}` (\n{columns}\n)\nPARTITION BY DATE({day});\n"


def _field(field: pa.Field) -> dict[str, Any]:
    repeated = pa.types.is_list(field.type)
    type_ = field.type.value_type if repeated else field.type
    mode = "REPEATED" if repeated else "NULLABLE" if field.nullable else "REQUIRED"
    if pa.types.is_struct(type_):
        return {
            "name": field.name,
            "type": "RECORD",
            "mode": mode,
            "fields": schema_json(type_),
        }
    return {"name": field.name, "type": _NAMES[type_][0], "mode": mode}


def _column(field: pa.Field) -> str:
    required = "" if field.nullable else " NOT NULL"
    return f"{field.name} {_sql_type(field.type)}{required}"


def _sql_type(type_: pa.DataType) -> str:
    if pa.types.is_list(type_):
        return f"ARRAY<{_sql_type(type_.value_type)}>"
    if pa.types.is_struct(type_):
        members = ", ".join(f"{member.name} {_sql_type(member.type)}" for member in type_)
        return f"STRUCT<{members}>"
    return _NAMES[type_][1]
