"""Traffic: our generator beside the script that a person would write with NumPy and pandas."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import product

import numpy as np
import pandas as pd

from benchmarks.peers.sides import Subject, Way, timed
from dauexp.scenario import Scenario, load
from dauexp.traffic.requests import Simulator
from dauexp.traffic.useragent import catalogue


@contextmanager
def subject(size: float) -> Iterator[Subject]:
    """The default traffic of about `size` times a million requests, in one process. Nobody joins or
    leaves, as the other script knows nothing of that: both make as many requests."""
    users = f"traffic.users={round(15_500 * size)}"
    stay = ["traffic.churn.initial_share=1.0", "traffic.churn.daily_leave=0.0"]
    scenario = load("default", [users, *stay])
    count = round(_ours(scenario))
    yield Subject(
        "Traffic generated",
        "requests",
        count,
        (
            Way(
                "ours",
                "all features: time zones, several devices, uneven hosts; any part again alone",
                timed(lambda: _ours(scenario)),
            ),
            Way(
                "NumPy and pandas, by hand",
                "the same laws of activity and requests; none of the other features",
                timed(lambda: _by_hand(scenario)),
            ),
        ),
        tolerance=0.05,
    )


def _ours(scenario: Scenario) -> float:
    simulator = Simulator(scenario.traffic, scenario.seed)
    made = 0
    for block, day in product(range(simulator.blocks), range(len(simulator.days))):
        made += sum(map(len, simulator.requests(block, day)))
    return float(made)


def _by_hand(scenario: Scenario) -> float:
    """A data frame for each day, in order of time, as a person would make it."""
    traffic = scenario.traffic
    random = np.random.default_rng(scenario.seed)
    propensity = random.beta(traffic.activity.alpha, traffic.activity.beta, traffic.users)
    uid = np.array([random.bytes(16).hex() for _ in range(traffic.users)])
    device = np.array([random.bytes(16).hex() for _ in range(traffic.users)])
    agents = np.array(catalogue()["user_agent"].to_pylist())
    agent = agents[random.integers(0, len(agents), traffic.users)]
    hosts = np.array([f"sync-{number + 1}" for number in range(traffic.hosts.count)])
    law, made = traffic.requests, 0
    for number in range(traffic.days):
        day = traffic.first_day + timedelta(days=number)
        chance = propensity * traffic.activity.weekday[day.weekday()]
        active = np.flatnonzero(random.random(traffic.users) < chance)
        more = law.scale * random.pareto(law.shape, len(active))
        user = np.repeat(active, 1 + np.minimum(more, law.maximum - 1).astype(int))
        milliseconds = random.integers(0, 86_400_000, len(user))
        frame = pd.DataFrame(
            {
                "time": pd.Timestamp(day, tz="UTC") + pd.to_timedelta(milliseconds, unit="ms"),
                "uid": uid[user],
                "device_id": device[user],
                "user_agent": agent[user],
                "host": hosts[random.integers(0, len(hosts), len(user))],
            }
        ).sort_values("time")
        made += len(frame)
    return float(made)
