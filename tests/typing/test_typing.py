"""The types as a user's own mypy sees them, from outside the checkout."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

USES = Path(__file__).with_name("uses.py")


def mypy(path: Path) -> subprocess.CompletedProcess[str]:
    """Checks a file beside which there is no configuration, as strictly as there is."""
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-color-output", path.name],
        cwd=path.parent,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_package_says_that_it_is_typed() -> None:
    assert files("dauexp").joinpath("py.typed").is_file()


@pytest.mark.heavy
def test_the_api_is_typed_as_users_write_it(tmp_path: Path) -> None:
    path = tmp_path / "uses.py"
    shutil.copy(USES, path)
    done = mypy(path)
    assert done.returncode == 0, done.stdout
    broken = path.read_text("utf-8").replace(
        "assert_type(folder, Path)", "assert_type(folder, str)"
    )
    path.write_text(broken.replace("run(scenario, runs, ", 'run(scenario, "runs", '), "utf-8")
    found = mypy(path).stdout
    assert "[assert-type]" in found
    assert "[arg-type]" in found
