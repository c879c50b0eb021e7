"""A table as people see it: the text of each cell, what it is sorted by, where it came from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dauexp.report.rules import about

LONG = 30
"""Rows of a table that a page folds away if it has more."""


@dataclass(frozen=True)
class Cell:
    """One cell: as it is shown, and what it is sorted by."""

    text: str
    value: float | str | None = None

    @property
    def numeric(self) -> bool:
        """Whether it is a number, or the lack of one."""
        return not isinstance(self.value, str)


def text(value: object) -> Cell:
    """A cell of words."""
    return Cell(str(value), str(value))


@dataclass(frozen=True)
class Column:
    """A column, with where its numbers came from."""

    name: str
    term: str = ""
    """A term of `dauexp.report.rules`, in which `{row}` stands for the key of a row. Empty: words,
    or numbers of which the table's `which` tells."""
    who: tuple[str, str] | None = None
    """The option and strategy for which `{who}` stands in the keys of rows, if it does."""


@dataclass(frozen=True)
class Row:
    """A row, with how its numbers are found in the stored tables."""

    cells: tuple[Cell, ...]
    key: str = ""
    """As rules write it: `option='glean', strategy='events'`."""

    @property
    def words(self) -> str:
        """What it says beside its numbers."""
        return ", ".join(cell.text for cell in self.cells if not cell.numeric)


@dataclass(frozen=True)
class Table:
    """A table of the report."""

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    sources: tuple[str, ...] = ()
    """The stored tables that its numbers came from."""
    which: str = ""
    """Which rows and columns of them, in words."""

    @property
    def long(self) -> bool:
        """Whether a page folds it away."""
        return len(self.rows) > LONG

    @property
    def origins(self) -> tuple[tuple[str, str], ...]:
        """The terms of its numbers: by the name of the column, or by the words of the row where the
        key of a row is the whole term."""
        if any(column.who for column in self.columns):
            return tuple((row.words, row.key) for row in self.rows)
        return tuple((column.name, column.term) for column in self.columns if column.term)

    def term(self, row: Row, column: Column) -> str:
        """The term that gives the number in a row and column; empty where none does."""
        term = column.term.replace("{row}", row.key)
        return about(term, *column.who) if column.who else term


Form = Callable[[float], str]
"""How the numbers of a column are shown."""


def rows(
    frame: pd.DataFrame, forms: Mapping[str, Form], keys: Sequence[str] = ()
) -> tuple[Row, ...]:
    """A row for each of a data frame's, its numbers in the forms of their columns; all columns that
    have none are words."""
    records = frame.to_dict("records")
    return tuple(
        Row(tuple(_cell(value, forms.get(str(name))) for name, value in record.items()), found)
        for record, found in zip(records, keys or [""] * len(records), strict=True)
    )


def _cell(value: Any, form: Form | None) -> Cell:
    if form is None:
        return text(value)
    return Cell(form(value), None if pd.isna(value) else float(value))


def number(value: float) -> str:
    """A number of any size as people read it; `-` where there is none."""
    if math.isnan(value):
        return "-"
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 100 else f"{value:.1f}"


def key(of: Mapping[str, object]) -> str:
    """Values by columns of a stored table, as rules write them."""
    return ", ".join(f"{name}={value!r}" for name, value in of.items())
