"""Experiments: which there are, on which traffic they run, and how their tables come together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from dauexp import experiments
from dauexp.errors import BadInput
from dauexp.experiments import Case, Experiment, chosen, smaller, together
from dauexp.experiments.trial import trial
from dauexp.options import contenders
from dauexp.run import run
from dauexp.scenario import Scenario, load

SCHEMA = pa.schema([("case", pa.string()), ("value", pa.int64())])


class Twice(Experiment):
    """An experiment of two cases."""

    name = "twice"
    summary = "for tests"
    tables: Mapping[str, pa.Schema] = {"twice": SCHEMA}  # type: ignore[misc]

    def cases(self, scenario: Scenario) -> Sequence[str]:
        return [f"{scenario.traffic.users} users", "no table"]

    def observe(self, scenario: Scenario, case: str, scratch: Path) -> Mapping[str, pa.Table]:
        assert scratch.is_dir()
        if case == "no table":
            return {}
        return {"twice": pa.table({"case": [case], "value": [scenario.traffic.days]})}


@pytest.fixture
def twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(experiments, "experiments", lambda: {"twice": Twice()})


def test_the_traffic_of_experiments_is_simulated_smaller_and_faultless() -> None:
    scenario = load("default", ["faults.loss.rate=0.1", "experiments.users=7"])
    small = smaller(scenario)
    assert small.traffic.users == 7
    assert small.traffic.days == scenario.experiments.days
    assert small.traffic.blocks == 1
    assert not list(small.faults.of_the_channel())
    assert small.glean == scenario.glean


@pytest.mark.usefixtures("twice")
def test_each_case_is_tried_on_its_own_and_their_rows_come_together() -> None:
    scenario = load("quick", ["experiments.run=['twice']", "experiments.users=9"])
    cases = chosen(scenario)
    assert cases == [Case("twice", "9 users"), Case("twice", "no table")]
    tables = together(cases, [experiments.observe(scenario, case) for case in cases])
    assert tables["twice"].to_pylist() == [{"case": "9 users", "value": 35}]


def test_an_unknown_experiment_is_told_with_those_there_are() -> None:
    scenario = load("quick", ["experiments.run=['alchemy']"])
    with pytest.raises(BadInput, match=r"'alchemy'; there are .*lateness"):
        chosen(scenario)


def test_a_trial_answers_as_a_run_does(small: Scenario, small_run: Path, tmp_path: Path) -> None:
    (glean,) = contenders(["glean"])
    tried = trial(small, glean, tmp_path)
    assert tried.violations == ()
    assert tried.ledger.num_rows > 0
    assert set(tried.accuracy["relative_error"].to_pylist()) <= {0.0, None}
    assert (tmp_path / "store" / "glean").is_dir()


def test_a_run_writes_the_tables_of_its_experiments(tmp_path: Path) -> None:
    scenario = load(
        "quick",
        [
            "traffic.users=20",
            "traffic.days=28",
            "strategies=['custom']",
            "experiments.run=['lateness']",
            "experiments.users=10",
            "experiments.days=28",
            "report.notebooks=[]",
        ],
    )
    folder = run(scenario, tmp_path, processes=1)
    assert (folder / "results" / "lateness.parquet").is_file()
