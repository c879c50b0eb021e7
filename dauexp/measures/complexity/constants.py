"""What must be known beforehand to ask a query: its constants, which its file declares.

Constants are the parameters of a query beside the days asked for and the place of the data, and the
numbers in it that do not come of the question. Names of columns, fields and segments are none, in
quotes or not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dauexp.errors import BadInput
from dauexp.measures.complexity.halstead import Kind, Token
from dauexp.questions import Query, Question, catalogue

GIVEN = frozenset({"first_day", "last_day", "bucket", "measurement"})
"""The parameters that say which days are asked for, and where the data is."""

_NUMBER = re.compile(r"\d*\.?\d+")


def constants(tokens: Sequence[Token], question: Question) -> frozenset[str]:
    """The constants among the tokens of a query: parameters by name, numbers as they are written
    (a duration without its unit)."""
    found = {each.text for each in tokens if each.kind is Kind.PARAMETER} - GIVEN
    of_it = of_question(question)
    for token in tokens:
        if token.kind is Kind.NUMBER:
            found |= {each for each in _NUMBER.findall(token.text) if float(each) not in of_it}
    return frozenset(found)


def of_question(question: Question) -> frozenset[float]:
    """The numbers that come of a question: 0 and 1 (also a day, or the least step of time); the
    days of its window and one less, and a bit for each of those days; and, where its segments are
    numbers of days, how many digits they have, and the least number of so many."""
    days = question.window
    found = {0, 1, days, days - 1, 2**days - 1}
    if question.segment == "days_seen":
        digits = len(str(days))
        found |= {digits, 10 ** (digits - 1)}
    return frozenset(map(float, found))


def declared(query: Query, tokens: Sequence[Token]) -> int:
    """How many constants a query has. Raises BadInput where it declares others than it has."""
    found, said = constants(tokens, catalogue()[query.question]), frozenset(query.needs)
    for name in sorted(found - said):
        raise BadInput(
            f"{query.path}: {name} must be known to ask this, and is not declared: "
            f"put a comment `needs: {name}` at its top"
        )
    for name in sorted(said - found):
        raise BadInput(f"{query.path}: declares `needs: {name}`, which is not in it")
    return len(found)
