"""A change of the secret against its closed form: who is active on both sides counts twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dauexp.experiments.rotation import Rotated, expected_error
from dauexp.scenario import Scenario, load
from dauexp.traffic.expected import Expected
from dauexp.traffic.truth import WINDOWS

SEEDS = 4
USERS = 1500
BOUND = 5.0
DAY = 5


def scenario(seed: int) -> Scenario:
    changes = [f"seed={seed}", f"traffic.users={USERS}", "traffic.days=33"]
    return load("quick", changes)


def ids(source: Rotated) -> list[set[str]]:
    """The ids seen on each day."""
    return [
        {
            id_
            for batch in source.batches(0, day)
            for id_ in batch.observations["hashed_fxa_uid"].to_pylist()
        }
        for day in range(len(source.days))
    ]


def test_ids_in_a_window_are_as_many_as_the_closed_form_says(tmp_path: Path) -> None:
    sources = [Rotated(scenario(seed), DAY, tmp_path) for seed in range(SEEDS)]
    by_day = [ids(source) for source in sources]
    expected = Expected(scenario(0).traffic)
    for question, window in WINDOWS.items():
        for day in range(window - 1, 33):
            first = day - window + 1
            found = sum(len(set().union(*days[first : day + 1])) for days in by_day)
            chance = expected.active(first, day)
            error = expected_error(expected, question, day, DAY)
            assert error is not None
            # A user has 0, 1 or 2 ids in a window, so twice the mean bounds the mean square.
            bound = BOUND * np.sqrt(SEEDS * USERS * 2 * chance * (1 + error))
            assert found == pytest.approx(SEEDS * USERS * chance * (1 + error), abs=bound)


@pytest.mark.parametrize(
    ("question", "day", "twice"),
    [
        ("dau", DAY, False),
        ("wau", DAY - 1, False),
        ("wau", DAY, True),
        ("wau", DAY + 5, True),
        ("wau", DAY + 6, False),
        ("mau", DAY + 26, True),
        ("mau", DAY + 27, False),
    ],
)
def test_the_window_of_double_counting(question: str, day: int, *, twice: bool) -> None:
    error = expected_error(Expected(scenario(0).traffic), question, day, DAY)
    assert (error is not None and error > 0.1) == twice


def test_people_keep_their_places_and_no_id_is_on_both_sides(tmp_path: Path) -> None:
    source = Rotated(scenario(1), DAY, tmp_path)
    before, after = (next(iter(source.batches(0, day))).observations for day in (DAY - 1, DAY))
    old, new = (each["hashed_fxa_uid"].dictionary.to_pylist() for each in (before, after))
    assert len(old) == len(new) == USERS
    assert not set(old) & set(new)
