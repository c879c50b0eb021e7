"""What a machine has too little of: disk, memory, threads. Each is told in one sentence."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Final

from dauexp.errors import BadInput, DauexpError

_FULL: Final = {
    errno.ENOSPC: "no space left on the device{where}: free some, or write elsewhere",
    errno.EDQUOT: "the disk quota is used up{where}: free some of it, or write elsewhere",
    errno.EFBIG: "a file would be larger than is allowed here{where}: raise the limit of this "
    "process (ulimit -f), or write to another file system",
}
"""What is said where no more can be written, by the number of the system's error."""

_AGAIN: Final = "run it again, it goes on where it stopped; "
_LESS: Final = "fewer --processes, and blocks of fewer users (traffic.block_users), need less"

_OUT_OF_MEMORY: Final = (
    "can't start new thread",
    "Failed to launch worker thread",
    os.strerror(errno.ENOMEM),
)
"""What Python and Arrow say, in errors of several kinds, where the system gives no memory."""


def shortage(error: Exception) -> DauexpError | None:
    """The error that tells a user what there is too little of; None for all other errors.

    Python, Arrow and DuckDB each have errors of their own for a full disk and for want of memory.
    """
    for number, told in _FULL.items():
        if getattr(error, "errno", None) == number or os.strerror(number) in str(error):
            named = error.filename if isinstance(error, OSError) else None
            return BadInput(told.format(where=f" ({named})" if named else ""))
    if isinstance(error, BrokenProcessPool):
        return DauexpError(
            "a process was ended from outside, perhaps for want of memory: "
            f"{_AGAIN}fewer --processes need less memory"
        )
    if isinstance(error, MemoryError) or _says_no_memory(error):
        return DauexpError(f"the memory does not suffice: {_AGAIN}{_LESS}")
    return None


def _says_no_memory(error: Exception) -> bool:
    # DuckDB's error by its name: the command line need not load DuckDB to look at an error.
    name, text = type(error).__name__, str(error)
    return name == "OutOfMemoryException" or any(said in text for said in _OUT_OF_MEMORY)


@contextmanager
def shortages_told() -> Iterator[None]:
    """Errors that come of a shortage of memory become the one that tells it; those of a full disk
    stay what they are, OSErrors above all."""
    try:
        yield
    except Exception as error:
        told = shortage(error)
        if told is None or isinstance(told, BadInput):
            raise
        raise told from error
