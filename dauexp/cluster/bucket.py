"""A depot at a URL: an object store, or whatever else fsspec reads and writes.

The client works in a copy of the run without its stores, which no one machine needs to hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from dauexp import manifest
from dauexp.cluster.depot import Closed, Unreachable, is_shared, listed
from dauexp.filesystems import files_at, told
from dauexp.stages import INPUTS, MADE, MARKS
from dauexp.temporary import SCRATCH
from dauexp.urls import shown

_OPEN: Final = "open"
_AT_ONCE: Final = 16
"""Files on their way at the same time: each waits for the store, not for this machine."""

_STORE: Final = "store"
"""The folder of a run that stays with the depot."""


class Bucket:
    """See `dauexp.cluster.depot.Depot`."""

    def __init__(self, url: str) -> None:
        """Raises BadInput as `files_at` does."""
        self._url = url
        self._files, self._root = files_at(url)
        self._copy: Path | None = None
        self._known: dict[Path, int] = {}
        """Files of the client's copy that are at the URL, each as it is there."""
        self.where = shown(url)

    def __reduce__(self) -> tuple[Callable[[str], Bucket], tuple[str]]:
        return Bucket, (self._url,)

    def bring(self, folder: Path) -> None:
        """Brings what is there of a run, but its stores, to a folder of the client."""
        with self._told():
            names = [name for name in self._found(Path()) if name.parts[0] != _STORE]
            self._get(names, folder)
        self._known |= {name: _number(folder / name) for name in names}

    def open(self, session: str, folder: Path) -> None:
        """See `Depot`."""
        self._copy = folder
        with self._told():
            if self._read(INPUTS) != (folder / INPUTS).read_bytes():
                for name in MADE:
                    self._remove(Path(name))
                self._known.clear()
            self._remove(SCRATCH)
            self._makedirs([SCRATCH / session / _OPEN])
            self._files.pipe_file(self._at(SCRATCH / session / _OPEN), b"1")

    def close(self, session: str) -> None:
        """See `Depot`."""
        with self._told():
            self._remove(SCRATCH / session)

    def share(self, folder: Path) -> None:
        """See `Depot`. The manifest, which says that a run is finished, comes last."""
        paths = [path for path in folder.rglob("*") if path.is_file()]
        found = {path.relative_to(folder): _number(path) for path in paths}
        new = [
            name
            for name, number in found.items()
            if is_shared(name) and self._known.get(name) != number
        ]
        last = manifest.path(Path())
        with self._told():
            self._put({name: name for name in new if name != last}, folder)
            self._put({name: name for name in new if name == last}, folder)
        self._known |= {name: found[name] for name in new}

    def fetch(self, names: Iterable[Path], into: Path) -> None:
        """See `Depot`."""
        with self._told():
            for name in names:
                self._get(self._found(name), into)
                if name.parent == MARKS:
                    self._get(
                        [each for mark in listed(into / name) for each in self._found(mark)], into
                    )

    def deliver(self, names: Sequence[Path], of: Path, session: str, attempt: str) -> None:
        """See `Depot`."""
        top = SCRATCH / session
        with self._told():
            if not self._read(top / _OPEN):
                raise Closed(f"{self.where}: the run is over, or goes on without this step")
            self._put({name: top / attempt / name for name in names}, of)

    def adopt(self, names: Sequence[Path], session: str, attempt: str) -> None:
        """See `Depot`. The client's copy has it then, too."""
        assert self._copy is not None, "a depot is opened before anything is adopted"
        own = SCRATCH / session / attempt
        marks = [name for name in names if name.parent == MARKS]
        with self._told():
            for group in ([name for name in names if name not in marks], marks):
                self._makedirs(group)
                self._each(lambda name: self._move(own / name, name), group)
                mine = [name for name in group if name.parts[0] != _STORE]
                self._get(mine, self._copy)
                self._known |= {name: _number(self._copy / name) for name in mine}

    def _at(self, name: Path) -> str:
        return f"{self._root}/{name.as_posix()}" if name.parts else self._root

    def _found(self, name: Path) -> list[Path]:
        """A file, or all files of a folder, below that of the run; none where there is nothing."""
        self._files.invalidate_cache()
        names = (
            str(path).removeprefix(f"{self._root}/") for path in self._files.find(self._at(name))
        )
        return sorted(filter(is_shared, map(Path, names)))

    def _read(self, name: Path) -> bytes:
        try:
            return bytes(self._files.cat_file(self._at(name)))
        except FileNotFoundError:
            return b""

    def _get(self, names: Sequence[Path], into: Path) -> None:
        for name in names:
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            (into / name).unlink(missing_ok=True)
        self._each(lambda name: self._files.get_file(self._at(name), str(into / name)), names)

    def _put(self, places: dict[Path, Path], of: Path) -> None:
        """Writes files of a folder to places of the depot."""
        self._makedirs(places.values())
        self._each(
            lambda name: self._files.put_file(str(of / name), self._at(places[name])), [*places]
        )

    def _move(self, name: Path, to: Path) -> None:
        self._files.cp_file(self._at(name), self._at(to))
        self._files.rm_file(self._at(name))

    def _remove(self, name: Path) -> None:
        self._files.invalidate_cache()
        if self._files.exists(self._at(name)):
            self._files.rm(self._at(name), recursive=True)

    def _makedirs(self, names: Iterable[Path]) -> None:
        for folder in {name.parent for name in names}:
            self._files.makedirs(self._at(folder), exist_ok=True)

    def _each(self, function: Callable[[Path], None], names: Sequence[Path]) -> None:
        if not names:
            return
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            list(threads.map(function, names))

    def _told(self) -> AbstractContextManager[None]:
        return told(self.where, "run it again, it goes on where it stopped", Unreachable)


def _number(path: Path) -> int:
    """Another one says that a file was written anew."""
    return path.stat().st_ino
