"""Steps that are done again where their earlier files are: each file is replaced, none is left."""

from __future__ import annotations

from pathlib import Path

import pytest
from distributed import LocalCluster

from dauexp import manifest
from dauexp.audit import audit
from dauexp.cluster import run_on
from dauexp.scenario import Scenario
from dauexp.stages import MARKS
from tests.cluster.conftest import repeatable

pytestmark = pytest.mark.heavy


@pytest.mark.parametrize("kind", ["", "file://"])
def test_without_their_marks_all_steps_are_done_again(
    of: Scenario, alone: dict[str, bytes], local: LocalCluster, tmp_path: Path, kind: str
) -> None:
    runs = f"{kind}{tmp_path}/runs"
    with run_on(local.scheduler_address, of, runs):
        pass
    (made,) = (path.parent for path in tmp_path.glob("runs/*/manifest.json"))
    before = _files(made)
    marks = [path for path in (made / MARKS).iterdir() if path.is_file()]
    assert len(marks) > 6
    for path in [manifest.path(made), *marks]:
        path.unlink()
    with run_on(local.scheduler_address, of, runs):
        pass
    assert repeatable(made) == alone
    assert audit(made) == []
    assert _files(made) == before


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
