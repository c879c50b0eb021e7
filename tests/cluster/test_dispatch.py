"""Each task is done once, whatever becomes of the workers that try it."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from distributed import LocalCluster

from dauexp.cluster import Cluster
from dauexp.cluster.depot import SharedFolder
from dauexp.cluster.dispatch import Care, client_of
from dauexp.crew import Job
from dauexp.errors import BadInput, DauexpError
from dauexp.inputs import inputs
from dauexp.options import contenders
from dauexp.run import silent
from dauexp.scenario import Scenario
from dauexp.stages import INPUTS

CARE = Care()


@pytest.fixture
def folder(of: Scenario, tmp_path: Path) -> Path:
    """That of a run that has begun."""
    content = inputs(of, "a run", contenders(of.strategies))
    (tmp_path / INPUTS).parent.mkdir()
    (tmp_path / INPUTS).write_text(json.dumps(content, default=str), encoding="utf-8")
    return tmp_path


@pytest.fixture
def crew(local: LocalCluster, folder: Path) -> Iterator[Cluster]:
    with Cluster(local.scheduler_address, SharedFolder(folder), CARE) as crew:
        yield crew


def done(crew: Cluster, of: Scenario, folder: Path, function: Any, tasks: list[Any]) -> list[Any]:
    return crew.steps("stage", Job(of, folder, silent), function, tasks, lambda task: [])


class Task(NamedTuple):
    """A number, and a folder in which each attempt leaves a trace."""

    number: int
    top: Path

    def tried(self) -> int:
        """How often it was tried before; this time is noted."""
        for before in range(9):
            try:
                (self.top / f"{self.number}.{before}").mkdir(parents=True)
            except FileExistsError:
                continue
            return before
        raise AssertionError("tried without end")


def tasks(folder: Path, count: int) -> list[Task]:
    return [Task(number, folder / "work" / "scratch" / "tried") for number in range(count)]


def tries(folder: Path) -> int:
    return len([*(folder / "work" / "scratch" / "tried").iterdir()])


def slow_at_first(scenario: Scenario, folder: Path, task: Task) -> str:
    before = task.tried()
    while task.number == 0 and before == 0 and not (task.top / "end").exists():
        time.sleep(0.1)
    (folder / f"{task.number}.txt").write_text(f"attempt {before}", encoding="utf-8")
    return f"attempt {before}"


def test_one_that_takes_long_is_tried_beside_and_the_first_result_counts(
    local: LocalCluster, of: Scenario, folder: Path, cache: Path
) -> None:
    given = tasks(folder, 4)
    hurried = Care(slower=2, least_seconds=0.5)
    with Cluster(local.scheduler_address, SharedFolder(folder), hurried) as crew:
        results = done(crew, of, folder, slow_at_first, given)
    assert results[0] == "attempt 1"
    texts = {f"{number}.txt": result for number, result in enumerate(results)}
    assert {path.name: path.read_text("utf-8") for path in folder.glob("*.txt")} == texts
    (given[0].top / "end").mkdir()
    began = time.monotonic()
    while list(cache.glob("scratch/*/files")):
        assert time.monotonic() - began < 300, "the slow one has not ended"
        time.sleep(0.1)
    assert {path.name: path.read_text("utf-8") for path in folder.glob("*.txt")} == texts
    assert {path.name for path in (folder / "work" / "scratch").iterdir()} == {"tried"}


def fails_twice(scenario: Scenario, folder: Path, task: Task) -> int:
    before = task.tried()
    if before < 2:
        raise ConnectionResetError("the line is down")
    return before


def test_one_that_fails_is_tried_again(crew: Cluster, of: Scenario, folder: Path) -> None:
    assert done(crew, of, folder, fails_twice, tasks(folder, 2)) == [2, 2]


def fails(scenario: Scenario, folder: Path, task: Task) -> None:
    task.tried()
    raise ConnectionResetError("the line is down")


def test_but_not_without_end(crew: Cluster, of: Scenario, folder: Path) -> None:
    with pytest.raises(ConnectionResetError, match="the line is down"):
        done(crew, of, folder, fails, tasks(folder, 1))
    assert tries(folder) == CARE.tries


def is_told(scenario: Scenario, folder: Path, task: Task) -> None:
    task.tried()
    raise BadInput("this and that")


def test_what_is_told_to_the_user_is_not_tried_again(
    crew: Cluster, of: Scenario, folder: Path
) -> None:
    with pytest.raises(BadInput, match="this and that"):
        done(crew, of, folder, is_told, tasks(folder, 1))
    assert tries(folder) == 1


def test_a_worker_that_is_not_set_up_like_the_client_does_nothing(
    crew: Cluster, of: Scenario, folder: Path
) -> None:
    content = json.loads((folder / INPUTS).read_text(encoding="utf-8"))
    (folder / INPUTS).write_text(json.dumps({**content, "code": "another"}), encoding="utf-8")
    with pytest.raises(BadInput, match=r"the worker on .* has another code than the client: give"):
        done(crew, of, folder, fails, tasks(folder, 1))


def test_no_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadInput, match=r"--scheduler tcp://127\.0\.0\.1:1: no Dask scheduler"):
        client_of("tcp://127.0.0.1:1", Care(start_seconds=0.5))
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(BadInput, match=r"install dauexp\[cluster\]"):
        client_of("tcp://127.0.0.1:1", CARE)


def test_no_workers() -> None:
    with (
        LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as none,
        pytest.raises(BadInput, match="it has no workers: start some with `dask worker inproc"),
    ):
        client_of(none.scheduler_address, Care(start_seconds=0.5))


def test_no_workers_any_more(of: Scenario, folder: Path) -> None:
    care = Care(lonely_seconds=0.5)
    with (
        LocalCluster(n_workers=1, processes=False, dashboard_address=":0") as few,
        Cluster(few.scheduler_address, SharedFolder(folder), care) as crew,
    ):

        def gone(stage: str, done: int, steps: int) -> None:
            few.scale(0)
            while few.scheduler.workers:
                time.sleep(0.1)

        with pytest.raises(DauexpError, match="the cluster has no workers any more: start some"):
            crew.steps("stage", Job(of, folder, gone), fails, tasks(folder, 1), lambda task: [])


def dies(scenario: Scenario, folder: Path, task: Task) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.heavy
def test_one_that_ends_every_worker_ends_the_run(crew: Cluster, of: Scenario, folder: Path) -> None:
    with pytest.raises(DauexpError, match=r"ended again and again .* --memory-limit"):
        done(crew, of, folder, dies, tasks(folder, 1))


def eats(scenario: Scenario, folder: Path, task: Task) -> int:
    eaten = []
    for _ in range(200):
        eaten.append(b"x" * 10_000_000)
        time.sleep(0.01)
    return len(eaten)


@pytest.mark.heavy
def test_the_limit_on_a_worker_s_memory_holds(of: Scenario, folder: Path, cache: Path) -> None:
    with (
        LocalCluster(
            n_workers=1,
            threads_per_worker=1,
            memory_limit="600MB",
            dashboard_address=":0",
            local_directory=str(folder / "dask"),
        ) as small,
        Cluster(small.scheduler_address, SharedFolder(folder), CARE) as crew,
        pytest.raises(DauexpError, match="for want of memory"),
    ):
        done(crew, of, folder, eats, tasks(folder, 1))
