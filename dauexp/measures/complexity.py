"""How complex each query is, from its text alone: Halstead's measures, and its syntax tree.

Halstead's measures need nothing but the two kinds of tokens, so they serve every language alike:
operands are names and values, operators all the rest (keywords, functions, symbols; a pair of
brackets is one). Source: M. H. Halstead, Elements of Software Science, 1977.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pyarrow as pa
import sqlglot
from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from dauexp.errors import BadInput
from dauexp.options import Contender
from dauexp.questions import queries
from dauexp.scenario import Scenario

COMPLEXITY = pa.schema(
    [
        pa.field("option", pa.string(), nullable=False),
        pa.field("strategy", pa.string(), nullable=False),
        pa.field("question", pa.string(), nullable=False),
        pa.field("variant", pa.string(), nullable=False),
        pa.field("language", pa.string(), nullable=False),
        pa.field("lines", pa.int64(), nullable=False),
        pa.field("tokens", pa.int64(), nullable=False),
        pa.field("distinct_operators", pa.int64(), nullable=False),
        pa.field("distinct_operands", pa.int64(), nullable=False),
        pa.field("volume_bits", pa.float64(), nullable=False),
        pa.field("difficulty", pa.float64(), nullable=False),
        pa.field("constants", pa.int64(), nullable=False),
        pa.field("nodes", pa.int64()),
        pa.field("depth", pa.int64()),
        pa.field("joins", pa.int64()),
        pa.field("subqueries", pa.int64()),
        pa.field("windows", pa.int64()),
        pa.field("aggregations", pa.int64()),
    ]
)
"""One row a query file. `lines` has neither blank lines nor comments. `constants` counts what must
be known beforehand: parameters other than the days asked for. Those of the syntax tree are null in
a language that has no parser here."""

DAYS = {"first_day", "last_day"}
"""The parameters that say which days are asked for."""


class Token(NamedTuple):
    """A token of a query."""

    text: str
    operand: bool
    """Whether it is a name or a value; else it is an operator."""


def complexity(scenario: Scenario, contenders: Iterable[Contender]) -> pa.Table:
    """The table `COMPLEXITY` of all query files of some contenders."""
    rows = [
        {
            "option": contender.option.id,
            "strategy": contender.strategy.name,
            "question": query.question,
            "variant": query.variant,
            "language": query.language,
            **measured(query.text, query.language),
        }
        for contender in contenders
        for query in queries(contender.strategy(scenario).queries)
        if query.possible
    ]
    return pa.Table.from_pylist(rows, schema=COMPLEXITY)


def measured(text: str, language: str) -> dict[str, float | None]:
    """All measures of one query, by the names of the columns of `COMPLEXITY`.

    Raises BadInput for a language that is not known here, and for a text that is none of it.
    """
    found = list(tokens(text, language))
    operators = [token.text for token in found if not token.operand]
    operands = [token.text for token in found if token.operand]
    distinct, names = len(set(operators)), len(set(operands))
    return {
        "lines": code_lines(text, language),
        "tokens": len(found),
        "distinct_operators": distinct,
        "distinct_operands": names,
        "volume_bits": len(found) * math.log2(distinct + names) if distinct + names else 0.0,
        "difficulty": distinct / 2 * len(operands) / names if names else 0.0,
        "constants": len(set(re.findall(r"@(\w+)", _without_comments(text, language))) - DAYS),
        **(tree(text) if language == "sql" else {}),
    }


def tree(text: str) -> dict[str, float | None]:
    """What the syntax tree of a statement in BigQuery's SQL has: nodes, depth, joins, ..."""
    root = _parsed(text)
    return {
        "nodes": sum(1 for _ in root.walk()),
        "depth": _depth(root),
        "joins": _count(root, exp.Join),
        "subqueries": _count(root, exp.Subquery, exp.CTE),
        "windows": _count(root, exp.Window),
        "aggregations": _count(root, exp.AggFunc),
    }


def tokens(text: str, language: str) -> Iterator[Token]:
    """The tokens of a query, comments and closing brackets left out."""
    if language == "sql":
        yield from _sql_tokens(text)
    elif language in _LEXERS:
        yield from _lexed(text, _LEXERS[language])
    else:
        raise BadInput(f"complexity of {language!r}: known are sql, {', '.join(_LEXERS)}")


def code_lines(text: str, language: str) -> int:
    """Lines that are neither blank nor comments alone."""
    return sum(1 for line in _without_comments(text, language).splitlines() if line.strip())


def _without_comments(text: str, language: str) -> str:
    return re.sub(r"//.*" if language == "flux" else r"--.*", "", text)


_OPERANDS = {
    TokenType.VAR,
    TokenType.IDENTIFIER,
    TokenType.STRING,
    TokenType.NUMBER,
    TokenType.TRUE,
    TokenType.FALSE,
    TokenType.NULL,
}
_CLOSING = {TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE}


def _sql_tokens(text: str) -> Iterator[Token]:
    found = [
        each for each in sqlglot.tokenize(text, read="bigquery") if each.token_type not in _CLOSING
    ]
    for token, following in zip(found, [*found[1:], None], strict=True):
        called = following is not None and following.token_type == TokenType.L_PAREN
        operand = token.token_type in _OPERANDS and not called
        name = token.token_type in (TokenType.VAR, TokenType.IDENTIFIER)
        yield Token(token.text if operand and name else token.text.upper(), operand)


class _Lexer(NamedTuple):
    """A language for which tokens are enough: what its tokens look like, and its keywords."""

    pattern: re.Pattern[str]
    keywords: frozenset[str]
    """In upper case."""


def _lexer(comment: str, keywords: str) -> _Lexer:
    """A lexer of comments, strings, durations and numbers, names, and symbols."""
    pattern = (
        rf"(?P<skip>\s+|{comment}[^\n]*|[)\]}}])"
        r"|(?P<operand>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\d[\w.:+-]*|@\w+)"
        r"|(?P<name>[A-Za-z_][\w.]*)(?P<call>\s*\()?"
        r"|(?P<symbol>\|>|=>|==|!=|<=|>=|=~|!~|\S)"
    )
    return _Lexer(re.compile(pattern), frozenset(keywords.split()))


_LEXERS = {
    "flux": _lexer("//", "AND OR NOT IF THEN ELSE IMPORT RETURN EXISTS"),
    "influxql": _lexer(
        "--",
        "SELECT DISTINCT FROM WHERE GROUP BY ORDER ASC DESC LIMIT OFFSET FILL AND OR TIME AS SHOW "
        "TAG VALUES EXACT CARDINALITY WITH KEY SERIES NONE TZ ON INTO NULL",
    ),
}


def _lexed(text: str, lexer: _Lexer) -> Iterator[Token]:
    for match in lexer.pattern.finditer(text):
        if match["operand"]:
            yield Token(match["operand"], operand=True)
        elif match["name"]:
            keyword = match["name"].upper() in lexer.keywords
            called = match["call"] is not None
            yield Token(match["name"], operand=not keyword and not called)
            if called:
                yield Token("(", operand=False)
        elif match["symbol"]:
            yield Token(match["symbol"], operand=False)


def _parsed(text: str) -> exp.Expr:
    try:
        return sqlglot.parse_one(text, read="bigquery")
    except sqlglot.errors.SqlglotError as error:
        raise BadInput(f"not BigQuery SQL: {error}") from error


def _count(root: exp.Expr, *kinds: type[exp.Expr]) -> int:
    return sum(1 for _ in root.find_all(*kinds))


def _depth(node: exp.Expr) -> int:
    return 1 + max((_depth(child) for child in node.iter_expressions()), default=0)
