"""The thresholds of a scenario, and which of them a run crossed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median
from typing import NamedTuple

from dauexp.errors import BadInput
from dauexp.history import Entry
from dauexp.options import contenders
from dauexp.scenario import Scenario


class Crossed(NamedTuple):
    """A threshold that was crossed."""

    measure: str
    value: float
    limit: float

    def __str__(self) -> str:
        return f"{self.measure} is {self.value:.4g}, more than {self.limit:.4g}"


def check(scenario: Scenario) -> None:
    """Raises BadInput where a threshold is set for what the scenario does not run."""
    known = [each.label for each in contenders(scenario.strategies)]
    for group in ("error", "wire_bytes"):
        for label in getattr(scenario.thresholds, group):
            if label not in known:
                raise BadInput(
                    f"thresholds.{group}: the scenario runs no {label!r}: "
                    f"give one of {', '.join(known)}"
                )


def crossed(scenario: Scenario, entry: Entry, earlier: Sequence[Entry]) -> Iterator[Crossed]:
    """The thresholds that a run crossed, `earlier` being the history before it.

    An error that is not known, since no day was answered, crosses its threshold.
    """
    limits = scenario.thresholds
    for kind, group in (("error", limits.error), ("wire bytes", limits.wire_bytes)):
        for label, limit in group.items():
            value = entry.measures.get(f"{kind} {label}", float("nan"))
            if not value <= limit:
                yield Crossed(f"{kind} {label}", value, limit)
    before = [
        each.measures["cpu seconds"] for each in earlier if each.comparable == entry.comparable
    ]
    if len(before) >= limits.fewest_runs:
        value, limit = entry.measures["cpu seconds"], limits.slowdown * median(before)
        if value > limit:
            yield Crossed("cpu seconds", value, limit)
