"""How complex each query is, from its text alone: Halstead's measures, and its syntax tree.

Halstead's measures need nothing but the two kinds of tokens, so they serve every language alike.
What each measure is, with worked examples: docs/complexity.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import pyarrow as pa

from dauexp.errors import BadInput
from dauexp.measures.complexity.constants import declared
from dauexp.measures.complexity.flux import FLUX
from dauexp.measures.complexity.halstead import Token, halstead
from dauexp.measures.complexity.influxql import INFLUXQL
from dauexp.measures.complexity.language import Language
from dauexp.measures.complexity.sharing import shared
from dauexp.measures.complexity.sql import SQL
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
        pa.field("outside_steps", pa.int64(), nullable=False),
        pa.field("constants", pa.int64(), nullable=False),
        pa.field("nodes", pa.int64()),
        pa.field("depth", pa.int64()),
        pa.field("joins", pa.int64()),
        pa.field("subqueries", pa.int64()),
        pa.field("windows", pa.int64()),
        pa.field("aggregations", pa.int64()),
        pa.field("shared", pa.bool_(), nullable=False),
    ]
)
"""One row a query file. `lines` has neither blank lines nor comments. `outside_steps` are done
outside the database; `constants` must be known beforehand; the file declares both. Those of the
syntax tree are null in a language that has no parser here. `shared` is of `sharing.shared`."""

LANGUAGES: Mapping[str, Language] = {"sql": SQL, "flux": FLUX, "influxql": INFLUXQL}
"""The languages whose queries can be measured, by the suffix of their files."""


def complexity(scenario: Scenario, contenders: Iterable[Contender]) -> pa.Table:
    """The table `COMPLEXITY` of all query files of some contenders.

    Raises BadInput for a query that cannot be read, and for one that does not declare what must be
    known to ask it.
    """
    rows = [
        {
            "option": contender.option.id,
            "strategy": contender.strategy.name,
            "question": query.question,
            "variant": query.variant,
            "language": query.language,
            "outside_steps": len(query.outside),
            "constants": declared(query, tokens(query.text, query.language)),
            **measured(query.text, query.language),
        }
        for contender in contenders
        for query in queries(contender.strategy(scenario).queries)
        if query.possible
    ]
    told = [{**row, "shared": alike} for row, alike in zip(rows, shared(rows), strict=True)]
    return pa.Table.from_pylist(told, schema=COMPLEXITY)


@cache  # a sweep's runs, and a contender and its like, have the same queries
def measured(text: str, language: str) -> Mapping[str, float]:
    """The measures of a text, by the names of the columns of `COMPLEXITY`; without those of the
    syntax tree in a language that has no parser here.

    Raises BadInput for a language that is not known here, and for a text that is none of it.
    """
    tree = _known(language).tree
    return {
        "lines": code_lines(text, language),
        **halstead(tokens(text, language))._asdict(),
        **(tree(text)._asdict() if tree else {}),
    }


@cache
def tokens(text: str, language: str) -> Sequence[Token]:
    """The tokens of a query, comments and closing brackets left out.

    Raises BadInput where the language cannot be measured, or the text is not of it.
    """
    return tuple(_known(language).tokens(text))


def code_lines(text: str, language: str) -> int:
    """Lines that are neither blank nor comments alone."""
    mark = LANGUAGES[language].comment if language in LANGUAGES else SQL.comment
    comments = re.compile(rf"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|{mark}.*""")
    code = comments.sub(lambda match: match[1] or "", text)
    return sum(1 for line in code.splitlines() if line.strip())


def _known(language: str) -> Language:
    if language not in LANGUAGES:
        raise BadInput(f"complexity of {language!r}: known are {', '.join(LANGUAGES)}")
    return LANGUAGES[language]
