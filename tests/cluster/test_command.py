"""`dauexp run --scheduler` as people call it: the whole way, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from distributed import LocalCluster

from dauexp.audit import audit
from tests.cluster.conftest import CHANGES, repeatable

pytestmark = pytest.mark.heavy


def dauexp(*arguments: str) -> subprocess.CompletedProcess[str]:
    changes = [part for change in CHANGES for part in ("--set", change)]
    command = [sys.executable, "-m", "dauexp", "run", "quick", *changes, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.parametrize("kind", ["", "file://"])
def test_a_run_and_its_report_are_where_the_command_says(
    alone: dict[str, bytes], local: LocalCluster, tmp_path: Path, kind: str
) -> None:
    runs = f"{kind}{tmp_path}/runs"
    done = dauexp("--scheduler", local.scheduler_address, "--runs", runs)
    assert done.returncode == 0, done.stderr
    (made,) = (tmp_path / "runs").glob("quick-*")
    said = done.stdout.splitlines()[-3:]
    assert said == [
        f"run     {runs}/{made.name}",
        f"page    {runs}/{made.name}/report.html",
        f"record  {runs}/{made.name}/appendix.md",
    ]
    assert "</html>" in (made / "report.html").read_text("utf-8")
    assert "## Evidence" in (made / "appendix.md").read_text("utf-8")
    assert repeatable(made) == alone
    assert audit(made) == []
