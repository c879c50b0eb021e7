"""Every parameter of a scenario, with its unit, range, default and where the default comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dauexp.parameters import Parameters

_SIGNS = {
    "exclusiveMinimum": ">",
    "minimum": ">=",
    "exclusiveMaximum": "<",
    "maximum": "<=",
    "pattern": "matches",
}
_KINDS = {
    "string": "text",
    "date": "a day",
    "date-time": "a time with its UTC offset",
    "path": "a path",
    "object": "a table",
}


def explained(group: Parameters, prefix: str = "") -> Iterator[Mapping[str, str]]:
    """One row a parameter: key, value, unit, range, default, meaning and source of the default."""
    properties = type(group).model_json_schema()["properties"]
    for name, field in type(group).model_fields.items():
        value = getattr(group, name)
        if isinstance(value, Parameters):
            yield from explained(value, f"{prefix}{name}.")
            continue
        extra = field.json_schema_extra
        notes = extra if isinstance(extra, dict) else {}
        yield {
            "key": f"{prefix}{name}",
            "value": _text(value),
            "unit": str(notes.get("unit", "")),
            "range": _range(properties[name]),
            "default": _text(field.default),
            "meaning": field.description or "",
            "source": str(notes.get("source", "")),
        }


def _text(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_text, value))}]"
    return str(value)


def _range(schema: Mapping[str, Any]) -> str:
    """What a JSON schema allows, in a few words."""
    if "anyOf" in schema:
        return " or ".join(_range(each) for each in schema["anyOf"])
    if schema.get("type") == "null":
        return "none"
    if "enum" in schema:
        return " | ".join(schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    said = [f"{sign} {schema[key]}" for key, sign in _SIGNS.items() if key in schema]
    if schema.get("type") == "array":
        least, most = schema.get("minItems", 0), schema.get("maxItems", "any")
        number = str(least) if least == most else f"{least} to {most}"
        said = [f"{number} values", *filter(None, [_range(schema.get("items", {}))])]
    return ", ".join(said) or _KINDS.get(schema.get("format", schema.get("type", "")), "")
