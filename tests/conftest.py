"""What all tests share."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from dauexp.scenario import Scenario, load

# The machine's load decides how long an example takes, not the code alone.
settings.register_profile("dauexp", deadline=None)
settings.load_profile("dauexp")

pytest.register_assert_rewrite("dauexp.testing")


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The top folder of the checkout, for tests of what lies outside the package."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def small() -> Scenario:
    """A scenario of a few hundred users, in two blocks, with faultless channels."""
    from dauexp.testing import SMALL

    return load("quick", SMALL)


@pytest.fixture(scope="session")
def small_run(small: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished run of `small`, made once for all processes of a test session."""
    from dauexp.testing import run_once

    return run_once(small, tmp_path_factory)
