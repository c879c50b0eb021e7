"""The time that is left is told when it is known, and is then about what it takes."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dauexp.timeleft import FEWEST, time_left, told

EVEN = [float(n) for n in range(41)]


def test_even_steps_are_told_exactly_once_there_are_enough() -> None:
    known = [time_left(EVEN[:n], 41) for n in range(1, 42)]
    first = next(n for n, each in enumerate(known) if each is not None)
    assert first == 2 * FEWEST
    assert known[first:] == [pytest.approx(41 - n) for n in range(first, 41)]
    assert time_left(EVEN, 40) == 0


def test_a_stage_of_few_steps_is_not_told() -> None:
    assert time_left([0.0], 2) is None
    assert time_left([0.0, 1000.0], 2) is None


def test_a_change_of_speed_is_followed() -> None:
    slower = [*EVEN, *(40.0 + 3 * n for n in range(1, 201))]
    assert time_left(slower, 340) == pytest.approx(3 * 100)


def test_steps_that_scatter_are_told_later() -> None:
    alike = [0.0, *accumulate([1.0] * 24)]
    wild = [0.0, *accumulate([0.1, 0.1, 2.8] * 8)]
    assert time_left(alike, 1000) is not None
    assert time_left(wild, 1000) is None


@pytest.mark.parametrize("processes", [1, 2, 4])
def test_what_is_told_is_so_within_a_third(processes: int) -> None:
    """1,000 stages of 400 lognormal steps on some processes, of which the first takes longer:
    wherever it is told, the truth lies within a third of it in 95 of 100 cases; the mean of all
    steps so far, which is always told, would not do so."""
    generator = np.random.default_rng(5)
    right = shown = naive = 0
    for _ in range(1000):
        steps = 400
        free = np.full(processes, 20.0)
        ends = [0.0]
        for took in generator.lognormal(0, 0.8, steps):
            each = int(free.argmin())
            free[each] += took
            ends.append(float(free[each]))
        ends.sort()
        done = int(generator.integers(1, steps))
        true = ends[-1] - ends[done]
        left = time_left(ends[: done + 1], steps)
        if left is not None:
            shown += 1
            right += abs(true - left) <= max(left / 3, 10)
        simple = ends[done] / done * (steps - done)
        naive += abs(true - simple) <= max(simple / 3, 10)
    assert shown > 600
    assert right / shown > 0.95
    assert naive / 1000 < right / shown


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60), st.integers(1, 500))
def test_it_is_never_negative(times: list[float], steps: int) -> None:
    left = time_left(sorted(times), steps)
    assert left is None or left >= 0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (3.0, "about 10 s left"),
        (44.0, "about 40 s left"),
        (57.0, "about 1 min left"),
        (1300.0, "about 22 min left"),
        (7200.0, "about 2.0 h left"),
    ],
)
def test_it_is_told_no_finer_than_it_is_known(seconds: float | None, words: str) -> None:
    assert told(seconds) == words
