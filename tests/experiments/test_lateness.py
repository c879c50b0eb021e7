"""Late documents: who is lost to a day and who is gained."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dauexp.experiments import smaller
from dauexp.experiments.lateness import CASES, EXPERIMENT, LATENESS, compared
from dauexp.scenario import Scenario, load

FIRST = date(2026, 1, 5)
DAYS = [FIRST.replace(day=5 + n) for n in range(4)]


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return smaller(
        load("quick", ["experiments.users=60", "experiments.days=28", "strategies=['custom']"])
    )


def users(rows: list[tuple[int, str]]) -> pa.Table:
    days, names = zip(*rows, strict=True)
    return pa.table(
        {
            "day": pa.array([DAYS[day] for day in days], pa.date32()),
            "user": pa.array(names, pa.string()),
        }
    )


def test_users_lost_and_gained_are_told_apart(scenario: Scenario) -> None:
    active = users([(0, "a"), (1, "a"), (1, "b"), (2, "b"), (3, "c")])
    counted = users([(0, "a"), (1, "a"), (2, "a"), (2, "b"), (3, "c"), (3, "b")])
    found = {row.pop("day"): row for row in compared(active, counted, scenario).to_pylist()}
    assert DAYS[0] not in found
    assert found[DAYS[1]] == {
        "truth": 2,
        "dau": 1,
        "users_lost": 1,
        "users_gained": 0,
        "relative_error": -0.5,
    }
    assert found[DAYS[2]]["users_gained"] == 1
    assert found[DAYS[3]]["relative_error"] == 1.0


@pytest.mark.parametrize("late", CASES, ids=lambda late: late.name)
def test_the_account_of_users_adds_up_in_every_case(
    late: object, scenario: Scenario, tmp_path: Path
) -> None:
    case = late.name  # type: ignore[attr-defined]
    table = EXPERIMENT.observe(scenario, case, tmp_path)["lateness"]
    assert table.schema == LATENESS
    assert table.num_rows == 27
    assert set(table["option"].to_pylist()) == {"custom"}
    balance = pc.add(pc.subtract(table["truth"], table["users_lost"]), table["users_gained"])
    assert balance == table["dau"]


def test_the_later_the_more_users_are_on_a_wrong_day(scenario: Scenario, tmp_path: Path) -> None:
    delays = [late for late in CASES if late.fault == "delay" and late.rate == 1.0]
    moved = []
    for number, late in enumerate(delays):
        table = EXPERIMENT.observe(scenario, late.name, tmp_path / str(number))["lateness"]
        moved.append(pc.sum(table["users_gained"]).as_py() + pc.sum(table["users_lost"]).as_py())
    assert moved == sorted(moved)
    assert moved[0] == 0
    assert moved[-1] > 0


def test_what_is_delivered_twice_only_ever_adds_users(scenario: Scenario, tmp_path: Path) -> None:
    (twice,) = (late for late in CASES if late.fault == "duplication")
    table = EXPERIMENT.observe(scenario, twice.name, tmp_path)["lateness"]
    assert pc.sum(table["users_lost"]).as_py() == 0
