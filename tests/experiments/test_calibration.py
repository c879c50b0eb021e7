"""Drift of requests per user through the whole way of who counts requests."""

from __future__ import annotations

import pandas as pd
import pytest

from dauexp.experiments import smaller
from dauexp.experiments.calibration import DRIFTS, EARLIER, EXPERIMENT, REPLICATES, SAME
from dauexp.scenario import Scenario, load


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return smaller(load("quick", ["experiments.users=80", "experiments.days=28"]))


@pytest.fixture(scope="module")
def found(scenario: Scenario, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Errors without drift and of a changed client."""
    tried = [
        EXPERIMENT.observe(scenario, f"statsd:counter, {case}", tmp_path_factory.mktemp("trial"))
        for case in ("none", "changed client 1.2")
    ]
    rows: list[pd.DataFrame] = [table["calibration_errors"].to_pandas() for table in tried]
    return pd.concat(rows).set_index(["drift", "calibrated_on", "question"])


def test_only_who_must_know_requests_per_user_is_tried(scenario: Scenario) -> None:
    cases = EXPERIMENT.cases(scenario)
    assert len(cases) == len(DRIFTS)
    assert {case.partition(",")[0] for case in cases} == {"statsd:counter"}
    users = scenario.model_copy(update={"strategies": ("glean", "statsd:tag")})
    assert EXPERIMENT.cases(users) == []


def test_a_changed_client_moves_every_estimate_by_as_much(found: pd.DataFrame) -> None:
    """The same users are active by the same draws, so chance cancels but for the rounding of
    requests, which are whole."""
    before, after = (
        1 + found["mean_relative_error"][drift] for drift in ("none", "changed client")
    )
    assert (after[EARLIER] / before[EARLIER]).to_list() == pytest.approx([1.2] * 3, abs=0.05)
    assert found["expected_relative_error"]["changed client", EARLIER, "dau"] == pytest.approx(0.2)


def test_the_same_days_hide_what_the_earlier_period_shows(found: pd.DataFrame) -> None:
    errors = found["mean_relative_error"]["changed client"].abs()
    assert (errors[SAME] < 0.05).all()
    assert (errors[EARLIER] > 2 * errors[SAME]).all()


def test_every_row_is_over_the_seeds_and_has_an_interval(found: pd.DataFrame) -> None:
    assert set(found["replicates"]) == {REPLICATES}
    assert (found["low"] <= found["high"]).all()
    assert (found["high"] - found["low"]).xs(EARLIER, level="calibrated_on").min() > 0.01
    assert len(found) == 2 * 2 * 3
