"""The runs whose queries are compared: one factor varies, the others stay at their middle level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from dauexp.errors import BadInput
from dauexp.scenario import Scenario, changed

SETTINGS: Final = {
    "users": "traffic.users",
    "days": "traffic.days",
    "events": "traffic.requests.scale",
}
"""The factors, each with the key of a scenario that varies it."""

USUAL: Final[Mapping[str, Sequence[float]]] = {
    "users": (250, 500, 1000, 2000, 4000),
    "days": (28, 40, 56, 80, 112),
    "events": (1, 2, 4, 8, 16),
}
"""The settings of each factor where none are given."""


class Point(NamedTuple):
    """One level of a factor: a run."""

    factor: str
    scenario: Scenario


def grid(base: Scenario, settings: Mapping[str, Sequence[float]]) -> list[Point]:
    """The points of a grid, factor by factor, from the settings of each. A point of several factors
    is there for each of them, with one scenario.

    Raises BadInput for a setting that a scenario cannot have, and for traffic of one's own, which
    cannot be made to grow.
    """
    if base.traffic.trace is not None:
        raise BadInput("traffic.trace: own traffic cannot be made to grow; take a simulated run")
    plain = changed(base, {"name": "growth", "experiments.run": (), "report.notebooks": ()})
    middle = {SETTINGS[name]: _middle(name, levels) for name, levels in settings.items()}
    return [
        Point(factor, changed(plain, {**middle, SETTINGS[factor]: setting}))
        for factor, levels in settings.items()
        for setting in sorted(set(levels))
    ]


def _middle(factor: str, levels: Sequence[float]) -> float:
    if not levels:
        raise BadInput(f"--{factor}: give at least one number")
    ordered = sorted(set(levels))
    return ordered[(len(ordered) - 1) // 2]


def numbers(text: str, factor: str) -> tuple[float, ...]:
    """Numbers divided by commas. Raises BadInput where one is none."""
    try:
        return tuple(float(each) if "." in each else int(each) for each in text.split(","))
    except ValueError as error:
        raise BadInput(f"--{factor} {text!r}: give numbers, such as 500,1000,2000") from error
