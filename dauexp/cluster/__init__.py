"""Runs past one machine: their steps done by the workers of a Dask cluster.

The steps, and what they leave, are those of a run on one machine. What is added is where they are
done (`worker`), how their files come and go (`depot`), and who sees to it that each is done once
(`dispatch`).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

from dauexp.cache import cache_folder
from dauexp.cluster.depot import Depot, SharedFolder
from dauexp.cluster.dispatch import Care, client_of, dispatched
from dauexp.cluster.worker import Order, leave
from dauexp.crew import Job
from dauexp.locking import alone
from dauexp.run import Progress, folder_of, run_by, silent
from dauexp.scenario import Scenario
from dauexp.temporary import temporary_folder
from dauexp.urls import is_url

T = TypeVar("T")
R = TypeVar("R")


@contextmanager
def run_on(
    address: str,
    scenario: Scenario,
    runs: str,
    progress: Progress = silent,
    care: Care | None = None,
) -> Iterator[Path]:
    """Runs a scenario on a cluster, as `dauexp.run.run` does on one machine, and gives the folder
    of the run.

    Where `runs` is a URL, the folder is a copy without stores that is gone afterwards; what is made
    in it meanwhile, such as a report, is kept at the URL.

    Args:
        address: of a Dask scheduler.
        scenario: what to run.
        runs: below which the run is kept: a folder that all machines see, or a URL that fsspec
            knows.
        progress: told of each step.
        care: how much trouble is taken over a step.

    Raises:
        BadInput: as `run` does; or nothing answers at the address, a worker is not set up like this
            machine, or the URL cannot be used.
        DauexpError: as `run` does; or the workers are gone, or files could not be read or written.
    """
    if not is_url(runs):
        folder = folder_of(scenario, Path(runs))
        run_by(partial(Cluster, address, SharedFolder(folder), care), scenario, folder, progress)
        yield folder
        return
    from dauexp.cluster.bucket import Bucket  # noqa: PLC0415 - fsspec is slow to load

    name = folder_of(scenario, Path()).name
    depot = Bucket(f"{runs.rstrip('/')}/{name}")
    locks = cache_folder("clusters")
    locks.mkdir(parents=True, exist_ok=True)
    lock = locks / f"{hashlib.sha256(depot.where.encode()).hexdigest()[:16]}.lock"
    with (
        alone(lock, f"{depot.where}: another process is running this scenario; wait for it"),
        temporary_folder() as top,
    ):
        folder = top / name
        depot.bring(folder)
        run_by(partial(Cluster, address, depot, care), scenario, folder, progress)
        depot.share(folder)
        yield folder
        depot.share(folder)


class Cluster:
    """The workers of a Dask cluster as the crew of one run. Use it as a context manager."""

    def __init__(self, address: str, depot: Depot, care: Care | None = None) -> None:
        """Raises BadInput where Dask is not installed, nothing answers at the address, or no worker
        is there."""
        self._care = care or Care()
        self._depot = depot
        self._client = client_of(address, self._care)
        self._session = secrets.token_hex(8)
        self._opened = False
        self.processes = sum(self._client.nthreads().values())

    def steps(
        self,
        stage: str,
        job: Job,
        function: Callable[[Scenario, Path, T], R],
        tasks: Sequence[T],
        needs: Callable[[T], Sequence[Path]],
    ) -> list[R]:
        """See `dauexp.crew.Crew`.

        Raises DauexpError where a task failed too often, or no worker is left.
        """
        if not self._opened:
            self._depot.open(self._session, job.folder)
            self._opened = True
        self._depot.share(job.folder)

        def order(index: int, attempt: str) -> Order[T, R]:
            task = tasks[index]
            return Order(
                self._depot, self._session, attempt, job.scenario, function, task, needs(task)
            )

        def adopt(files: Sequence[Path], attempt: str) -> None:
            self._depot.adopt(files, self._session, attempt)

        return dispatched(
            self._client,
            self._care,
            f"{stage}-{self._session}",
            len(tasks),
            order,
            adopt,
            lambda done: job.progress(stage, done, len(tasks)),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._opened:
            self._depot.close(self._session)
        with suppress(Exception):  # the workers remove their folders by themselves, if later
            self._client.run(leave, self._session, on_error="ignore")
        self._client.close()
