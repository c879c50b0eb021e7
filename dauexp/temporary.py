"""Folders for a while: within the run that needs them, else within the user's cache.

They may hold hashed ids. So they never lie in the machine's common temporary folder, no other user
may enter them, and those of a process that was killed are removed: in a run when it goes on, and
everywhere when the next is made.
"""

from __future__ import annotations

import errno
import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from dauexp.cache import cache_folder
from dauexp.errors import BadInput
from dauexp.locking import locked

SCRATCH: Final = Path("work", "scratch")
"""Where they are made for a run, below its folder."""

_LOCK: Final = ".lock"

_chosen: ContextVar[Path | None] = ContextVar("_chosen", default=None)


def chosen() -> Path | None:
    """Where temporary folders are made, if it was chosen."""
    return _chosen.get()


def choose(place: Path | None) -> None:
    """From now on temporary folders are made in `place`; by default, in the user's cache."""
    _chosen.set(place)


@contextmanager
def temporary_in(place: Path) -> Iterator[None]:
    """Meanwhile temporary folders are made in `place`."""
    before = chosen()
    choose(place)
    try:
        yield
    finally:
        choose(before)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """An empty folder that only this user may enter and that is removed afterwards.

    Raises BadInput where none can be made.
    """
    with ExitStack() as stack:
        own = _made(stack)
        stack.callback(shutil.rmtree, own, ignore_errors=True)
        yield own / "files"


def spill_place() -> Path:
    """A place of its own for what a database puts aside; it makes the folder when it needs it, and
    removes it when it is closed."""
    with suppress(OSError):  # told by the database, if it needs the place
        _top()
    return _place() / f"spill-{secrets.token_hex(8)}"


def _place() -> Path:
    return chosen() or cache_folder("scratch")


def _top() -> Path:
    """The place, which is made if it is not there."""
    top = _place()
    top.mkdir(parents=True, exist_ok=True, mode=0o700)
    return top


def _made(stack: ExitStack) -> Path:
    """A new folder, whose lock is held until the stack is left."""
    try:
        top = _top()
        with locked(top / _LOCK):
            _clear(top)
            own = Path(mkdtemp(dir=top))
            stack.enter_context(locked(own / _LOCK))
        (own / "files").mkdir()
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise BadInput(
            f"{_place()}: no temporary folder can be made there ({error.strerror}): "
            "set XDG_CACHE_HOME to a folder that can be written"
        ) from error
    return own


def _clear(top: Path) -> None:
    """Removes the folders of processes that have ended: no one holds their locks."""
    for lock in top.glob(f"*/{_LOCK}"):
        with suppress(BlockingIOError, FileNotFoundError), locked(lock, wait=False):
            shutil.rmtree(lock.parent, ignore_errors=True)
