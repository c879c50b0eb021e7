"""The error of an estimate from requests, by its closed form and by simulation.

DAU is estimated as requests / c, with c the requests per active user and day of the earlier period.
When these drift by a factor f, requests and so the estimate are f times as large: an error of
f - 1, whatever the number of users. A monthly user who joined within the window had fewer days for
requests than those of the earlier period, so growth puts MAU too low.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from dauexp.experiments.calibration import expected_errors
from dauexp.scenario import load
from dauexp.traffic.expected import Expected
from dauexp.traffic.parameters import Traffic
from dauexp.traffic.requests import Simulator
from dauexp.traffic.truth import WINDOWS

EARLIER = range(-28, 0)
SEEDS = 24
BOUND = 5.0
RATIO_BIAS = 0.002
"""How far the mean of 1 / c is from 1 / the mean of c, at most: var(K) / (mean(K)^2 n), with n
some 30,000 active days of users in the earlier period, and K as heavy-tailed as the defaults."""


def traffic(*changes: str) -> Traffic:
    return load("quick", ["traffic.users=3000", "traffic.days=29", *changes]).traffic


def errors(question: str, *changes: str, period: range = EARLIER) -> np.ndarray:
    return np.asarray(expected_errors(Expected(traffic(*changes)), question, period))


@pytest.mark.parametrize("factor", [0.8, 1.0, 1.2, 2.0])
def test_dau_is_off_by_as_much_as_the_client_changed(factor: float) -> None:
    found = errors("dau", f"traffic.drift.client={factor}", "traffic.drift.client_day=10")
    assert found[:10] == pytest.approx(0, abs=1e-9)
    assert found[10:] == pytest.approx(factor - 1, abs=1e-9)


def test_dau_is_off_by_as_much_as_requests_grew_since_the_earlier_period() -> None:
    """Without churn and with all days alike, c is the mean of the factors of its days."""
    found = errors(
        "dau",
        "traffic.drift.growth=1.01",
        "traffic.activity.weekday=[1.0,1.0,1.0,1.0,1.0,1.0,1.0]",
        "traffic.churn.daily_leave=0",
        "traffic.churn.initial_share=1",
    )
    known = np.mean(1.01 ** np.arange(-28, 0))
    assert found == pytest.approx(1.01 ** np.arange(29) / known - 1, abs=1e-9)


def test_dau_is_too_low_on_working_days_and_too_high_at_weekends() -> None:
    """Two days in seven have twice the requests; users are as active on all: c is 9/7."""
    found = errors(
        "dau",
        "traffic.drift.weekend=2",
        "traffic.activity.weekday=[1.0,1.0,1.0,1.0,1.0,1.0,1.0]",
        "traffic.churn.daily_leave=0",
        "traffic.churn.initial_share=1",
    )
    week = np.asarray([1, 1, 1, 1, 1, 2, 2]) / (9 / 7) - 1
    assert found == pytest.approx(np.resize(week, 29), abs=1e-9)
    assert found[:28].mean() == pytest.approx(0, abs=1e-9)


def test_users_who_join_put_mau_too_low_and_dau_nowhere() -> None:
    joining = "traffic.churn.initial_share=0.2"
    assert errors("dau", joining) == pytest.approx(0, abs=1e-9)
    assert (errors("mau", joining) < -0.2).all()
    settled = ("traffic.churn.initial_share=1", "traffic.churn.daily_leave=0")
    alike = "traffic.activity.weekday=[1.0,1.0,1.0,1.0,1.0,1.0,1.0]"
    for question in WINDOWS:
        assert errors(question, *settled, alike) == pytest.approx(0, abs=1e-9)


def test_an_estimate_that_is_calibrated_on_the_same_days_hides_the_change() -> None:
    found = errors("dau", "traffic.drift.client=2", period=range(29))
    assert found == pytest.approx(0, abs=1e-9)


def simulated(of: Traffic, question: str, seed: int) -> float:
    """The mean error over the days, counted from simulated requests."""
    days = range(-28, of.days)
    active = np.zeros((len(days), of.users), bool)
    requests = np.zeros(len(days))
    simulator = Simulator(of, seed)
    for place, day in enumerate(days):
        for batch in simulator.requests(0, day):
            active[place, batch["uid"].indices.to_numpy()] = True
            requests[place] += batch.num_rows
    window = WINDOWS[question]

    def sums(of: np.ndarray, count: Callable[[np.ndarray], float]) -> np.ndarray:
        return np.asarray([count(of[end - window : end]) for end in range(window, len(of) + 1)])

    def users(of: np.ndarray) -> np.ndarray:
        return sums(of, lambda part: float(part.any(axis=0).sum()))

    known = sums(requests[:28], np.sum).sum() / users(active[:28]).sum()
    return float((sums(requests[28:], np.sum) / known / users(active[28:]) - 1).mean())


CASES = {
    "no drift": ("dau", []),
    "a changed client": ("dau", ["traffic.drift.client=1.5"]),
    "weekends": ("dau", ["traffic.drift.weekend=2"]),
    "users who join": ("mau", ["traffic.churn.initial_share=0.2"]),
}


@pytest.mark.parametrize("case", CASES)
def test_the_simulated_error_is_the_closed_form(case: str) -> None:
    question, changes = CASES[case]
    of = traffic(*changes)
    found = np.asarray([simulated(of, question, seed) for seed in range(SEEDS)])
    bound = BOUND * found.std(ddof=1) / np.sqrt(SEEDS) + RATIO_BIAS
    assert bound < 0.05
    assert found.mean() == pytest.approx(errors(question, *changes).mean(), abs=bound)
