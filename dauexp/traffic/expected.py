"""Closed forms: what the parameters make us expect, without drawing a user.

Users are independent and alike, so a number of users is binomial: N users, each counted with a
probability q that follows from the parameters. For a user of propensity p, let R(s) be the
probability of no activity on the days s to b of a window, given life on s:
R(s) = (1 - p w(s)) (h + (1 - h) R(s + 1)), R(b + 1) = 1, with weekday factors w and hazard of
leaving h. Averages over p ~ Beta are taken by Gauss-Jacobi quadrature, which is exact for the
polynomials that these are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.special import roots_jacobi

from dauexp.traffic.laws import moments
from dauexp.traffic.parameters import Traffic
from dauexp.traffic.truth import WINDOWS

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Expected:
    """Expectations for the traffic parameters `traffic`; days are offsets from the first day."""

    traffic: Traffic

    def active(self, first: int, last: int) -> float:
        """Probability that a user has a request on at least one of the days first..last."""
        nodes, weights = self._propensity
        quiet = self._quiet(first, last)
        joined_before = self._initial(first) + self._joining * sum(
            self._alive(first - joined) for joined in range(min(first, self.traffic.days - 1) + 1)
        )
        joined_within = self._joining * (1 - quiet[max(first, -1) + 1 - first : last - first + 1])
        per_node = joined_before * (1 - quiet[0]) + joined_within.sum(axis=0)
        return float(weights @ (per_node * np.ones_like(nodes)))

    def new(self, day: int) -> float:
        """Probability that the first request of a user in the run is on this day."""
        return self.active(0, day) - (self.active(0, day - 1) if day else 0.0)

    def retained(self, day: int, after: int = 7) -> float:
        """Probability that a user's first request in the run is on this day, and that the user has
        a request again `after` days later."""
        nodes, weights = self._propensity
        stay = 1 - self.traffic.churn.daily_leave
        silent = np.ones((day + 1, len(nodes)))
        for start in range(day - 1, -1, -1):
            silent[start] = (1 - nodes * self._chance(start)) * stay * silent[start + 1]
        entering = self._initial(0) * silent[0] + self._joining * silent.sum(axis=0)
        again = stay**after * self._chance(day) * self._chance(day + after) * nodes**2
        return float(weights @ (entering * again))

    def requests(self, day: int) -> tuple[float, float]:
        """Mean and standard deviation of the number of requests on a day."""
        chance, users = self.active(day, day), self.traffic.users
        mean, square = moments(self.traffic.law_on(day))
        variance = users * (chance * square - (chance * mean) ** 2)
        return users * chance * mean, float(np.sqrt(variance))

    def table(self) -> pa.Table:
        """Columns question, day (offset), expected and standard_deviation, in users or requests.

        Questions dau, wau, mau, new_users, retained_d7 (users new on a day and active seven days
        later, for days whose seventh is in the run) and requests.
        """
        days, users = self.traffic.days, self.traffic.users
        chances = [
            (question, day, self.active(day - window + 1, day))
            for question, window in WINDOWS.items()
            for day in range(window - 1, days)
        ]
        chances += [("new_users", day, self.new(day)) for day in range(days)]
        chances += [("retained_d7", day, self.retained(day)) for day in range(days - 7)]
        rows = [(q, day, users * p, float(np.sqrt(users * p * (1 - p)))) for q, day, p in chances]
        rows += [("requests", day, *self.requests(day)) for day in range(days)]
        names = ["question", "day", "expected", "standard_deviation"]
        return pa.table(dict(zip(names, zip(*rows, strict=True), strict=True)))

    def _quiet(self, first: int, last: int) -> Floats:
        """R(s) for s = first..last, then R(last + 1) = 1; of shape (days + 1, nodes)."""
        nodes, _ = self._propensity
        leave = self.traffic.churn.daily_leave
        quiet = np.ones((last - first + 2, len(nodes)))
        for day in range(last, first - 1, -1):
            after = leave + (1 - leave) * quiet[day - first + 1]
            quiet[day - first] = (1 - nodes * self._chance(day)) * after
        return quiet

    def _initial(self, day: int) -> float:
        """Probability that a user is one of the initial ones, and still alive on a day."""
        return self.traffic.churn.initial_share * self._alive(day + self.traffic.earlier_days)

    def _alive(self, age: int) -> float:
        """Probability that a user is still alive `age` days after joining."""
        return float((1 - self.traffic.churn.daily_leave) ** age)

    def _chance(self, day: int) -> float:
        """The weekday's factor on the propensity."""
        return self.traffic.activity.weekday[self.traffic.weekday(day)]

    @property
    def _joining(self) -> float:
        """Probability that a user joins on a given day of the run."""
        return (1 - self.traffic.churn.initial_share) / self.traffic.days

    @cached_property
    def _propensity(self) -> tuple[Floats, Floats]:
        """Nodes and weights of the average over the propensity; exact up to degree 2 n - 1."""
        nodes = max(16, self.traffic.days // 2 + 2)
        activity = self.traffic.activity
        x, weights = roots_jacobi(min(nodes, 200), activity.beta - 1, activity.alpha - 1)
        return (1 + x) / 2, weights / weights.sum()
