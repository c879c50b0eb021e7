"""How many requests are made on a day, and how that drifts."""

from __future__ import annotations

import pytest

from dauexp.errors import BadInput
from dauexp.scenario import load
from dauexp.traffic.laws import RequestsPerDay, moments, scaled
from dauexp.traffic.parameters import Traffic
from dauexp.traffic.requests import Simulator


def traffic(*changes: str) -> Traffic:
    return load("quick", [f"traffic.{each}" for each in changes]).traffic


def ratio(of: Traffic, day: int) -> float:
    return moments(of.law_on(day))[0] / moments(of.requests)[0]


@pytest.mark.parametrize("factor", [0.25, 0.9, 1.0, 1.1, 8.0])
@pytest.mark.parametrize("law", [RequestsPerDay(), RequestsPerDay(shape=0.4, maximum=5000)])
def test_the_mean_is_scaled_and_the_tail_and_the_maximum_stay(
    law: RequestsPerDay, factor: float
) -> None:
    found = scaled(law, factor)
    assert moments(found)[0] == pytest.approx(factor * moments(law)[0], rel=1e-9)
    assert (found.shape, found.maximum) == (law.shape, law.maximum)
    assert (found == law) == (factor == 1)


def test_without_drift_every_day_has_the_law_of_the_parameters() -> None:
    plain = traffic()
    assert all(plain.law_on(day) == plain.requests for day in range(-28, 29))


def test_each_factor_falls_on_its_days() -> None:
    weekend = traffic("drift.weekend=0.5")  # the first day is a Monday
    assert [round(ratio(weekend, day), 9) for day in (-3, -2, -1, 0, 4, 5, 6, 7)] == [
        1, 0.5, 0.5, 1, 1, 0.5, 0.5, 1,
    ]  # fmt: skip
    client = traffic("drift.client=1.5", "drift.client_day=3")
    assert [round(ratio(client, day), 9) for day in (-28, 2, 3, 28)] == [1, 1, 1.5, 1.5]
    growth = traffic("drift.growth=1.01")
    assert [ratio(growth, day) for day in (-10, 0, 10)] == pytest.approx([1.01**-10, 1, 1.01**10])


@pytest.mark.parametrize(
    ("law", "factor", "mean"),
    [
        (RequestsPerDay(), 0.01, 1.0),
        (RequestsPerDay(), 900.0, 500.0),
        (RequestsPerDay(maximum=1), 2.0, 1.0),
    ],
)
def test_the_mean_stays_between_one_request_and_the_maximum(
    law: RequestsPerDay, factor: float, mean: float
) -> None:
    assert moments(scaled(law, factor))[0] == pytest.approx(mean)


@pytest.mark.parametrize("factor", [1e-3, 1e3])
def test_requests_are_drawn_at_either_end(factor: float) -> None:
    source = Simulator(traffic("users=60", f"drift.client={factor}"), 1)
    counts = [
        row["counts"]
        for batch in source.requests(0, 0)
        for row in batch["uid"].value_counts().to_pylist()
        if row["counts"]
    ]
    assert max(counts) == (1 if factor < 1 else 500)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("drift.growth=0.5", "greater than or equal to 0.9"),
        ("drift.weekend=0", "greater than 0"),
        ("earlier_days=7", "greater than or equal to 28"),
    ],
)
def test_a_drift_out_of_range_is_refused(change: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        traffic(change)
