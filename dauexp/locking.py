"""Locks between processes: the system lets go of them when their holder ends, however that came."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from dauexp.errors import BadInput


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Holds the lock of a file, which is made and stays. Where another process holds it, waits, or
    else raises BlockingIOError."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield


@contextmanager
def alone(path: Path, otherwise: str) -> Iterator[None]:
    """Holds the lock of a file. Raises BadInput, which says `otherwise`, where another process
    holds it."""
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(path, wait=False))
        except BlockingIOError as error:
            raise BadInput(otherwise) from error
        yield
