"""Workers that are killed in the middle change nothing, nor does a client that is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from distributed import LocalCluster

from dauexp.audit import audit
from dauexp.cluster import run_on
from dauexp.scenario import Scenario
from tests.cluster.conftest import kill, repeatable

pytestmark = pytest.mark.heavy


def test_workers_that_are_killed_change_nothing(
    of: Scenario, alone: dict[str, bytes], local: LocalCluster, tmp_path: Path
) -> None:
    killed: list[tuple[str, int]] = []

    def progress(stage: str, done: int, steps: int) -> None:
        moments = {"traffic": {1, 3}, "settle": {0, 1}, "questions": {1}, "experiments": {1}}
        if done in moments.get(stage, ()) and (stage, done) not in killed:
            killed.append((stage, done))
            kill(local, len(killed))

    with run_on(local.scheduler_address, of, str(tmp_path), progress) as folder:
        assert len(killed) == 6
        assert repeatable(folder) == alone
        assert audit(folder) == []
        assert not [*folder.rglob(".*.part"), *(folder / "work").glob("scratch/*")]


@pytest.mark.parametrize("moment", [("traffic", 2), ("settle", 1), ("questions", 2)])
def test_a_run_that_was_stopped_goes_on_where_it_was(
    of: Scenario, alone: dict[str, bytes], local: LocalCluster, tmp_path: Path, moment: Any
) -> None:
    def stop(stage: str, done: int, steps: int) -> None:
        if (stage, done) == moment:
            raise KeyboardInterrupt

    with (
        pytest.raises(KeyboardInterrupt),
        run_on(local.scheduler_address, of, str(tmp_path), stop),
    ):
        pass
    (stopped,) = (path for path in tmp_path.iterdir() if path.is_dir())
    marks = {path: path.read_bytes() for path in (stopped / "work" / "done").iterdir()}
    with run_on(local.scheduler_address, of, str(tmp_path)) as folder:
        assert folder == stopped
        assert marks
        assert {path: path.read_bytes() for path in marks} == marks, "a step was done again"
        assert repeatable(folder) == alone
        assert audit(folder) == []
