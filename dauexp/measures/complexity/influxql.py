"""InfluxQL, read by a lexer alone: no parser of it is here.

A name is a letter or `_` followed by letters, digits and `_`, or anything in double quotes; a text
is in single quotes; a parameter is a name after `$`. Numbers have their unit with them (`28d`). A
name followed by an opening bracket is a function. Keywords are those of the language's
specification (https://docs.influxdata.com/influxdb/v1/query_language/spec/) that a query to read
can have, in any case.
"""

from __future__ import annotations

import re

from dauexp.errors import BadInput
from dauexp.measures.complexity.halstead import Kind, Token
from dauexp.measures.complexity.language import Language

_TOKENS = re.compile(
    r"(?P<skip>\s+|--[^\n]*|[)\]])"
    r"|(?P<text>'(?:[^'\\]|\\.)*')"
    r"|\$(?P<parameter>\w+)"
    r"|(?P<number>\d+(?:\.\d+)?(?:ns|ms|[uµsmhdw])?\b)"
    r"|(?P<both>(?:GROUP|ORDER)\s+BY\b)"
    r"|(?P<name>\"(?:[^\"\\]|\\.)*\"|[A-Za-z_]\w*)"
    r"|(?P<symbol>!=|<>|<=|>=|=~|!~|::|[-+*/%&|^=<>(,;.]|/(?:[^/\\]|\\.)+/)",
    re.IGNORECASE,
)

_WORDS = """
ALL AND AS ASC BY CARDINALITY DATABASES DESC DISTINCT EXACT EXPLAIN FIELD FROM GROUP IN INTO KEY
KEYS LIMIT MEASUREMENT MEASUREMENTS OFFSET ON OR ORDER POLICIES RETENTION SELECT SERIES SHOW SLIMIT
SOFFSET TAG TZ VALUES WHERE WITH
"""

_KEYWORDS = frozenset(_WORDS.split())

_KINDS = {"text": Kind.TEXT, "parameter": Kind.PARAMETER, "number": Kind.NUMBER}


def tokens(text: str) -> list[Token]:
    """The tokens of a text in InfluxQL. Raises BadInput for a character that begins none."""
    found = []
    place = 0
    while place < len(text):
        match = _TOKENS.match(text, place)
        if match is None:
            line = text.count("\n", 0, place) + 1
            raise BadInput(f"not InfluxQL: line {line} has {text[place]!r}, which begins no token")
        place = match.end()
        kind, said = str(match.lastgroup), match[0]
        if kind in _KINDS:
            found.append(Token(match[kind].strip("'"), _KINDS[kind]))
        elif kind == "name" and _is_operand(said, text[place:]):
            found.append(Token(said.strip('"'), Kind.NAME))
        elif kind != "skip":
            found.append(Token(" ".join(said.upper().split()), Kind.OPERATOR))
    return found


def _is_operand(name: str, after: str) -> bool:
    return name.upper() not in _KEYWORDS and not after.lstrip().startswith("(")


INFLUXQL = Language("--", tokens, None)
