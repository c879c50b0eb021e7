"""Rotation through the whole way of a contender, and the cohorts it is told by."""

from __future__ import annotations

from pathlib import Path

import pytest

from dauexp.experiments import smaller
from dauexp.experiments.rotation import EXPERIMENT
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
