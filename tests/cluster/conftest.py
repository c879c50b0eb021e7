"""A Dask cluster of processes of this machine, and a run on one machine to compare with."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dask
import pytest
from distributed import Client, LocalCluster

from dauexp.run import run
from dauexp.scenario import Scenario, load

WORKERS = 2


@pytest.fixture(scope="package")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The user's cache, of this process and of the workers. Other tests have the user's own, with
    what takes minutes to build."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder / "dauexp"


@contextmanager
def clustered(
    folder: Path, workers: int = WORKERS, lost_worker_timeout: str = "1h"
) -> Iterator[LocalCluster]:
    """A cluster of processes, whose own files are in a folder.

    So long after it lost a worker, a LocalCluster looks whether that is there again, and where it
    is not just then, ends its nanny: one killed a second time meanwhile, which the workers of a
    real cluster outlive, would never come back.
    """
    with (
        dask.config.set({"distributed.deploy.lost-worker-timeout": lost_worker_timeout}),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address=":0",
            local_directory=str(folder),
        ) as cluster,
    ):
        yield cluster


@pytest.fixture(scope="package")
def local(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """Started anew for no test: what one leaves must not disturb the next."""
    with clustered(tmp_path_factory.mktemp("dask")) as cluster:
        yield cluster


def kill(cluster: LocalCluster, which: int) -> None:
    """Kills a worker as want of memory would; its nanny starts another."""
    with Client(cluster.scheduler_address, set_as_default=False) as client:
        pids = sorted(client.run(os.getpid).values())
    os.kill(pids[which % len(pids)], signal.SIGKILL)


CHANGES = (
    "traffic.users=60",
    "traffic.days=3",
    "traffic.block_users=40",
    "faults.loss.rate=0.02",
    "faults.duplication.rate=0.02",
    "strategies=['glean', 'statsd:set', 'statsd:sketch']",
    "experiments.run=['lateness']",
    "experiments.users=12",
    "experiments.days=28",
    "report.notebooks=[]",
)
"""What makes the preset `quick` a run of seconds."""


@pytest.fixture(scope="session")
def of() -> Scenario:
    return load("quick", CHANGES)


@pytest.fixture(scope="session")
def alone(of: Scenario, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a run of one machine gives, by two processes."""
    return repeatable(run(of, tmp_path_factory.mktemp("alone"), processes=2))


def repeatable(folder: Path) -> dict[str, bytes]:
    """The files of a run that repeat byte for byte."""
    files = [*folder.glob("results/*.parquet"), folder / "ledger.parquet", folder / "scenario.toml"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
