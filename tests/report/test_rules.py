"""Rules: what can be said in them, and what they make of tables."""

from __future__ import annotations

import pandas as pd
import pytest

from dauexp.errors import BadInput
from dauexp.report.rules import NotMeasured, compared, tables

RUN = {
    "cost": pd.DataFrame(
        {"option": ["a", "a", "b"], "day": [1, 2, 1], "bytes": [10.0, 30.0, 7.0], "requests": 4}
    ),
    "holes": pd.DataFrame({"option": ["a"], "value": [float("nan")]}),
}


@pytest.mark.parametrize(
    ("rule", "left", "right", "holds"),
    [
        ("sum(cost.bytes, option='a') > 39", 40, 39, True),
        ("sum(cost.bytes, option='a') > 40", 40, 40, False),
        ("sum(cost.bytes, option='a') / sum(cost.requests, option='a') == 5", 5, 5, True),
        ("max(cost.bytes) >= 2 * (min(cost.bytes) + 1)", 30, 16, True),
        ("mean(cost.bytes, option=['a', 'b'], day=1) < 8.5", 8.5, 8.5, False),
        ("count(cost.bytes, option='b') == 1", 1, 1, True),
        ("count(cost.bytes, option='b', day=2) == 0", 0, 0, True),
        ("sum(cost.bytes, option='b') - 7 != 0", 0, 0, False),
        ("1 <= 2", 1, 2, True),
    ],
)
def test_a_rule_compares(rule: str, left: float, right: float, holds: bool) -> None:  # noqa: FBT001
    found = compared(rule, RUN)
    assert (found.left, found.right, found.holds) == (left, right, holds)


def test_a_rule_tells_where_its_numbers_came_from() -> None:
    found = compared("sum(cost.bytes, option=['a', 'b'], day=1) > max(cost.requests)", RUN)
    assert found.sources == (
        "cost: sum of bytes, option = a or b, day = 1",
        "cost: max of requests, all rows",
    )


@pytest.mark.parametrize(
    ("rule", "missing"),
    [
        ("sum(privacy.found) == 0", "no table privacy"),
        ("sum(cost.euros) == 0", "no column euros"),
        ("sum(cost.bytes, colour='red') == 0", "no column colour"),
        ("sum(cost.bytes, option='c') == 0", "no value of bytes, option = c"),
        ("count(cost.bytes, option='c') == 0", "no row about option = c"),
        ("sum(holes.value, option='a') == 0", "no value of value"),
        ("1 / count(cost.bytes, day=9) == 0", "is 0"),
    ],
)
def test_what_was_not_measured_is_no_number(rule: str, missing: str) -> None:
    with pytest.raises(NotMeasured, match=missing):
        compared(rule, RUN)


@pytest.mark.parametrize(
    "rule",
    [
        "sum(cost.bytes)",
        "1 < 2 < 3",
        "1 in 2",
        "1 <",
        "__import__('os') == 1",
        "len(cost.bytes) == 1",
        "sum('cost') == 1",
        "sum(cost.bytes, option=open) == 1",
        "'a' == 1",
        "-1 < 2",
        "2 ** 9 == 1",
    ],
)
def test_nothing_else_can_be_said(rule: str) -> None:
    with pytest.raises(BadInput, match="rule"):
        compared(rule, RUN)


def test_a_rule_names_its_tables() -> None:
    assert tables("sum(a.x) / sum(b.y) < max(a.z)") == ["a", "b"]
