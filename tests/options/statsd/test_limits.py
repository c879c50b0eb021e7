"""The limits of a scenario's index: what is past them is rejected, in the ledger, and missing."""

from __future__ import annotations

from pathlib import Path

import pyarrow.compute as pc
import pytest

from dauexp.results import result
from dauexp.run import run
from dauexp.scenario import load


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        ("influxdb.max_values_per_tag=50", "too many tag values"),
        ("influxdb.max_series=80", "too many series"),
    ],
)
def test_what_is_past_a_limit_is_rejected_and_missing(
    tmp_path: Path, limit: str, reason: str
) -> None:
    scenario = load(
        "quick",
        [
            'strategies=["statsd:tag"]',
            "traffic.users=120",
            "traffic.days=29",
            "report.notebooks=[]",
            "experiments.run=[]",
            limit,
        ],
    )
    folder = run(scenario, tmp_path, processes=1)
    entries = result(folder, "ledger")
    rejected = entries.filter(pc.equal(entries["account"], "rejected"))
    assert set(rejected["reason"].to_pylist()) == {reason}
    assert pc.sum(rejected["count"]).as_py() > 0
    accuracy = result(folder, "accuracy").to_pylist()
    errors = [each["relative_error"] for each in accuracy if each["question"] == "dau"]
    assert min(errors) < -0.2
