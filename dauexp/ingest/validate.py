"""Validation of a ping against a JSON schema."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema_rs

SCHEMA_FILE = Path(__file__).with_name("ping.schema.json")
"""The package's own schema of a Glean ping."""

_DEEPEST = 24
"""A schema of a ping says nothing about values nested deeper than this."""


class Violation(NamedTuple):
    """The first way in which a document breaks its schema."""

    keyword: str
    """The keyword of the schema that is broken: `required`, `type`, `additionalProperties`, ..."""
    message: str
    """Says what is wrong without repeating a value of the document."""
    pointer: str
    """Where, as a JSON pointer into the document."""


class Validator:
    """A compiled schema.

    JSON Schema takes `0.0` for an integer; the validator that Mozilla's pipeline uses does not, so
    neither does this one, whatever the schema.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._compiled = jsonschema_rs.validator_for(dict(schema), mask="value")

    def violation(self, document: Any) -> Violation | None:
        """The first violation in a document, or None where there is none."""
        prepared = _prepared(document, 0)
        if self._compiled.is_valid(prepared):
            return None
        error = next(self._compiled.iter_errors(prepared))
        return Violation(str(error.schema_path[-1]), error.message, pointer(error.instance_path))


def pointer(path: list[str | int]) -> str:
    """The JSON pointer (RFC 6901) of a path."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


@lru_cache(maxsize=8)
def validator(file: Path = SCHEMA_FILE) -> Validator:
    """The validator of a schema file, by default the package's own."""
    return Validator(read_schema(file))


@lru_cache(maxsize=8)
def read_schema(file: Path = SCHEMA_FILE) -> Mapping[str, Any]:
    """A schema file as Python values."""
    schema: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return schema


def _prepared(value: Any, depth: int) -> Any:
    """The document as the validator must see it: whole floats made fractional, so that they are no
    integers, and what is too deep for any rule cut off."""
    if isinstance(value, dict):
        if depth == _DEEPEST:
            return {}
        return {key: _prepared(each, depth + 1) for key, each in value.items()}
    if isinstance(value, list):
        if depth == _DEEPEST:
            return []
        return [_prepared(each, depth + 1) for each in value]
    if isinstance(value, float) and value.is_integer():
        return _fractional(value)
    return value


def _fractional(value: float) -> float:
    """A number that is no integer, and within [0, 1] where `value` is, below or above where not:
    these are the only bounds that a schema of a ping sets."""
    return 0.5 if value in {0, 1} else math.copysign(1.5, value)
