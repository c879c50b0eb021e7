"""What a worker does with one step: fetch what it reads, do it in a folder of its own, deliver.

A worker has one folder a session, in the cache of the user that it runs as; it goes with the
session, also where the worker was killed (`dauexp.temporary`).
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Generic, NamedTuple, TypeVar

import pyarrow as pa

from dauexp.cluster.depot import Closed, Depot, is_shared, marks_last
from dauexp.errors import BadInput
from dauexp.inputs import inputs
from dauexp.options import contenders
from dauexp.ownfiles import KINDS
from dauexp.scenario import Scenario
from dauexp.stages import INPUTS
from dauexp.temporary import SCRATCH, temporary_folder, temporary_in

T = TypeVar("T")
R = TypeVar("R")

COMMON: Final = (INPUTS, Path("work", "trace"), *map(Path, KINDS))
"""What all steps read, below the folder of the run."""


class Order(NamedTuple, Generic[T, R]):
    """What is to be done."""

    depot: Depot
    session: str
    attempt: str
    """Unique within the session."""
    scenario: Scenario
    function: Callable[[Scenario, Path, T], R]
    task: T
    needs: Sequence[Path]


class Done(NamedTuple, Generic[R]):
    """What became of it."""

    result: R
    files: Sequence[Path]
    """Those that were delivered, in the order in which they are to be adopted."""


class _Own(NamedTuple):
    """The folder of a session."""

    session: str
    stack: ExitStack
    folder: Path


_at_it = threading.Lock()
"""Steps of one worker are done one after the other: the CPU time of a process is that of a step."""

_own: _Own | None = None


def attempt(order: Order[T, R]) -> Done[R]:
    """Carries out an order.

    Raises BadInput where this worker is not set up like the client, Closed where nobody waits for
    it any more, and whatever the step raises.
    """
    with _at_it:
        folder = _folder(order)
        try:
            order.depot.fetch(order.needs, folder)
            before = _files(folder)
            with temporary_in(folder / SCRATCH):
                result = order.function(_placed(order.scenario, folder), folder, order.task)
            left = marks_last(
                name for name, file in _files(folder).items() if before.get(name) != file
            )
            order.depot.deliver(left, folder, order.session, order.attempt)
        except Closed:
            _end()  # nobody else will
            raise
        finally:
            if folder.is_dir():
                _tidy(folder)
        return Done(result, left)


def leave(session: str) -> None:
    """Removes the folder of a session, unless a step is at work."""
    if _at_it.acquire(blocking=False):
        try:
            if _own is not None and _own.session == session:
                _end()
        finally:
            _at_it.release()


def _folder(order: Order[T, R]) -> Path:
    """The folder of the order's session, with what all its steps read."""
    global _own  # noqa: PLW0603 - one for the process
    if _own is not None and _own.session == order.session:
        return _own.folder
    _end()
    pa.set_cpu_count(1)
    with ExitStack() as stack:
        folder = stack.enter_context(temporary_folder())
        order.depot.fetch(COMMON, folder)
        _check(_placed(order.scenario, folder), folder)
        _own = _Own(order.session, stack.pop_all(), folder)
    return folder


def _end() -> None:
    global _own  # noqa: PLW0603
    if _own is not None:
        _own.stack.close()
        _own = None


atexit.register(_end)


def _placed(scenario: Scenario, folder: Path) -> Scenario:
    return scenario.placed({kind: folder / kind for kind in scenario.own})


def _check(scenario: Scenario, folder: Path) -> None:
    """Raises BadInput where steps done here would not give what they give on the client."""
    theirs = json.loads((folder / INPUTS).read_text(encoding="utf-8"))
    mine = inputs(scenario, theirs["run"], contenders(scenario.strategies))
    other = [name for name, value in theirs.items() if _plain(mine.get(name)) != value]
    if other:
        raise BadInput(
            f"the worker on {socket.gethostname()} (process {os.getpid()}) has another "
            f"{' and '.join(other)} than the client: give all machines the same Python, packages, "
            "dauexp and DAUEXP_SECRET, and start the workers anew"
        )


def _plain(value: object) -> object:
    return json.loads(json.dumps(value, default=str))


def _files(folder: Path) -> dict[Path, int]:
    """The files of a run in a folder; another number says that one was written anew."""
    found = ((path, path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())
    return {name: path.lstat().st_ino for path, name in found if is_shared(name)}


def _tidy(folder: Path) -> None:
    """Leaves what all steps read."""
    shutil.rmtree(folder / SCRATCH, ignore_errors=True)
    for name in _files(folder):
        if not _is_common(name, COMMON):
            (folder / name).unlink()


def _is_common(name: Path, common: Iterable[Path]) -> bool:
    return any(name.is_relative_to(each) for each in common)
