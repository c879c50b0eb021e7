"""What all tests share."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest
from hypothesis import settings

from dauexp.run import run
from dauexp.scenario import Scenario, load

# The machine's load decides how long an example takes, not the code alone.
settings.register_profile("dauexp", deadline=None)
settings.load_profile("dauexp")

SMALL = (
    "traffic.users=300",
    "traffic.days=29",
    "traffic.block_users=160",
    "experiments.run=[]",
    "report.notebooks=[]",
)


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The top folder of the checkout, for tests of what lies outside the package."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def small() -> Scenario:
    """A scenario of a few hundred users, in two blocks, with faultless channels."""
    return load("quick", SMALL)


@pytest.fixture(scope="session")
def small_run(small: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished run of `small`, made once for all processes of a test session."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if base.name.startswith("popen-") else base
    with (shared / "small.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return run(small, shared / "small", processes=1)
