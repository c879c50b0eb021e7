"""Sees to it that each task is done once, by workers that may be slow, fail or be gone.

No more tasks are given out than there are threads, so that one that takes long is known to be at
work and not in a queue. The first result of a task counts.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from dauexp.cluster.depot import Unreachable
from dauexp.cluster.worker import Done, Order, attempt
from dauexp.errors import BadInput, DauexpError

if TYPE_CHECKING:
    from distributed import Client, Future

T = TypeVar("T")
R = TypeVar("R")


_GONE: Final = (
    "the scheduler gave the work up, or is gone: start it, and run it again; it goes on where it "
    "stopped"
)


@dataclass(frozen=True)
class Care:
    """How much trouble is taken over a task."""

    tries: int = 3
    """How often one is tried that fails by no fault of its own: a file system out of reach, ..."""
    slower: float = 3.0
    """One that takes so many times the median of its stage is given to an idle worker, too."""
    least_seconds: float = 30.0
    """But none that takes less than this."""
    lonely_seconds: float = 300.0
    """How long a run waits where there is no worker."""
    start_seconds: float = 30.0
    """The same, before it begins."""


def client_of(address: str, care: Care) -> Client:
    """A client of the scheduler at an address, once a worker is there. Raises BadInput."""
    try:
        import distributed  # noqa: PLC0415 - an extra, needed by nothing else
    except ImportError as error:
        raise BadInput(
            "--scheduler needs the package distributed: install dauexp[cluster] here and on all "
            "workers"
        ) from error
    try:
        client = distributed.Client(address, timeout=care.start_seconds, set_as_default=False)
    except (OSError, ValueError) as error:
        raise BadInput(
            f"--scheduler {address}: no Dask scheduler answers there ({_told(error)}): give the "
            "address that `dask scheduler` prints, such as tcp://HOST:8786"
        ) from error
    try:
        client.wait_for_workers(1, timeout=care.start_seconds)
    except TimeoutError as error:
        client.close()
        raise BadInput(
            f"--scheduler {address}: it has no workers: start some with `dask worker {address}`"
        ) from error
    return client


@dataclass
class _Round(Generic[R]):
    """One stage: what waits, what is at work, what is done."""

    waiting: deque[int]
    running: dict[Future[Any], tuple[int, str, float]] = field(default_factory=dict)
    """The task, the attempt, and when it began."""
    doubled: set[int] = field(default_factory=set)
    failed: Counter[int] = field(default_factory=Counter)
    took: list[float] = field(default_factory=list)
    results: dict[int, R] = field(default_factory=dict)


def dispatched(
    client: Client,
    care: Care,
    name: str,
    count: int,
    order: Callable[[int, str], Order[Any, R]],
    adopt: Callable[[Sequence[Path], str], None],
    progress: Callable[[int], None],
) -> list[R]:
    """The results of so many tasks, in their order.

    Args:
        client: of the scheduler.
        care: how much trouble is taken.
        name: unique for the scheduler.
        count: of the tasks.
        order: of a task, for an attempt.
        adopt: what is done with the files of an attempt that counts.
        progress: told how many are done.

    Raises:
        DauexpError: of a task; or no worker is left, or the scheduler is gone.
        Exception: of a task that failed `care.tries` times.
    """
    now = _Round[R](deque(range(count)))
    attempts = 0
    seen = time.monotonic()
    progress(0)
    try:
        while len(now.results) < count:
            threads = _threads(client)
            seen = time.monotonic() if threads else seen
            if time.monotonic() - seen > care.lonely_seconds:
                raise DauexpError(
                    "the cluster has no workers any more: start some, and run it again; it goes on "
                    "where it stopped"
                )
            while len(now.running) < threads:
                index = now.waiting.popleft() if now.waiting else _straggler(now, count, care)
                if index is None:
                    break
                attempts += 1
                key = f"{name}-{attempts}"
                future = client.submit(attempt, order(index, key), key=key, pure=False)
                now.running[future] = (index, key, time.monotonic())
            for future in _finished(client, now):
                _take(now, future, care, adopt)
                progress(len(now.results))
    finally:
        with suppress(Exception):  # where the scheduler is gone, so are they
            client.cancel(list(now.running))
    return [now.results[index] for index in range(count)]


def _threads(client: Client) -> int:
    """How many tasks can be done at once."""
    try:
        return sum(client.nthreads().values())
    except OSError as error:
        raise DauexpError(_GONE) from error


def _finished(client: Client, now: _Round[R]) -> list[Future[Any]]:
    """Those at work that have ended meanwhile; waits a while for one."""
    from distributed import wait  # noqa: PLC0415

    if not now.running:
        time.sleep(1)
        return []
    try:
        with client.as_current():
            return list(wait(list(now.running), timeout=1, return_when="FIRST_COMPLETED").done)
    except TimeoutError:
        return []


def _straggler(now: _Round[R], count: int, care: Care) -> int | None:
    """The task that has been at work longest, where that is much longer than is usual."""
    if 2 * len(now.took) < count:
        return None
    limit = max(care.least_seconds, care.slower * median(now.took))
    slow = [
        (began, index)
        for index, _, began in now.running.values()
        if index not in now.results and index not in now.doubled
    ]
    if not slow or time.monotonic() - min(slow)[0] < limit:
        return None
    index = min(slow)[1]
    now.doubled.add(index)
    return index


def _take(
    now: _Round[R], future: Future[Any], care: Care, adopt: Callable[[Sequence[Path], str], None]
) -> None:
    """Takes what came of an attempt, where it is the first of its task."""
    index, key, began = now.running.pop(future)
    if index in now.results:
        return
    error = future.exception()
    if error is None:
        done: Done[R] = future.result()
        adopt(done.files, key)
        now.results[index] = done.result
        now.took.append(time.monotonic() - began)
        return
    _raise_if_final(error)
    now.failed[index] += 1
    if now.failed[index] >= care.tries:
        raise error
    now.waiting.appendleft(index)


def _raise_if_final(error: BaseException) -> None:
    """Raises where another attempt would end the same way."""
    if isinstance(error, DauexpError) and not isinstance(error, Unreachable):
        raise error
    kind = type(error).__name__  # of Dask's, by their names
    if kind == "KilledWorker":
        raise DauexpError(
            "workers were ended again and again at the same step, perhaps for want of memory: "
            "give them more (dask worker --memory-limit), or make blocks of fewer users "
            "(traffic.block_users), and run it again; it goes on where it stopped"
        ) from error
    if kind in {"FutureCancelledError", "CancelledError"}:
        raise DauexpError(_GONE) from error
    if isinstance(error, ImportError):
        raise BadInput(
            f"a worker cannot do it ({_told(error)}): install the same dauexp on all machines"
        ) from error


def _told(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
