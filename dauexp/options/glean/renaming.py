"""Names in SQL replaced by others, and nothing else: comments and layout stay as they are."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Final

from sqlglot import TokenType
from sqlglot.dialects.bigquery import BigQuery

_NAMES: Final = {TokenType.VAR, TokenType.IDENTIFIER}


def renamed(query: str, names: Mapping[str, str], tables: Mapping[str, str]) -> str:
    """A statement in BigQuery's SQL with other names.

    `names` are those of columns and datasets; `tables` those of tables, which are names only behind
    a dataset that is renamed: `syncstorage_stable.events`, but not the column `events`.
    """
    tokens = [each for each in BigQuery().tokenize(query) if each.token_type in _NAMES]
    changes = [(each, names[each.text]) for each in tokens if each.text in names]
    changes += [
        (table, tables[table.text])
        for dataset, table in pairwise(tokens)
        if table.text in tables
        and dataset.text in names
        and query[dataset.end + 1 : table.start] == "."
    ]
    for token, name in sorted(changes, key=lambda change: change[0].start, reverse=True):
        query = query[: token.start] + name + query[token.end + 1 :]
    return query
