"""Drift: where a measure has left the course of its earlier runs.

The rule: a run drifts in a measure when it and the run before it lie on the same side of the median
of the up to 20 runs before those two, each by more than 4 times their scaled median absolute
deviation, and by more than 1% of the median. It needs 8 such runs. One that stands out alone, as
on a busy machine, is none. Only runs of the same scenario are compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from dauexp.history import Entry

WINDOW: Final = 20
FEWEST: Final = 8
SPREADS: Final = 4.0
SHARE: Final = 0.01
_SCALE: Final = 1.4826  # makes the median absolute deviation that of the normal distribution


class Drift(NamedTuple):
    """A measure of a run that has left its course."""

    run: str
    measure: str
    value: float
    usual: float
    """The median of the runs before."""


def drifts(entries: Sequence[Entry]) -> list[Drift]:
    """All drifts in a history, in the order of the runs."""
    return [
        drift
        for each in dict.fromkeys(e.comparable for e in entries)
        for drift in _of_one([e for e in entries if e.comparable == each])
    ]


def _of_one(entries: Sequence[Entry]) -> Iterator[Drift]:
    for measure in dict.fromkeys(name for entry in entries for name in entry.measures):
        having = [entry for entry in entries if measure in entry.measures]
        values = np.array([entry.measures[measure] for entry in having])
        for place in np.flatnonzero(drifting(values)):
            before = values[max(0, place - 1 - WINDOW) : place - 1]
            yield Drift(having[place].run, measure, values[place], float(np.median(before)))


def drifting(values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Which of some values, in the order of their runs, drift by the rule of this module.

    Takes an array of shape (..., runs): each history on its own. Gives one of the same shape.
    """
    marked = np.zeros(values.shape, np.bool_)
    for place in range(FEWEST + 1, values.shape[-1]):
        before = values[..., max(0, place - 1 - WINDOW) : place - 1]
        median = np.median(before, axis=-1, keepdims=True)
        spread = _SCALE * np.median(np.abs(before - median), axis=-1, keepdims=True)
        away = values[..., place - 1 : place + 1] - median
        far = np.abs(away) > np.maximum(SPREADS * spread, SHARE * np.abs(median))
        marked[..., place] = far.all(axis=-1) & (away[..., 0] * away[..., 1] > 0)
    return marked
