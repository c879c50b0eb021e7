"""Where the files of a run are that all machines reach: the depot of a cluster.

A worker fetches what a step reads, and delivers what it left into a place of that one attempt. Only
the client takes it from there to where it belongs (`adopt`), once for each step, its mark last: so
two attempts at one step, and one that ended in the middle, leave nothing that is not whole.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, Protocol

import msgspec

from dauexp.errors import DauexpError
from dauexp.stages import MARKS, Mark
from dauexp.store import replacing
from dauexp.temporary import SCRATCH

_OPEN: Final = "open"
"""The file that says that deliveries of a session are taken."""


class Closed(DauexpError):
    """A delivery that nobody waits for any more."""


class Unreachable(DauexpError):
    """Files could not be read or written; another time they may."""


class Depot(Protocol):
    """The files of one run. It pickles: a worker has its own, of the same place. Its methods raise
    Unreachable, or OSError, where files cannot be read or written."""

    @property
    def where(self) -> str:
        """As it is shown, without a password."""

    def open(self, session: str, folder: Path) -> None:
        """Takes deliveries of a session from now on; all that earlier ones left is removed.
        `folder` is that of the run, on the client."""

    def close(self, session: str) -> None:
        """Takes no deliveries any more, and removes those that were not adopted."""

    def share(self, folder: Path) -> None:
        """Lets the workers see what the client has made in its folder."""

    def fetch(self, names: Iterable[Path], into: Path) -> None:
        """Brings files, and all files of folders, to a folder of a worker; what is not there is
        left out. A mark brings the files that it lists."""

    def deliver(self, names: Sequence[Path], of: Path, session: str, attempt: str) -> None:
        """Brings what a step left in a folder of a worker. Raises Closed."""

    def adopt(self, names: Sequence[Path], session: str, attempt: str) -> None:
        """Takes a delivery over, in the order of the names."""


def marks_last(names: Iterable[Path]) -> list[Path]:
    """The order in which files are taken over."""
    return sorted(names, key=lambda name: (name.parent == MARKS, name))


def listed(mark: Path) -> list[Path]:
    """The files that a mark lists, below the folder of the run; none where it is no mark."""
    try:
        return [Path(name) for name in msgspec.json.decode(mark.read_bytes(), type=Mark).files]
    except (OSError, msgspec.DecodeError):
        return []


def is_shared(name: Path) -> bool:
    """Whether a file below a run's folder is of the run, and not of one process alone."""
    hidden = any(part.startswith(".") for part in name.parts)
    return not hidden and not name.is_relative_to(SCRATCH)


def _same(file: Path, place: Path) -> None:
    """The file in another place, for reading. No symbolic link: a database that may read one folder
    alone would not follow it."""
    try:
        os.link(file, place)
    except OSError:  # on another file system, or one that has no links
        shutil.copyfile(file, place)


class SharedFolder:
    """A folder that all machines see at the same path, such as one on NFS. It is that of the run:
    the client works in it."""

    def __init__(self, folder: Path) -> None:
        self._top = folder.resolve()
        self.where = str(self._top)

    def open(self, session: str, folder: Path) -> None:  # noqa: ARG002 - it is this one
        """See `Depot`. What earlier sessions left is gone already: the run has begun."""
        own = self._top / SCRATCH / session
        own.mkdir(parents=True)
        (own / _OPEN).touch()

    def close(self, session: str) -> None:
        """See `Depot`."""
        shutil.rmtree(self._top / SCRATCH / session, ignore_errors=True)

    def share(self, folder: Path) -> None:
        """See `Depot`: they see it as it is."""

    def fetch(self, names: Iterable[Path], into: Path) -> None:
        """See `Depot`."""
        for name in names:
            place = self._top / name
            if place.is_dir():
                found = [path.relative_to(self._top) for path in place.rglob("*") if path.is_file()]
                self._bring(filter(is_shared, found), into)
            else:
                self._bring([name], into)
            if name.parent == MARKS:
                self._bring(listed(place), into)

    def _bring(self, names: Iterable[Path], into: Path) -> None:
        for name in names:
            if (self._top / name).is_file():
                (into / name).parent.mkdir(parents=True, exist_ok=True)
                (into / name).unlink(missing_ok=True)
                _same(self._top / name, into / name)

    def deliver(self, names: Sequence[Path], of: Path, session: str, attempt: str) -> None:
        """See `Depot`."""
        top = self._top / SCRATCH / session
        if not (top / _OPEN).exists():
            raise Closed(f"{self.where}: the run is over, or goes on without this step")
        for name in names:
            with replacing(top / attempt / name) as beside:
                shutil.copyfile(of / name, beside)

    def adopt(self, names: Sequence[Path], session: str, attempt: str) -> None:
        """See `Depot`."""
        for name in names:
            place = self._top / name
            place.parent.mkdir(parents=True, exist_ok=True)
            (self._top / SCRATCH / session / attempt / name).replace(place)
