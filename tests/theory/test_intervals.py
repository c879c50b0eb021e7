"""The intervals over replicates, held against cases whose answer is known.

Requests are lost independently with probability r. A user with K requests on a day is not counted
when all K are lost, so of the active users a share of E[r^K] is missing: that is, with its sign,
the expected relative error of DAU, exactly and whatever the number of users. The requests of an
active user follow the truncated Lomax law of `RequestsPerDay`.

An interval that holds at 95% contains it in 95% of the cases: a binomial count, checked to 4.5
standard deviations, which a right interval misses once in 150,000 cases.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from dauexp.channel import Channel
from dauexp.measures import replicates as measure
from dauexp.scenario import Scenario, load
from dauexp.traffic.laws import RequestsPerDay
from dauexp.traffic.requests import Simulator

EXPERIMENTS = 500
REPLICATES = 3
DAYS = 30
"""Drawn from one population. Its users' requests of a day and what is lost of them are drawn anew
each day, so the errors of two days are independent: each day serves as a replicate."""
RATE = 0.3
BOUND = 4.5 * np.sqrt(0.95 * 0.05 / EXPERIMENTS)

Ends = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def expected_error(law: RequestsPerDay, rate: float) -> float:
    """- E[r^K], from the survival function of scipy's own Lomax distribution."""
    k = np.arange(1, law.maximum + 1)
    survival = np.append(stats.lomax(law.shape, scale=law.scale).sf(k[:-1]), 0.0)
    probability = -np.diff(np.concatenate([[1.0], survival]))
    return -float((probability * rate**k).sum())


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load(
        "quick",
        [
            "traffic.users=80",
            f"traffic.days={DAYS}",
            "traffic.churn.daily_leave=0",
            "traffic.churn.initial_share=1",
            "traffic.requests.scale=1.5",
            f"faults.loss.rate={RATE}",
        ],
    )


@pytest.fixture(scope="module")
def errors(scenario: Scenario) -> pd.DataFrame:
    """Errors of an exact count of what the channel leaves: each experiment is a setting."""
    rows = []
    for seed in range(EXPERIMENTS * REPLICATES // DAYS):
        simulator = Simulator(scenario.traffic, seed)
        for day in range(DAYS):
            (batch,) = simulator.requests(0, day)
            (drawn,) = Channel(scenario.faults, seed, 0, day).fates(batch)
            users = batch["uid"].indices.to_numpy()
            error = len(np.unique(users[drawn >= RATE])) / len(np.unique(users)) - 1
            rows.append((*divmod(seed * DAYS + day, REPLICATES), error))
    table = pd.DataFrame(rows, columns=["setting", "replicate", "relative_error"])
    return table.assign(**dict.fromkeys(measure.QUERY, "dau"), day="2026-01-05")


def coverage(errors: pd.DataFrame, truth: float) -> float:
    """The share of the settings whose interval contains the truth."""
    table = measure.replicates(errors).to_pandas()
    return float(((table["low"] <= truth) & (truth <= table["high"])).mean())


def test_the_mean_error_under_loss_is_the_closed_form(
    errors: pd.DataFrame, scenario: Scenario
) -> None:
    truth = expected_error(scenario.traffic.requests, RATE)
    found = errors["relative_error"]
    assert truth < -0.1
    assert abs(found.mean() - truth) < 4.5 * found.std() / np.sqrt(len(found))


def test_the_intervals_contain_the_closed_form_as_often_as_they_say(
    errors: pd.DataFrame, scenario: Scenario
) -> None:
    found = coverage(errors, expected_error(scenario.traffic.requests, RATE))
    assert found == pytest.approx(0.95, abs=BOUND)


def normal(mean: np.ndarray, deviation: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, ...]:
    half = 1.96 * deviation / np.sqrt(count)
    return mean - half, mean + half


def half_as_wide(
    mean: np.ndarray, deviation: np.ndarray, count: np.ndarray
) -> tuple[np.ndarray, ...]:
    low, high = INTERVALS(mean, deviation, count)
    return (mean + low) / 2, (mean + high) / 2


def five_times_as_wide(
    mean: np.ndarray, deviation: np.ndarray, count: np.ndarray
) -> tuple[np.ndarray, ...]:
    low, high = INTERVALS(mean, deviation, count)
    return 5 * low - 4 * mean, 5 * high - 4 * mean


INTERVALS: Ends = measure.intervals


@pytest.mark.parametrize("wrong", [normal, half_as_wide, five_times_as_wide])
def test_a_wrong_interval_would_be_caught(
    wrong: Ends, errors: pd.DataFrame, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check above has power: these intervals do not pass it."""
    monkeypatch.setattr(measure, "intervals", wrong)
    found = coverage(errors, expected_error(scenario.traffic.requests, RATE))
    assert found != pytest.approx(0.95, abs=BOUND)


def test_an_interval_of_days_in_place_of_replicates_would_be_caught() -> None:
    """Why days are averaged first: the days of a replicate share its users, so that taken as
    independent they give intervals that hold far less often."""
    random = np.random.default_rng(1)
    settings, count, days = 500, 5, 20
    users = random.normal(0, 1, (settings, count, 1))
    values = users + random.normal(0, 0.5, (settings, count, days))
    places = np.indices(values.shape).reshape(3, -1)
    rows = pd.DataFrame(places.T, columns=["setting", "replicate", "day"])
    rows = rows.assign(relative_error=values.ravel(), **dict.fromkeys(measure.QUERY, "x"))
    assert coverage(rows, 0.0) == pytest.approx(0.95, abs=BOUND)
    pooled = rows.assign(replicate=rows["replicate"] * days + rows["day"], day=0)
    assert coverage(pooled, 0.0) < 0.6
