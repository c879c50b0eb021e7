"""Sweeps of four points, made once: of a fault, and of scenarios drawn at random."""

from __future__ import annotations

from pathlib import Path

import pytest

from dauexp.scenario import Scenario
from dauexp.sweep import Sweep, load_sweep, run_sweep

FILE = """
name = "tiny"
replicates = 2
[changes]
traffic.users = 12
traffic.days = 1
strategies = ["custom", "statsd:tag"]
[[vary]]
name = "loss"
key = "faults.loss.rate"
values = [0.5]
"""


SAMPLE = """
name = "sampled"
replicates = 1
[changes]
traffic.users = 12
traffic.days = 1
strategies = ["glean", "statsd:set"]
[sample]
count = 4
draw = [
    { key = "traffic.hosts.count", low = 1, high = 4, integer = true },
    { key = "statsd.flush_seconds", choices = [1, 600] },
]
"""


@pytest.fixture(scope="session")
def plan(tmp_path_factory: pytest.TempPathFactory) -> tuple[Sweep, Scenario]:
    path = tmp_path_factory.mktemp("plan") / "tiny.toml"
    path.write_text(FILE, encoding="utf-8")
    return load_sweep(str(path))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def swept(plan: tuple[Sweep, Scenario], runs: Path) -> Path:
    return run_sweep(*plan, runs, processes=1)


@pytest.fixture(scope="session")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sampled")
    (folder / "sampled.toml").write_text(SAMPLE, encoding="utf-8")
    return run_sweep(*load_sweep(str(folder / "sampled.toml")), folder, processes=1)
