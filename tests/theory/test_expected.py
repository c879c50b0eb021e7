"""The generator against the closed forms, over many seeds.

Every number of users is binomial and independent between seeds, so the sum over the seeds has a
known standard deviation. A check fails when it is more than 5 of them off. Of the 1,022
checks here the chance that a right generator fails one is below 1,022 * 5.8e-7, one in 1,700.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from dauexp.scenario import load
from dauexp.traffic import truth
from dauexp.traffic.expected import Expected
from dauexp.traffic.laws import RequestsPerDay, moments
from dauexp.traffic.requests import Simulator, day_quantiles

SEEDS = 24
BOUND = 5.0

CASES = {
    "default": [],
    "no churn": ["traffic.churn.daily_leave=0", "traffic.churn.initial_share=1"],
    "growing": ["traffic.churn.initial_share=0.3", "traffic.churn.daily_leave=0.03"],
    "rare users": ["traffic.activity.alpha=0.2", "traffic.activity.beta=3"],
    "heavy tail": ["traffic.requests.shape=1.2", "traffic.requests.maximum=40"],
    "drifting": [
        "traffic.drift.weekend=0.6",
        "traffic.drift.growth=1.01",
        "traffic.drift.client=1.5",
        "traffic.drift.client_day=10",
    ],
    "long before": ["traffic.earlier_days=90", "traffic.churn.daily_leave=0.02"],
}


def seen_and_requests(simulator: Simulator) -> tuple[np.ndarray, np.ndarray]:
    """Activity of shape (days, users), and requests of shape (days,)."""
    users = simulator.traffic.users
    active = np.zeros((simulator.traffic.days, users), bool)
    requests = np.zeros(simulator.traffic.days, int)
    for day in range(simulator.traffic.days):
        for batch in simulator.requests(0, day):
            active[day, batch["uid"].indices.to_numpy()] = True
            requests[day] += batch.num_rows
    return active, requests


def counted(active: np.ndarray, requests: np.ndarray) -> dict[tuple[str, int], float]:
    """The same questions as `Expected.table`, by their definitions."""
    days = len(active)
    found = {}
    for question, window in truth.WINDOWS.items():
        for day in range(window - 1, days):
            found[question, day] = active[day - window + 1 : day + 1].any(axis=0).sum()
    first = np.where(active.any(axis=0), active.argmax(axis=0), -1)
    for day in range(days):
        found["new_users", day] = (first == day).sum()
        found["requests", day] = requests[day]
        if day + 7 < days:
            found["retained_d7", day] = ((first == day) & active[day + 7]).sum()
    return found


@pytest.mark.parametrize("case", CASES)
def test_the_generator_keeps_to_the_closed_forms(case: str) -> None:
    changes = ["traffic.users=1500", "traffic.days=31", *CASES[case]]
    traffic = load("quick", changes).traffic
    expected = {(r["question"], r["day"]): r for r in Expected(traffic).table().to_pylist()}
    sums = dict.fromkeys(expected, 0.0)
    for seed in range(SEEDS):
        found = counted(*seen_and_requests(Simulator(traffic, seed)))
        assert found.keys() == expected.keys()
        for key, value in found.items():
            sums[key] += value
    off = {
        key: (sums[key] - SEEDS * row["expected"]) / (np.sqrt(SEEDS) * row["standard_deviation"])
        for key, row in expected.items()
    }
    worst = max(off, key=lambda key: abs(off[key]))
    assert abs(off[worst]) < BOUND, f"{worst}: {off[worst]:.1f} standard deviations off"


def test_the_bound_would_catch_a_wrong_propensity() -> None:
    """The check above has power: a generator with 10% more of the first shape would not pass."""
    traffic = load("quick", ["traffic.users=1500", "traffic.days=31"]).traffic
    right = Expected(traffic).table().to_pandas().set_index(["question", "day"])
    activity = traffic.activity.model_copy(update={"alpha": traffic.activity.alpha * 1.1})
    wrong = Expected(traffic.model_copy(update={"activity": activity})).table().to_pandas()
    wrong = wrong.set_index(["question", "day"])
    off = (wrong.expected - right.expected) * np.sqrt(SEEDS) / right.standard_deviation
    assert off.loc["dau"].max() > BOUND


def test_moments_by_brute_force() -> None:
    law = RequestsPerDay(shape=1.3, scale=2.0, maximum=60)
    # P(K = k) from the survival function of scipy's own Lomax distribution.
    lomax = stats.lomax(law.shape, scale=law.scale)
    k = np.arange(1, law.maximum + 1)
    survival = np.append(lomax.sf(k[:-1]), 0.0)
    probability = -np.diff(np.concatenate([[1.0], survival]))
    mean, square = moments(law)
    assert probability.sum() == pytest.approx(1)
    assert mean == pytest.approx((k * probability).sum())
    assert square == pytest.approx((k**2 * probability).sum())


def test_requests_follow_the_diurnal_profile_moved_by_the_time_zone() -> None:
    traffic = load(
        "quick", ["traffic.users=4000", "traffic.clock.offsets=[5]", "traffic.clock.weights=[1.0]"]
    ).traffic
    hours = np.zeros(24)
    for seed in range(8):
        for batch in Simulator(traffic, seed).requests(0, 0):
            millis = batch["time"].cast(pa.int64()).to_numpy()
            hours += np.bincount(millis // 3_600_000 % 24, minlength=24)
    profile = np.roll(np.asarray(traffic.clock.profile), -5)
    expected = hours.sum() * profile / profile.sum()
    # A chi-square of 23 degrees exceeds 70 with a probability of 1.3e-6.
    assert ((hours - expected) ** 2 / expected).sum() < 70


def test_quantiles_cover_the_day() -> None:
    start, width = day_quantiles(load("quick").traffic.clock)
    assert start[0] == 0
    assert (np.diff(start) >= 0).all()
    assert (start + width).max() < 86_400_000


def test_shares_of_devices_hosts_and_user_agents() -> None:
    traffic = load("quick", ["traffic.users=60000", "traffic.block_users=60000"]).traffic
    people = Simulator(traffic, 1).population(0)
    counts = np.bincount(people.devices)[1:]
    shares = np.asarray(traffic.devices.shares) / sum(traffic.devices.shares)
    expected = len(people) * shares
    # 4 degrees of freedom: above 35 with a probability of 5e-7.
    assert ((counts - expected) ** 2 / expected).sum() < 35
    batches = list(Simulator(traffic, 1).requests(0, 0))
    host = np.bincount(np.concatenate([b["host"].indices.to_numpy() for b in batches]))
    even = host.sum() / traffic.hosts.count
    assert ((host - even) ** 2 / even).sum() < 32
