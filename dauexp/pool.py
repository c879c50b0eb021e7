"""Work spread over processes."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Self, TypeVar

import pyarrow as pa

from dauexp.crew import Job
from dauexp.scenario import Scenario
from dauexp.temporary import choose, chosen

T = TypeVar("T")
R = TypeVar("R")


class Pool:
    """Processes that do independent tasks; with one process, this one does them itself.

    Processes are spawned, not forked: DuckDB and Arrow have threads that a fork would lose.
    """

    def __init__(self, processes: int) -> None:
        self.processes = processes
        self._executor: ProcessPoolExecutor | None = None
        if processes > 1:
            self._executor = ProcessPoolExecutor(
                processes,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_begin,
                initargs=(chosen(),),
            )

    def each(
        self,
        stage: str,
        function: Callable[[T], R],
        tasks: Sequence[T],
        progress: Callable[[str, int, int], None],
    ) -> list[R]:
        """The results of `function` for each task, in the order of the tasks.

        The first error ends the stage and is raised here.
        """
        progress(stage, 0, len(tasks))
        if self._executor is None:
            results = []
            for done, task in enumerate(tasks, start=1):
                results.append(function(task))
                progress(stage, done, len(tasks))
            return results
        futures: list[Future[R]] = [self._executor.submit(function, task) for task in tasks]
        for done, future in enumerate(as_completed(futures), start=1):
            if future.exception() is not None:
                if isinstance(future.exception(), BrokenProcessPool):
                    _end_all()
                self._executor.shutdown(wait=True, cancel_futures=True)
                future.result()
            progress(stage, done, len(tasks))
        return [future.result() for future in futures]

    def steps(
        self,
        stage: str,
        job: Job,
        function: Callable[[Scenario, Path, T], R],
        tasks: Sequence[T],
        needs: Callable[[T], Sequence[Path]],  # noqa: ARG002 - all is in the folder of the run
    ) -> list[R]:
        """See `dauexp.crew.Crew`."""
        return self.each(stage, partial(function, job.scenario, job.folder), tasks, job.progress)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)


def _end_all() -> None:
    """Ends the processes of a broken pool. The executor does so itself, but for one that was about
    to start when another was killed: for that it waits without end."""
    for process in multiprocessing.active_children():
        process.kill()


def _begin(temporary: Path | None) -> None:
    """Sets up a process of the pool, whose temporary folders are where its parent's are."""
    choose(temporary)
    pa.set_cpu_count(1)
    parent = multiprocessing.parent_process()
    assert parent is not None
    threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    """Ends this process as soon as its parent has ended, however that came: it would otherwise go
    on writing what another process may have begun anew."""
    parent.join()
    os._exit(1)
