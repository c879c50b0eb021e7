"""How far a power law that was fitted can be trusted beyond what was measured.

A new measurement at a level x lies in log y = log c + b log x + e, and so does not the line alone:
its interval is that of the prediction, which has the scatter of a single measurement in it and
widens with the distance of log x from the middle of the levels. It is Student's, with two degrees
of freedom fewer than measurements, and holds where the law does and the deviations are normal,
independent and alike in logarithms (see `dauexp.measures.growth`).

What is there whatever the level (a process that starts, the memory of an interpreter) bends the
line. So a fixed part, measured apart, is taken off before the fit and put on again afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import stats

from dauexp.measures.growth import CONFIDENCE


class Prediction(NamedTuple):
    """What a measurement would give: its median, and an interval, without ends (0, infinity) where
    there are too few measurements to tell."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class PowerLaw:
    """fixed + coefficient * level^exponent, through measurements."""

    fixed: float
    coefficient: float
    exponent: float
    measurements: int
    scatter: float
    """Standard deviation of the logarithms from the line; NaN with two measurements."""
    middle: float
    """Mean of the logarithms of the levels."""
    spread: float
    """Sum of the squared distances of those logarithms from it."""

    @property
    def exponent_interval(self) -> tuple[float, float]:
        """The interval of the exponent; without ends where it cannot be told."""
        reach = self._students * self.scatter / math.sqrt(self.spread)
        if math.isnan(reach):
            return -math.inf, math.inf
        return self.exponent - reach, self.exponent + reach

    def at(self, level: float) -> Prediction:
        """What one more measurement at a level would give."""
        distance = math.log(level) - self.middle
        line = math.log(self.coefficient) + self.exponent * math.log(level)
        error = self.scatter * math.sqrt(1 + 1 / self.measurements + distance**2 / self.spread)
        reach = self._students * error
        if math.isnan(reach):
            return Prediction(self.fixed + math.exp(line), 0.0, math.inf)
        low, high = (self.fixed + _exp(line + sign * reach) for sign in (-1, 1))
        return Prediction(self.fixed + math.exp(line), low, high)

    def reaches(self, most: float) -> float:
        """The level at which the median is `most`: 0 where the fixed part is more, infinite where
        it never is."""
        if most <= self.fixed:
            return 0.0
        if self.exponent <= 0:
            return 0.0 if self.coefficient > most - self.fixed else math.inf
        return _exp(math.log((most - self.fixed) / self.coefficient) / self.exponent)

    @property
    def _students(self) -> float:
        """Student's quantile; NaN without a degree of freedom."""
        return float(stats.t.ppf((1 + CONFIDENCE) / 2, self.measurements - 2))


def power_law(
    levels: Sequence[float], values: Sequence[float], fixed: float = 0.0
) -> PowerLaw | None:
    """The power law by least squares through the logarithms of what values have beyond `fixed`.

    Measurements that have nothing beyond it say nothing of how it grows, and are left out. None
    with fewer than two levels left.
    """
    level, value = (np.asarray(each, float) for each in (levels, values))
    beyond = value > fixed
    x, y = np.log(level[beyond]), np.log(value[beyond] - fixed)
    if len(np.unique(x)) < 2:
        return None
    middle = float(x.mean())
    spread = float(((x - middle) ** 2).sum())
    exponent = float(((x - middle) * y).sum() / spread)
    intercept = float(y.mean()) - exponent * middle
    freedom = len(x) - 2
    squares = float(((y - intercept - exponent * x) ** 2).sum())
    return PowerLaw(
        fixed=fixed,
        coefficient=math.exp(intercept),
        exponent=exponent,
        measurements=len(x),
        scatter=math.sqrt(squares / freedom) if freedom else math.nan,
        middle=middle,
        spread=spread,
    )


class Break(NamedTuple):
    """The limit that is reached first, and the level at which it is; none (empty) where no limit
    is ever reached."""

    limit: str
    level: float


def breaks_first(laws: Mapping[str, PowerLaw], limits: Mapping[str, float]) -> Break:
    """Which limit is reached at the lowest level, by the medians of its law."""
    reached = {name: laws[name].reaches(most) for name, most in limits.items() if name in laws}
    first = min(reached, key=reached.__getitem__, default="")
    if not first or math.isinf(reached[first]):
        return Break("", math.inf)
    return Break(first, reached[first])


def _exp(number: float) -> float:
    """The exponential, infinite where it is more than a float holds."""
    try:
        return math.exp(number)
    except OverflowError:
        return math.inf
