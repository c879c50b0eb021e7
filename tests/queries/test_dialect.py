"""Every SQL file is BigQuery's, and runs on DuckDB: what only one of the two takes is refused.

That it runs on DuckDB, the runs of the contract tests show. That BigQuery would take it cannot be
tried here; so it must parse strictly as BigQuery's, call no function but those looked up in
BigQuery's reference, and keep to BigQuery's rules where DuckDB is laxer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

import dauexp
from dauexp.database import to_duckdb
from dauexp.errors import BadInput

OPTIONS = Path(dauexp.__file__).parent / "options"
FILES = sorted([*OPTIONS.rglob("queries/**/*.sql"), *OPTIONS.rglob("last_seen/*.sql")])

FUNCTIONS = frozenset(
    """
    BIT_COUNT BIT_OR CAST COALESCE COUNT COUNTIF DATE DATE_ADD DATE_DIFF DATE_SUB GENERATE_ARRAY
    GENERATE_DATE_ARRAY IF LPAD MIN NULLIF SUM TIMESTAMP TIMESTAMP_SUB UNNEST
    """.split()  # noqa: SIM905 - a list of names reads best as such
)
"""Those that our queries call. Before you add one: is it in BigQuery's reference?"""

NO_FUNCTIONS = frozenset({"AS", "AND", "BY", "FROM", "IN", "JOIN", "ON", "OR", "USING", "WHERE"})
"""What may stand before a bracket without calling anything."""

FOREIGN = {TokenType.DCOLON, TokenType.ILIKE, TokenType.DIV, TokenType.ARROW}


def _tokens(text: str) -> Iterator[str]:
    for token, following in pairwise(sqlglot.tokenize(text, read="bigquery")):
        name = token.text.upper()
        called = following.token_type == TokenType.L_PAREN and re.fullmatch(r"\w+", name)
        if called and name not in FUNCTIONS | NO_FUNCTIONS:
            yield f"{name} is no function that is known to be BigQuery's"
        if token.token_type in FOREIGN:
            yield f"{token.text} is not BigQuery's"


def _selections(text: str) -> Iterator[str]:
    if not re.match(r"(\s|--.*\n)*(SELECT|WITH)\b", text):
        yield "a query begins with SELECT or WITH"
    root = sqlglot.parse_one(text, read="bigquery")
    for star in root.find_all(exp.Star):
        if star.args.get("except_") or star.args.get("replace"):
            yield "columns of a star are left out in another way in DuckDB"
    for group in root.find_all(exp.Group):
        literal = any(isinstance(each, exp.Literal) for each in group.expressions)
        if group.args.get("all") or literal:
            yield "columns are grouped by their names"


def _joins(text: str) -> Iterator[str]:
    for join in sqlglot.parse_one(text, read="bigquery").find_all(exp.Join):
        condition = join.args.get("on")
        parts = condition.flatten() if isinstance(condition, exp.And) else [condition]
        equality = any(isinstance(part, exp.EQ) for part in parts)
        if join.side and not join.args.get("using") and not equality:
            yield "an outer join needs an equality in BigQuery"
        if join.method or join.kind.upper() not in {"", "CROSS", "INNER", "OUTER"}:
            yield f"{join.method or join.kind} JOIN is not BigQuery's"


CHECKS: tuple[Callable[[str], Iterator[str]], ...] = (_tokens, _selections, _joins)


def refusals(text: str) -> list[str]:
    """Why BigQuery would not take a query, though DuckDB may."""
    try:
        to_duckdb(text)
    except BadInput as error:
        return [str(error)]
    return [refusal for check in CHECKS for refusal in check(text)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_file_is_taken_by_both(path: Path) -> None:
    assert refusals(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "SELECT list_distinct([1, 2])",
        "SELECT '2026-01-05'::DATE",
        "SELECT 1 FROM a LEFT JOIN b ON a.x < b.x",
        "SELECT 1 FROM a LEFT JOIN b ON a.x = b.x OR a.y = b.y",
        "SELECT 1 FROM a ASOF JOIN b ON a.x >= b.x",
        "SELECT 1 FROM a SEMI JOIN b ON a.x = b.x",
        "SELECT x, count(*) FROM a GROUP BY ALL",
        "SELECT x, count(*) FROM a GROUP BY 1",
        "SELECT * EXCLUDE (x) FROM a",
        "SELECT * EXCEPT (x) FROM a",
        "FROM a",
        "SELECT 1 WHERE x ILIKE 'a'",
        "SELECT 1; SELECT 2",
        "SELECT FROM WHERE",
        "SELECT x -> x + 1",
    ],
)
def test_what_only_one_of_the_two_takes_is_refused(text: str) -> None:
    assert refusals(text)


def test_a_function_that_only_bigquery_has_fails_when_it_runs() -> None:
    statement, _ = to_duckdb("SELECT FARM_FINGERPRINT('a')")
    with pytest.raises(duckdb.Error):
        duckdb.sql(statement)
