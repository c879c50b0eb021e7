"""Halstead's measures of a text, from its tokens.

Source: M. H. Halstead, Elements of Software Science, Elsevier 1977. Operands are names and values,
operators all the rest: keywords, functions, symbols. A pair of brackets is one operator.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum, auto
from typing import NamedTuple


class Kind(Enum):
    """What a token is."""

    OPERATOR = auto()
    NAME = auto()
    PARAMETER = auto()
    """A name whose value whoever asks must give."""
    NUMBER = auto()
    """A number, also one with its unit, such as a duration."""
    TEXT = auto()


class Token(NamedTuple):
    """A token of a query. Two of the same text and kind are the same operator or operand."""

    text: str
    kind: Kind

    @property
    def operand(self) -> bool:
        """Whether it is a name or a value; else it is an operator."""
        return self.kind is not Kind.OPERATOR


class Halstead(NamedTuple):
    """The measures of a text."""

    tokens: int
    """The length: all operators and operands, N = N1 + N2."""
    distinct_operators: int
    distinct_operands: int
    volume_bits: float
    """The bits to write down all tokens of a vocabulary of the distinct ones, N log2 n."""
    difficulty: float
    """n1 / 2 times N2 / n2: half the distinct operators, times the mean uses of an operand."""


def halstead(tokens: Sequence[Token]) -> Halstead:
    """The measures of a text of these tokens; 0 where it has none."""
    operands = [token for token in tokens if token.operand]
    distinct_operands = len(set(operands))
    distinct = len(set(tokens))
    distinct_operators = distinct - distinct_operands
    return Halstead(
        tokens=len(tokens),
        distinct_operators=distinct_operators,
        distinct_operands=distinct_operands,
        volume_bits=len(tokens) * math.log2(distinct) if distinct else 0.0,
        difficulty=distinct_operators / 2 * len(operands) / (distinct_operands or 1),
    )
