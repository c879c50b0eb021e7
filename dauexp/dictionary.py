"""The data dictionary: what each stored table and its columns mean (`data/dictionary.toml`)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from dauexp.errors import BadInput
from dauexp.resources import resource


@dataclass(frozen=True)
class Column:
    """A column of a stored table."""

    name: str
    unit: str
    meaning: str


@dataclass(frozen=True)
class Described:
    """A stored table: what one row is, what it is about, its columns in order."""

    name: str
    row: str
    about: str
    columns: tuple[Column, ...]


@cache
def described() -> Mapping[str, Described]:
    """All tables that a run, a sweep, `growth` and `load` store, by name."""
    known = _read()
    return {
        name: Described(name, each["row"], each["about"], _columns(known["columns"], each))
        for name, each in known["tables"].items()
    }


@cache
def accounts() -> Mapping[str, str]:
    """What each account of the ledger counts, by name."""
    found: Mapping[str, str] = _read()["accounts"]
    return found


def describe(name: str) -> Described:
    """A table, by name. Raises BadInput where there is no such table."""
    if name not in described():
        raise BadInput(f"no table {name!r} is known; there are {', '.join(sorted(described()))}")
    return described()[name]


def _read() -> dict[str, Any]:
    with resource("data", "dictionary.toml").open("rb") as file:
        return tomllib.load(file)


def _columns(shared: Mapping[str, list[str]], table: Mapping[str, Any]) -> tuple[Column, ...]:
    meanings = shared | table.get("own", {})
    return tuple(Column(name, *meanings[name]) for name in table["columns"])
