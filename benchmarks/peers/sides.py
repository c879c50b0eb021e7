"""Ways of doing one thing, side by side: measured in turn, their answers held together."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from benchmarks.spread import spread


class Taken(NamedTuple):
    """What doing it once took."""

    cpu: float
    """Seconds, of this process and the children that it waited for, or of a server's process."""
    wall: float
    """Seconds."""
    answer: float | None
    """What came out, to be compared with the other ways'; None where nothing can be."""


@dataclass(frozen=True)
class Way:
    """One way of doing it."""

    name: str
    does: str
    """What is in it that is not in others, or the reverse."""
    run: Callable[[], Taken]


@dataclass(frozen=True)
class Subject:
    """What is done, and the ways: ours first."""

    title: str
    unit: str
    """The plural of what is counted."""
    count: int
    ways: Sequence[Way]
    tolerance: float = 0.0
    """By how much, relatively, answers may differ from the first way's."""


@dataclass
class Found:
    """What each way of a subject took, a round after the other."""

    subject: Subject
    rounds: dict[str, list[Taken]] = field(default_factory=dict)

    def rows(self) -> Iterator[tuple[str, str, str, str, str]]:
        """By way: name, rates per CPU second and of wall time, our rate over its, what it does."""
        ours = self.rounds[self.subject.ways[0].name]
        for way in self.subject.ways:
            mine = self.rounds[way.name]
            ratios = [its.cpu / our.cpu for our, its in zip(ours, mine, strict=True)]
            yield (
                way.name,
                _rates([self.subject.count / each.cpu for each in mine]),
                _rates([self.subject.count / each.wall for each in mine]),
                "1" if mine is ours else spread(ratios, ".2f"),
                way.does,
            )


def timed(function: Callable[[], float | None]) -> Callable[[], Taken]:
    """A way that runs in this process, and in children that it waits for."""

    def run() -> Taken:
        gc.collect()
        before, started = _cpu(), time.perf_counter()
        answer = function()
        return Taken(_cpu() - before, time.perf_counter() - started, answer)

    return run


def _cpu() -> float:
    children = os.times()
    return time.process_time() + children.children_user + children.children_system


def in_turn(subject: Subject, rounds: int) -> Found:
    """Each way once a round, after a round to warm up.

    Raises ValueError where the answer of a way is not the first one's.
    """
    found = Found(subject, {way.name: [] for way in subject.ways})
    for number in range(rounds + 1):
        first: float | None = None
        for way in subject.ways:
            taken = way.run()
            first = taken.answer if first is None else first
            if taken.answer is not None and first is not None:
                _hold_together(subject, way, taken.answer, first)
            if number:
                found.rounds[way.name].append(taken)
    return found


def _hold_together(subject: Subject, way: Way, answer: float, first: float) -> None:
    if abs(answer - first) > subject.tolerance * abs(first):
        raise ValueError(
            f"{subject.title}: {way.name} answers {answer}, {subject.ways[0].name} {first}"
        )


def _rates(values: Sequence[float]) -> str:
    """Whole numbers, but where these would say nothing."""
    return spread(values, ",.0f" if min(values) >= 10 else ".3f")


def markdown(found: Found) -> str:
    """A table for a person, and for docs/performance.md."""
    subject = found.subject
    head = (
        "way",
        f"{subject.unit} per CPU second",
        f"{subject.unit} per second",
        "our rate over its",
    )
    lines = [
        f"### {subject.title}",
        "",
        f"{subject.count:,} {subject.unit}, {len(next(iter(found.rounds.values())))} rounds.",
        "",
        f"| {' | '.join((*head, 'what it does'))} |",
        "|---|---|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in found.rows()),
        "",
    ]
    return "\n".join(lines)
