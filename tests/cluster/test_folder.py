"""Runs on a cluster, in a folder that all its machines see."""

from __future__ import annotations

from pathlib import Path

from distributed import LocalCluster

from dauexp.audit import audit
from dauexp.cluster import run_on
from dauexp.scenario import Scenario
from tests.cluster.conftest import repeatable


def test_it_gives_what_one_machine_gives_byte_for_byte(
    of: Scenario, alone: dict[str, bytes], local: LocalCluster, cache: Path, tmp_path: Path
) -> None:
    with run_on(local.scheduler_address, of, str(tmp_path)) as folder:
        assert repeatable(folder) == alone
        assert audit(folder) == []
        assert not [*folder.rglob(".*.part"), *(folder / "work").glob("scratch/*")]
    assert not [*cache.glob("scratch/*/files")], "a worker left its folder"
