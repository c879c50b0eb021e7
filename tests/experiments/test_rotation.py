"""Rotation through the whole way of a contender, and the cohorts it is told by."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from dauexp.experiments import smaller
from dauexp.experiments.rotation import EXPERIMENT, cohorts
from dauexp.scenario import load


@pytest.mark.parametrize("case", ["statsd:tag", "statsd:counter"])
def test_wau_is_off_for_six_days_where_users_are_counted(case: str, tmp_path: Path) -> None:
    scenario = smaller(load("quick", ["experiments.users=60"]))
    assert case in EXPERIMENT.cases(scenario)
    assert "statsd:set" not in EXPERIMENT.cases(scenario)
    rows = EXPERIMENT.observe(scenario, case, tmp_path)["rotation"].to_pylist()
    errors = {(row["question"], row["days_after"]): row["relative_error"] for row in rows}
    if case == "statsd:counter":
        assert errors["wau", 2] == pytest.approx(errors["wau", 10], abs=0.25)
        return
    assert all(not errors["dau", day] for day in range(-14, 28))
    assert [day for day in range(-8, 28) if errors["wau", day]] == list(range(6))
    assert errors["mau", 27] == 0 < errors["mau", 26]


def test_cohorts_by_hand() -> None:
    first = date(2026, 1, 5)
    days = {"ann": [0, 7], "ben": [0, 6, 8], "cid": [3, 10], "dot": [5]}
    pairs = [(first + timedelta(n), user) for user, seen in days.items() for n in seen]
    active = pa.table(
        {"day": pa.array([day for day, _ in pairs]), "user": [user for _, user in pairs]}
    )
    told = cohorts(active)
    assert told["new_users"] == {first: 2, first + timedelta(3): 1, first + timedelta(5): 1}
    assert told["retention_d7"] == {first: 0.5, first + timedelta(3): 1.0}
