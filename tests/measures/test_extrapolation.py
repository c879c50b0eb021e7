"""Extrapolation: against laws that are known, and intervals that hold what they promise."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dauexp.measures.extrapolation import Break, breaks_first, power_law
from dauexp.measures.growth import fit

DECADES = (1e4, 1e5, 1e6, 1e7, 1e8)
FAR = 1e11


def test_a_law_without_noise_is_found_and_told_exactly() -> None:
    law = power_law(DECADES, [3 + 2e-6 * level**1.1 for level in DECADES], fixed=3)
    assert law is not None
    assert law.exponent == pytest.approx(1.1)
    assert law.exponent_interval == pytest.approx((1.1, 1.1))
    assert law.at(FAR) == pytest.approx((3 + 2e-6 * FAR**1.1,) * 3)


def test_a_fixed_part_that_is_not_taken_off_bends_the_line() -> None:
    values = [3 + 2e-6 * level for level in DECADES]
    bent, straight = power_law(DECADES, values), power_law(DECADES, values, fixed=3)
    assert bent is not None
    assert straight is not None
    assert bent.exponent < 0.7
    assert bent.at(FAR).value < straight.at(FAR).value / 30


@pytest.mark.parametrize("levels", [DECADES[1:], DECADES, DECADES * 3], ids=len)
@pytest.mark.parametrize("level", [1e9, FAR])
def test_the_interval_holds_the_next_measurement_in_95_of_100_cases(
    levels: tuple[float, ...], level: float
) -> None:
    """2,000 laws with lognormal noise, within 4 standard errors; the interval of the line alone
    would hold fewer, and so would that of a normal distribution."""
    generator = np.random.default_rng(11)
    cases, sigma = 2000, 0.2
    held = by_the_line = by_the_normal = 0
    for _ in range(cases):
        noise = np.exp(generator.normal(0, sigma, len(levels)))
        law = power_law(levels, [1e-5 * x**1.05 * e for x, e in zip(levels, noise, strict=True)])
        assert law is not None
        true = 1e-5 * level**1.05 * math.exp(generator.normal(0, sigma))
        value, low, high = law.at(level)
        held += low <= true <= high
        # What the same measurements would give without the scatter of the next one, or with the
        # quantile of a normal distribution.
        reach = math.log(high / value)
        leverage = 1 / law.measurements + (math.log(level) - law.middle) ** 2 / law.spread
        off = abs(math.log(true / value))
        by_the_line += off <= reach * math.sqrt(leverage / (1 + leverage))
        by_the_normal += off <= 1.96 * law.scatter * math.sqrt(1 + leverage)
    tolerance = 4 * math.sqrt(0.95 * 0.05 / cases)
    assert held / cases == pytest.approx(0.95, abs=tolerance)
    assert by_the_line < held
    assert by_the_normal < held
    if len(levels) == len(DECADES) - 1:
        assert by_the_normal / cases < 0.95 - tolerance
    if level < FAR and len(levels) > len(DECADES):
        assert by_the_line / cases < 0.95 - tolerance


def test_the_exponent_has_the_interval_that_growth_tells() -> None:
    values = [1.0, 8.0, 110.0, 900.0, 12_000.0]
    law, found = power_law(DECADES, values), fit(DECADES, values)
    assert law is not None
    assert found is not None
    assert law.exponent == pytest.approx(found.exponent)
    assert law.coefficient == pytest.approx(found.coefficient)
    assert law.exponent_interval == pytest.approx((found.low, found.high))


def test_two_levels_make_a_line_without_an_interval_and_fewer_make_none() -> None:
    law = power_law((10.0, 100.0), (1.0, 10.0))
    assert law is not None
    assert law.at(1000.0).value == pytest.approx(100)
    assert law.at(1000.0)[1:] == (0.0, math.inf)
    assert law.exponent_interval == (-math.inf, math.inf)
    assert power_law((10.0, 10.0), (1.0, 2.0)) is None
    assert power_law((10.0, 100.0), (1.0, 10.0), fixed=1.0) is None


def test_it_breaks_at_the_limit_that_is_reached_first() -> None:
    time = power_law(DECADES, [1e-5 * level for level in DECADES])
    memory = power_law(DECADES, [1e6 * level**0.5 for level in DECADES])
    flat = power_law(DECADES, [7.0] * len(DECADES))
    assert time is not None
    assert memory is not None
    assert flat is not None
    assert time.reaches(86_400) == pytest.approx(8.64e9)
    assert time.at(time.reaches(86_400)).value == pytest.approx(86_400)
    assert flat.reaches(8.0) == math.inf
    laws = {"time": time, "memory": memory, "flat": flat}
    first = breaks_first(laws, {"time": 86_400, "memory": 1e10, "flat": 8, "unknown": 1})
    assert first.limit == "memory"
    assert first.level == pytest.approx(1e8)
    assert breaks_first(laws, {"flat": 8}) == Break("", math.inf)


def test_what_is_fixed_beyond_a_limit_breaks_at_once() -> None:
    law = power_law(DECADES, [10 + level for level in DECADES], fixed=10)
    assert law is not None
    assert law.reaches(9) == 0.0
