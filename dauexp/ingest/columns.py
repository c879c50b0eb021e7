"""The columns that a JSON schema comes to in a table, and how a document is fitted to them.

An object with fixed properties is a struct, an object of free keys is a list of key and value, a
list is a list; what has no type of its own in a table is kept as JSON text. What a document has
and the table has not is left over: a table keeps it in `additional_properties`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pyarrow as pa

from dauexp.ingest import jsontext
from dauexp.ingest.names import snake_case

Schema = Mapping[str, Any]

NOTHING: Any = None
"""Nothing fits, or nothing is left over. No document has a null where a schema asks for a value."""


class Fitted(NamedTuple):
    """A value as the column takes it, and what of it has no place there."""

    value: Any
    rest: Any


class Column(NamedTuple):
    """The type of a column, and what fits a JSON value to it."""

    type: pa.DataType
    fit: Callable[[Any], Fitted]


def column_of(schema: Schema, definitions: Mapping[str, Schema]) -> Column:
    """The column for what a JSON schema allows."""
    if "$ref" in schema:
        return column_of(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    kind = _only_type(schema)
    if kind in _SCALARS:
        return _SCALARS[kind]
    if kind == "array" and "items" in schema:
        return _list_of(column_of(schema["items"], definitions))
    if kind == "object" and "properties" in schema:
        members = {
            name: column_of(member, definitions)
            for name, member in schema["properties"].items()
            if not name.startswith("$")
        }
        return struct_of(members)
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return _map_of(column_of(schema["additionalProperties"], definitions))
    return _JSON


def struct_of(members: Mapping[str, Column]) -> Column:
    """The column of an object with these members, whose names are in snake case."""

    def fit(value: Any) -> Fitted:
        if not isinstance(value, dict):
            return Fitted(NOTHING, value)
        kept: dict[str, Any] = {}
        rest: dict[str, Any] = {}
        for key, member in value.items():
            name = key if key in members else snake_case(key)
            if name not in members:
                rest[key] = member
                continue
            kept[name], left = members[name].fit(member)
            if left is not NOTHING:
                rest[key] = left
        return Fitted(kept, rest or NOTHING)

    return Column(pa.struct([(name, member.type) for name, member in members.items()]), fit)


def _only_type(schema: Schema) -> str:
    """The one type that is allowed beside null; empty where there are several, or none is said."""
    allowed = schema.get("type", [])
    types = [
        each for each in ([allowed] if isinstance(allowed, str) else allowed) if each != "null"
    ]
    return types[0] if len(types) == 1 else ""


def _scalar(type_: pa.DataType, accepts: Callable[[Any], bool]) -> Column:
    return Column(
        type_,
        lambda value: Fitted(value, NOTHING) if accepts(value) else Fitted(NOTHING, value),
    )


def _is_int64(value: Any) -> bool:
    return type(value) is int and -(2**63) <= value < 2**63


def _is_float64(value: Any) -> bool:
    return isinstance(value, float) or _is_int64(value)


def _list_of(item: Column) -> Column:
    def fit(value: Any) -> Fitted:
        if not isinstance(value, list):
            return Fitted(NOTHING, value)
        fitted = [item.fit(each) for each in value]
        rest = [each.rest for each in fitted]
        left = rest if any(each is not NOTHING for each in rest) else NOTHING
        return Fitted([each.value for each in fitted], left)

    return Column(pa.list_(item.type), fit)


def _map_of(item: Column) -> Column:
    def fit(value: Any) -> Fitted:
        if not isinstance(value, dict):
            return Fitted(NOTHING, value)
        fitted = {key: item.fit(each) for key, each in value.items()}
        rest = {key: each.rest for key, each in fitted.items() if each.rest is not NOTHING}
        return Fitted(
            [{"key": key, "value": each.value} for key, each in fitted.items()], rest or NOTHING
        )

    return Column(pa.list_(pa.struct([("key", pa.string()), ("value", item.type)])), fit)


_SCALARS: Mapping[str, Column] = {
    "string": _scalar(pa.string(), lambda value: isinstance(value, str)),
    "integer": _scalar(pa.int64(), _is_int64),
    "number": _scalar(pa.float64(), _is_float64),
    "boolean": _scalar(pa.bool_(), lambda value: isinstance(value, bool)),
}
_JSON = Column(pa.string(), lambda value: Fitted(jsontext.write(value), NOTHING))
