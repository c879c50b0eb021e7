"""The rules of claims: comparisons of numbers from a run's tables, written as expressions.

    max(accuracy_summary.worst_absolute_error, option='glean', question='dau', segment='all') == 0
    sum(cost.wire_bytes, option='glean') / sum(cost.requests, option='glean') < 1000

A term is a number, or an aggregate (min, max, mean, sum, count, distinct) of a column of a table
over the rows whose columns have the named values, several values as a list. Terms are joined by
+ - * /, and two of them are compared. The syntax is Python's; nothing but this can be said in it.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from dauexp.errors import BadInput
from dauexp.report.frames import Frames

_COMPARISONS: dict[type[ast.cmpop], tuple[Callable[[float, float], bool], str]] = {
    ast.Eq: (operator.eq, "="),
    ast.NotEq: (operator.ne, "\N{NOT EQUAL TO}"),
    ast.Lt: (operator.lt, "<"),
    ast.LtE: (operator.le, "\N{LESS-THAN OR EQUAL TO}"),
    ast.Gt: (operator.gt, ">"),
    ast.GtE: (operator.ge, "\N{GREATER-THAN OR EQUAL TO}"),
}
_ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
SUBJECTS = ("option", "strategy", "package")
"""What must be in a table for a count of nothing to mean that there is none."""
AGGREGATES = ("count", "distinct", "max", "mean", "min", "sum")


class NotMeasured(LookupError):
    """A run has no table, or no row, from which a term could be computed. Says what is missing."""


@dataclass(frozen=True)
class Comparison:
    """A rule, evaluated on the tables of a run."""

    holds: bool
    left: float
    sign: str
    right: float
    sources: tuple[str, ...] = field(default=())
    """Where the numbers came from: table, column, rows; one entry an aggregate."""


def compared(rule: str, run: Frames) -> Comparison:
    """Evaluates a rule. Raises NotMeasured where the run lacks what it needs, BadInput where the
    rule itself is wrong."""
    node = parsed(rule)
    terms = _Terms(rule, run)
    left, right = terms.value(node.left), terms.value(node.comparators[0])
    compare, sign = _COMPARISONS[type(node.ops[0])]
    return Comparison(compare(left, right), left, sign, right, tuple(terms.sources))


def valued(term: str, run: Frames) -> float:
    """The value of a term. Raises as `compared` does."""
    try:
        node = ast.parse(term, mode="eval").body
    except SyntaxError as error:
        raise BadInput(f"term {term!r}: {error.msg}") from error
    return _Terms(term, run).value(node)


def about(term: str, option: str, strategy: str) -> str:
    """A term of a contender's rows: `{who}` stands for its option and strategy, `{option}` for its
    option alone."""
    of = f"option={option!r}"
    return term.format(who=f"{of}, strategy={strategy!r}", option=of)


def parsed(rule: str) -> ast.Compare:
    """The comparison of a rule. Raises BadInput where it is none."""
    try:
        node = ast.parse(rule, mode="eval").body
    except SyntaxError as error:
        raise BadInput(f"rule {rule!r}: {error.msg}") from error
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        raise BadInput(f"rule {rule!r}: give one comparison of two terms")
    if type(node.ops[0]) not in _COMPARISONS:
        raise BadInput(f"rule {rule!r}: compare by ==, !=, <, <=, > or >=")
    return node


def tables(rule: str) -> list[str]:
    """The names of the tables that a rule or a term asks, in the order they are named."""
    attributes = [
        node for node in ast.walk(ast.parse(rule, mode="eval")) if isinstance(node, ast.Attribute)
    ]
    return list(dict.fromkeys(n.value.id for n in attributes if isinstance(n.value, ast.Name)))


class _Terms:
    """The terms of one rule on one run."""

    def __init__(self, rule: str, run: Frames) -> None:
        self._rule = rule
        self._run = run
        self.sources: list[str] = []

    def value(self, node: ast.expr) -> float:
        """The value of a term."""
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            return float(node.value)
        if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
            left, right = self.value(node.left), self.value(node.right)
            if isinstance(node.op, ast.Div) and right == 0:
                raise NotMeasured(f"{ast.unparse(node.right)} is 0")
            return _ARITHMETIC[type(node.op)](left, right)
        if isinstance(node, ast.Call):
            return self._aggregate(node)
        raise self._wrong(node)

    def _aggregate(self, node: ast.Call) -> float:
        if not isinstance(node.func, ast.Name) or node.func.id not in AGGREGATES:
            raise self._wrong(node)
        if len(node.args) != 1 or not isinstance(node.args[0], ast.Attribute):
            raise self._wrong(node)
        column, table = node.args[0].attr, ast.unparse(node.args[0].value)
        wanted = {str(keyword.arg): self._values(keyword.value) for keyword in node.keywords}
        rows = self._rows(table, column, wanted)
        self.sources.append(f"{table}: {node.func.id} of {column}, {_told(wanted)}")
        if node.func.id == "count":
            subject = {key: wanted[key] for key in SUBJECTS if key in wanted}
            if self._rows(table, column, subject).empty:
                raise NotMeasured(f"table {table} has no row about {_told(subject)}")
            return float(len(rows))
        values = rows[column].dropna()
        if values.empty:
            raise NotMeasured(f"table {table} has no value of {column}, {_told(wanted)}")
        name = "nunique" if node.func.id == "distinct" else node.func.id
        result = float(getattr(values, name)())
        if not math.isfinite(result):
            raise NotMeasured(f"table {table}: {column} is not finite, {_told(wanted)}")
        return result

    def _rows(self, table: str, column: str, wanted: dict[str, list[Any]]) -> pd.DataFrame:
        if table not in self._run:
            raise NotMeasured(f"the run has no table {table}")
        rows = self._run[table]
        for name in (column, *wanted):
            if name not in rows:
                raise NotMeasured(f"table {table} has no column {name}")
        for name, values in wanted.items():
            rows = rows[rows[name].isin(values)]
        return rows

    def _values(self, node: ast.expr) -> list[Any]:
        try:
            value = ast.literal_eval(node)
        except ValueError as error:
            raise self._wrong(node) from error
        return value if isinstance(value, list) else [value]

    def _wrong(self, node: ast.expr) -> BadInput:
        return BadInput(
            f"rule {self._rule!r}: {ast.unparse(node)} is neither a number nor "
            f"{', '.join(AGGREGATES)}(TABLE.COLUMN, NAME='VALUE', ...)"
        )


def _told(wanted: dict[str, list[Any]]) -> str:
    """The rows that are wanted, in words."""
    told = (f"{name} = {' or '.join(map(str, values))}" for name, values in wanted.items())
    return ", ".join(told) or "all rows"
