"""How many requests an active user makes on a day, and how that changes with the days."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from dauexp.parameters import Parameters, parameter

SATURDAY = 5
_NARROWEST, _WIDEST = -700.0, 100.0
"""Logarithms of the scales among which that of a given mean is looked for."""


class RequestsPerDay(Parameters):
    """Requests of an active user on a day: 1 + floor(Lomax(shape, scale)), at most `maximum`."""

    shape: float = parameter(
        1.9,
        "tail exponent of the Lomax distribution: smaller is heavier",
        gt=0,
        le=50,
        source="assumption: no public figure is known",
    )
    scale: float = parameter(
        4.0,
        "scale of the Lomax distribution",
        unit="requests",
        gt=0,
        le=1e6,
        source="about five requests a user and day, so that a default run has a million; "
        "the decision record's volume needs 18 (presets production-*)",
    )
    maximum: int = parameter(
        500,
        "most requests that one user makes on a day",
        unit="requests",
        ge=1,
        le=1_000_000,
        source="a client syncs at most every few minutes",
    )


class Drift(Parameters):
    """How the mean requests of an active user and day drift away from those of `requests`: by the
    product of these factors, but to 1 at least and the maximum at most. Nobody is active more or
    less often for it."""

    weekend: float = parameter(
        1.0,
        "factor on the mean requests of an active user on a Saturday or Sunday, before the run too",
        gt=0,
        le=1000,
        source="no drift; those who sync at a weekend may do so more or less often",
    )
    growth: float = parameter(
        1.0,
        "factor by which these grow from each day to the next, before the run too; on its first "
        "day they are as `requests` says",
        ge=0.9,
        le=1.1,
        source="no drift; 1.005 is a sixth more in a month",
    )
    client: float = parameter(
        1.0,
        "factor on them from `client_day` on: a new release of the client syncs more or less often",
        gt=0,
        le=1000,
        source="no drift; a client that syncs every 5 minutes and not every 10 has 2",
    )
    client_day: int = parameter(
        0,
        "first day of the changed client, counted from the first day of the run",
        unit="days",
        ge=0,
        le=3660,
        source="the day after the earlier period, from which requests per user are known",
    )

    def factor(self, day: int, weekday: int) -> float:
        """The factor on a day (offset from the first), which is a `weekday` (Monday is 0)."""
        weekend = self.weekend if weekday >= SATURDAY else 1.0
        client = self.client if day >= self.client_day else 1.0
        return float(weekend * client * self.growth**day)


def moments(law: RequestsPerDay) -> tuple[float, float]:
    """Mean and mean square of the requests of an active user on a day.

    Sums of P(K > k) = (1 + k / scale)^-shape for k below the maximum.
    """
    k = np.arange(law.maximum)
    survival = (1 + k / law.scale) ** -law.shape
    return float(survival.sum()), float(((2 * k + 1) * survival).sum())


@cache
def scaled(law: RequestsPerDay, factor: float) -> RequestsPerDay:
    """The law of the same shape and maximum whose mean is `factor` times as large; the same one
    where the factor is 1. As an active user makes one request at least and the maximum at most, so
    does the mean, whatever the factor."""
    if factor == 1:
        return law
    from scipy.optimize import brentq  # noqa: PLC0415 - slow to import, seldom needed

    mean = moments(law)[0]

    def beyond(logarithm: float) -> float:
        return moments(_with_scale(law, math.exp(logarithm)))[0] - factor * mean

    if beyond(_NARROWEST) >= 0:
        return _with_scale(law, math.exp(_NARROWEST))
    if beyond(_WIDEST) <= 0:
        return _with_scale(law, math.exp(_WIDEST))
    return _with_scale(law, math.exp(brentq(beyond, _NARROWEST, _WIDEST, xtol=1e-12)))


def _with_scale(law: RequestsPerDay, scale: float) -> RequestsPerDay:
    return law.model_copy(update={"scale": scale})
