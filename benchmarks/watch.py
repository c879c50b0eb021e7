"""What a process and all below it use while somebody looks on: time, memory, disk."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

import msgspec
import psutil

GLANCE = 0.1
"""Seconds between two looks at the memory that is resident."""
LOOK = 1.0
"""Seconds between two looks at what is dearer to see: shares of memory, files."""
PATIENCE = 50
"""At least so many times as long as a look took passes until the next one: what is watched has the
processors."""


class Used(msgspec.Struct):
    """What was used: time in all, and the most at any moment of memory and disk.

    A page that several processes share counts for each in `resident_bytes`, and in parts that add
    up to one in `proportional_bytes` (where the system tells; on Linux it does).
    """

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    resident_bytes: float = 0.0
    proportional_bytes: float = 0.0
    disk_bytes: float = 0.0

    def __add__(self, later: Used) -> Used:
        """This, and what was used later."""
        return Used(
            self.seconds + later.seconds,
            self.cpu_seconds + later.cpu_seconds,
            max(self.resident_bytes, later.resident_bytes),
            max(self.proportional_bytes, later.proportional_bytes),
            max(self.disk_bytes, later.disk_bytes),
        )


class Watch:
    """Watches this process and all below it within a `with`: `used` by stage.

    What is used is of the stage of the latest `turn`. Disk is what files below `folder` take, one
    of several names once. `after_looks` is called after each look at it: every second, or more
    seldom where there is much to see.
    """

    def __init__(
        self,
        folder: Path | None = None,
        after_looks: Callable[[], None] = lambda: None,
        stage: str = "",
    ) -> None:
        self.used: dict[str, Used] = {}
        self._folder = folder
        self._after_looks = after_looks
        self._stage = stage
        self._begun = (time.perf_counter(), _cpu_seconds())
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._repeat, args=each, daemon=True)
            for each in ((GLANCE, self._glance), (LOOK, self._look))
        ]

    @property
    def all(self) -> Used:
        """What was used in all stages."""
        with self._lock:
            return sum(self.used.values(), Used())

    def turn(self, stage: str = "") -> None:
        """From now on what is used is of this stage."""
        self._glance()
        with self._lock:
            self._count()
            self._stage = stage

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        self._look()
        self.turn()

    def _repeat(self, seconds: float, look: Callable[[], None]) -> None:
        wait = seconds
        while not self._stopped.wait(wait):
            began = time.perf_counter()
            look()
            wait = max(seconds, PATIENCE * (time.perf_counter() - began))

    def _glance(self) -> None:
        seen = Used(resident_bytes=_together(lambda process: process.memory_info().rss))
        with self._lock:
            self._add(seen)

    def _look(self) -> None:
        seen = Used(proportional_bytes=_together(_share))
        if self._folder is not None:
            seen.disk_bytes = on_disk(self._folder)
        with self._lock:
            self._add(seen)
            self._count()
        self._after_looks()

    def _count(self) -> None:
        """Adds the time since it was last counted."""
        before, self._begun = self._begun, (time.perf_counter(), _cpu_seconds())
        self._add(Used(self._begun[0] - before[0], self._begun[1] - before[1]))

    def _add(self, used: Used) -> None:
        self.used[self._stage] = self.used.get(self._stage, Used()) + used


def on_disk(folder: Path) -> int:
    """Bytes that the files below a folder take on the disk; one of several names counts once."""
    taken: dict[tuple[int, int], int] = {}
    for top, folders, files in os.walk(folder):  # which passes over what is gone meanwhile
        for name in (*folders, *files):
            with suppress(FileNotFoundError):
                found = Path(top, name).lstat()
                taken[found.st_dev, found.st_ino] = 512 * found.st_blocks
    return sum(taken.values())


def _share(process: psutil.Process) -> float:
    full = process.memory_full_info()
    return float(getattr(full, "pss", full.rss))


def _cpu_seconds() -> float:
    return _together(lambda process: sum(process.cpu_times()[:4]))


def _together(measure: Callable[[psutil.Process], float]) -> float:
    """A measure, added up over this process and all below it."""
    own, total = psutil.Process(), 0.0
    for process in (own, *own.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            total += measure(process)
    return total
