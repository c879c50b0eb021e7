"""Runs on a cluster at a URL: by files of this machine, and at a real server that speaks S3."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from distributed import LocalCluster

from dauexp.audit import audit
from dauexp.cluster import run_on
from dauexp.cluster.bucket import Bucket
from dauexp.errors import BadInput, DauexpError
from dauexp.scenario import Scenario
from tests.cluster.conftest import clustered, kill, repeatable
from tests.objectstore import bucket, downloaded


def check(url: str, to: Path, alone: dict[str, bytes]) -> None:
    """A run at a URL is whole, and what one machine gives."""
    whole = downloaded(url, to)
    assert repeatable(whole) == alone
    assert audit(whole) == []
    assert (whole / "report.html").read_text("utf-8") == "made meanwhile"
    assert not list((whole / "work").glob("scratch/**/*"))


def run_at(url: str, of: Scenario, cluster: LocalCluster, progress: Any = lambda *_: None) -> str:
    """The URL of a run, with a report that was made in the client's copy."""
    with run_on(cluster.scheduler_address, of, url, progress) as folder:
        assert not (folder / "store").exists(), "the stores are no matter of the client's disk"
        (folder / "report.html").write_text("made meanwhile", encoding="utf-8")
    assert not folder.exists()
    return f"{url}/{folder.name}"


def test_a_run_at_a_url_is_that_of_one_machine(
    of: Scenario, alone: dict[str, bytes], local: LocalCluster, cache: Path, tmp_path: Path
) -> None:
    url = run_at(f"file://{tmp_path}/runs", of, local)
    check(url, tmp_path / "copy", alone)
    assert not list(cache.glob("scratch/*/files"))
    marks = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").rglob("work/done/*")}
    assert marks
    run_at(f"file://{tmp_path}/runs", of, local)
    assert {path: path.stat().st_mtime_ns for path in marks} == marks, "it was finished"


def test_a_url_that_no_file_system_is_known_for() -> None:
    with pytest.raises(BadInput, match=r"what://x/runs: .*; give a URL that fsspec knows"):
        Bucket("what://user:password@x/runs")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with bucket(tmp_path_factory.mktemp("s3")) as url:
        yield url


@pytest.fixture(scope="module")
def cloud(
    server: str, cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalCluster]:
    """A cluster whose workers know the server."""
    with clustered(tmp_path_factory.mktemp("dask")) as cluster:
        yield cluster


@pytest.mark.heavy
def test_a_run_on_s3_whose_workers_are_killed_is_that_of_one_machine(
    of: Scenario, alone: dict[str, bytes], server: str, cloud: LocalCluster, tmp_path: Path
) -> None:
    killed: list[str] = []

    def progress(stage: str, done: int, steps: int) -> None:
        if done == 1 and stage in {"traffic", "settle", "questions"}:
            killed.append(stage)
            kill(cloud, len(killed))

    url = run_at(f"{server}/killed", of, cloud, progress)
    assert killed == ["traffic", "settle", "questions"]
    check(url, tmp_path / "copy", alone)


@pytest.mark.heavy
def test_a_run_on_s3_that_was_stopped_goes_on_from_anywhere(
    of: Scenario, alone: dict[str, bytes], server: str, cloud: LocalCluster, tmp_path: Path
) -> None:
    def stop(stage: str, done: int, steps: int) -> None:
        if (stage, done) == ("questions", 1):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_at(f"{server}/stopped", of, cloud, stop)
    before = marks(f"{server}/stopped", tmp_path / "before")
    assert len(before) > 6
    url = run_at(f"{server}/stopped", of, cloud)
    check(url, tmp_path / "copy", alone)
    after = marks(f"{server}/stopped", tmp_path / "after")
    assert {name: after[name] for name in before} == before, "a step was done again"


def marks(url: str, to: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in downloaded(url, to).rglob("work/done/*.json")}


@pytest.mark.heavy
def test_a_server_that_is_out_of_reach_is_told(
    of: Scenario, cloud: LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        pytest.raises(DauexpError, match=r"s3://nowhere/runs/.*; run it again, it goes on"),
        run_on(cloud.scheduler_address, of, "s3://nowhere/runs"),
    ):
        pass
