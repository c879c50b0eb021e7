"""The stored tables and their columns, from the data dictionary."""

from __future__ import annotations

from collections.abc import Mapping

from dauexp import dictionary
from dauexp.dictionary import Described
from docsite.markdown import code, table, told


def tables(known: Mapping[str, Described] | None = None) -> str:
    """All tables. Raises Undocumented where a text is missing."""
    return "\n".join(map(_table, (known or dictionary.described()).values()))


def accounts(known: Mapping[str, str] | None = None) -> str:
    """The accounts of the ledger."""
    every = (known or dictionary.accounts()).items()
    rows = [(code(name), told(text, f"the account {name}")) for name, text in every]
    return table(("account", "what it counts"), rows)


def _table(each: Described) -> str:
    rows = [
        (
            code(column.name),
            told(column.unit, f"the unit of {each.name}.{column.name}"),
            told(column.meaning, f"the column {each.name}.{column.name}"),
        )
        for column in each.columns
    ]
    about = told(each.about, f"the table {each.name}")
    return (
        f"### `{each.name}`\n\n{about} One row a {told(each.row, each.name)}.\n\n"
        f"{table(('column', 'unit', 'meaning'), rows)}"
    )
