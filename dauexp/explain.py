"""Every parameter of a scenario, with its unit, range, default and where the default comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dauexp.parameters import Parameters

_BOUNDS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}


def explained(group: Parameters, prefix: str = "") -> Iterator[Mapping[str, str]]:
    """One row a parameter: key, value, unit, range, default, meaning and source of the default."""
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
            "range": _range(field.annotation, field.metadata),
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


def _range(annotation: object, metadata: list[object]) -> str:
    choices = getattr(annotation, "__args__", ())
    if choices and all(isinstance(choice, str) for choice in choices):
        return " | ".join(choices)
    bounds = [
        f"{sign} {getattr(bound, key)}"
        for bound in metadata
        for key, sign in _BOUNDS.items()
        if getattr(bound, key, None) is not None
    ]
    return ", ".join(bounds)
