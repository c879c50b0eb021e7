"""The wheel in empty environments: on each Python, and with the oldest packages that it allows."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dauexp.run import run
from dauexp.scenario import load
from tests.package.conftest import CHANGES, Environment, interpreter, ran

pytestmark = pytest.mark.heavy

VERSIONS = ("3.11", "3.12", "3.13")
MINE = "{}.{}".format(*sys.version_info[:2])

PART = (
    *("tests/test_channel.py", "tests/test_database.py", "tests/test_export.py"),
    *("tests/test_ledger.py", "tests/test_scenario.py", "tests/test_store.py"),
    *("tests/ingest/test_stages.py", "tests/options/test_contract.py", "tests/queries"),
    *("tests/options/glean/test_glean.py", "tests/measures/test_static.py"),
    *("tests/report/test_claims.py", "tests/report/test_documents.py"),
)
"""Tests of what is most likely to differ between versions: everything that data pass through."""

OF_THE_CHECKOUT = (
    "tests/measures/test_static.py::test_collection_tests_and_libraries_are_told_apart",
)
"""Those of PART that ask what only a checkout has: this one counts the lines of the tests."""

Install = Callable[[Path, str], Environment]


def python(version: str) -> Path:
    """The interpreter of a version. Says so where there is none; ours is always there."""
    found = Path(sys.executable) if version == MINE else interpreter(version)
    if found is None:
        pytest.skip(f"there is no Python {version} here: the wheel was not tried on it")
    return found


def works(environment: Environment, tests: Path, *options: str) -> None:
    """The command runs a comparison, and the tests pass, on what is installed."""
    where = environment.run("python", "-c", "import dauexp; print(dauexp.__file__)", cwd=tests)
    assert Path(where.strip()).is_relative_to(environment.folder)
    changes = [word for change in CHANGES for word in ("--set", change)]
    said = environment.run("dauexp", "run", "quick", *changes, "--runs", "runs", cwd=tests)
    assert "report.html" in said
    chosen = [name for name in PART if (tests / name).exists()]
    assert chosen == list(PART)
    flags = ("-q", "-m", "not heavy", "-p", "no:cacheprovider", "--basetemp", str(tests / "tmp"))
    left_out = [word for name in OF_THE_CHECKOUT for word in ("--deselect", name)]
    said = environment.run("python", "-m", "pytest", *flags, *left_out, *options, *PART, cwd=tests)
    assert " passed" in said


@pytest.mark.parametrize("version", VERSIONS)
def test_the_wheel_works_on(version: str, installed: Install, tests_alone: Path) -> None:
    works(installed(python(version), "requirements.lock"), tests_alone)


def test_the_wheel_works_with_the_oldest_packages(
    installed: Install, tests_alone: Path, tmp_path: Path
) -> None:
    """On the oldest Python. What old packages say of newer ones is no failure of ours."""
    environment = installed(python(VERSIONS[0]), "requirements-oldest.lock")
    works(environment, tests_alone, "-W", "default")
    # What is made with the packages of today is read with them, too.
    made = run(load("quick", CHANGES), tmp_path / "today")
    shown = ("show", str(made), "accuracy", "--json")
    ours = ran([sys.executable, "-m", "dauexp", *shown], tmp_path)
    assert environment.run("dauexp", *shown, cwd=tmp_path) == ours
