"""BigQuery's SQL, read by sqlglot.

Joins are JOIN clauses, CROSS JOIN UNNEST among them; subqueries are those in brackets and in WITH;
windows are OVER clauses; aggregations are calls of aggregate functions.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlglot
from sqlglot import exp
from sqlglot.tokenizer_core import Token as SqlToken
from sqlglot.tokenizer_core import TokenType

from dauexp.errors import BadInput
from dauexp.measures.complexity.halstead import Kind, Token
from dauexp.measures.complexity.language import Language, Tree

_NAMES = {TokenType.VAR, TokenType.IDENTIFIER}
_KINDS = {
    TokenType.STRING: Kind.TEXT,
    TokenType.NUMBER: Kind.NUMBER,
    TokenType.TRUE: Kind.NAME,
    TokenType.FALSE: Kind.NAME,
    TokenType.NULL: Kind.NAME,
}
"""The kinds of values."""
_CLOSING = {TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE}


def tokens(text: str) -> list[Token]:
    """The tokens of a text in BigQuery's SQL."""
    try:
        found = sqlglot.tokenize(text, read="bigquery")
    except sqlglot.errors.SqlglotError as error:
        raise BadInput(f"not BigQuery SQL: {error}") from error
    return list(_tokens([each for each in found if each.token_type not in _CLOSING]))


def _tokens(found: list[SqlToken]) -> Iterator[Token]:
    for before, token, after in zip([None, *found], found, [*found[1:], None], strict=False):
        kind = token.token_type
        if kind in _NAMES and before is not None and before.token_type is TokenType.PARAMETER:
            yield Token(token.text, Kind.PARAMETER)
        elif kind in _NAMES and (after is None or after.token_type is not TokenType.L_PAREN):
            yield Token(token.text, Kind.NAME)
        elif kind in _KINDS:
            yield Token(
                token.text if kind is TokenType.STRING else token.text.upper(), _KINDS[kind]
            )
        elif kind is not TokenType.PARAMETER:  # its mark is a part of the name
            yield Token(" ".join(token.text.upper().split()), Kind.OPERATOR)


def tree(text: str) -> Tree:
    """The syntax tree of a statement in BigQuery's SQL."""
    try:
        root = sqlglot.parse_one(text, read="bigquery")
    except sqlglot.errors.SqlglotError as error:
        raise BadInput(f"not BigQuery SQL: {error}") from error
    return Tree(
        nodes=sum(1 for _ in root.walk()),
        depth=_depth(root),
        joins=_count(root, exp.Join),
        subqueries=_count(root, exp.Subquery, exp.CTE),
        windows=_count(root, exp.Window),
        aggregations=_count(root, exp.AggFunc),
    )


def _count(root: exp.Expr, *kinds: type[exp.Expr]) -> int:
    return sum(1 for _ in root.find_all(*kinds))


def _depth(node: exp.Expr) -> int:
    return 1 + max((_depth(child) for child in node.iter_expressions()), default=0)


SQL = Language("--", tokens, tree)
