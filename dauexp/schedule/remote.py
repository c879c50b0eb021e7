"""A schedule whose runs lie at a URL: made here, in the user's cache, and published when finished.

A run is published file by file and its summary last, so that a folder with a summary is whole. What
could not be published stays in the cache, and the next scheduled run publishes it.
"""

from __future__ import annotations

import hashlib
import shutil
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

import msgspec

from dauexp import history
from dauexp.cache import cache_folder
from dauexp.errors import BadInput, DauexpError
from dauexp.filesystems import files_at, told
from dauexp.history import Entry
from dauexp.run import Progress, silent
from dauexp.scenario import Scenario
from dauexp.schedule import SUMMARY, Summary, only, scheduled
from dauexp.schedule.folders import LATEST, dated, is_dated
from dauexp.urls import shown

_LOCAL: Final = "file"


class Remote:
    """A folder at a URL, in whatever file system fsspec knows."""

    def __init__(self, url: str) -> None:
        """Raises BadInput as `files_at` does."""
        self.url = shown(url)
        """As it is shown: without a password."""
        self._files, self._root = files_at(url)

    @property
    def path(self) -> Path | None:
        """The path of a folder of this machine; None for all others."""
        return Path(self._root) if _LOCAL in self._files.protocol else None

    def told(self, doing: str) -> AbstractContextManager[None]:
        """Errors of the file system become BadInput."""
        return told(self.url, doing, BadInput)

    def read(self, name: str) -> bytes:
        """The content of a file; empty where there is none."""
        try:
            return bytes(self._files.cat_file(f"{self._root}/{name}"))
        except FileNotFoundError:
            return b""

    def write(self, name: str, content: bytes) -> None:
        """Writes a small file."""
        self._files.makedirs(self._root, exist_ok=True)
        self._files.pipe_file(f"{self._root}/{name}", content)

    def publish(self, folder: Path) -> None:
        """Writes the folder of a run, its summary last."""
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        seen = [path for path in files if not path.name.startswith(".")]
        for path in sorted(seen, key=lambda path: path == folder / SUMMARY):
            to = f"{self._root}/{folder.name}/{path.relative_to(folder).as_posix()}"
            self._files.makedirs(to.rpartition("/")[0], exist_ok=True)
            self._files.put_file(str(path), to)

    def prune(self, keep: int) -> None:
        """Removes all dated folders but the newest `keep`; of each its summary first."""
        self._files.invalidate_cache()
        names = {str(path).rstrip("/").rpartition("/")[2] for path in self._listed()}
        for name in sorted(filter(is_dated, names))[:-keep]:
            if self._files.exists(f"{self._root}/{name}/{SUMMARY}"):
                self._files.rm_file(f"{self._root}/{name}/{SUMMARY}")
            self._files.rm(f"{self._root}/{name}", recursive=True)

    def _listed(self) -> list[Any]:
        return list(self._files.ls(self._root, detail=False))


def entries(url: str) -> list[Entry]:
    """The history at a URL. Raises BadInput where there is none, or it cannot be read."""
    remote = Remote(url)
    if remote.path is not None:
        return history.history(remote.path)
    with remote.told("the history cannot be read"):
        content = remote.read(history.FILE)
    found = history.decoded(content, f"{remote.url}/{history.FILE}")
    if not found:
        raise BadInput(f"{url}: holds no history; give the URL of a schedule")
    return found


def scheduled_at(
    scenario: Scenario, url: str, keep: int, processes: int = 2, progress: Progress = silent
) -> Summary:
    """Makes the next run of a schedule as `scheduled` does, and publishes it at a URL.

    There, `latest` is a file that names the last finished run. Raises BadInput where the URL cannot
    be read and written, which is tried before the run begins.
    """
    remote = Remote(url)
    if remote.path is not None:
        return scheduled(scenario, remote.path, keep, processes, progress)
    top = cache_folder("schedules", hashlib.sha256(remote.url.encode()).hexdigest()[:16])
    top.mkdir(parents=True, exist_ok=True)
    with only(top / ".publishing", remote.url):
        with remote.told("no run can be kept there"):
            _take_over_history(top, remote)
            remote.write(history.FILE, history.encoded(history.read(top)))
        summary = scheduled(scenario, top, keep, processes, progress, shown=remote.url)
        try:
            with remote.told(f"the run could not be published and stays in {top}"):
                _publish(top, remote, keep)
        except BadInput as error:
            raise DauexpError(f"{error}; the next scheduled run publishes it") from error
    return summary


def _take_over_history(top: Path, remote: Remote) -> None:
    """What is at the URL counts; after it comes what was not published yet."""
    there = history.decoded(remote.read(history.FILE), f"{remote.url}/{history.FILE}")
    known = {entry.run for entry in there}
    waiting = {folder.name for folder in dated(top)} - known
    mine = [entry for entry in history.read(top) if entry.run in waiting]
    history.write(top, [*there, *mine])


def _publish(top: Path, remote: Remote, keep: int) -> None:
    """Publishes all runs that have their summary, and removes them here."""
    made = [folder for folder in dated(top) if (folder / SUMMARY).is_file()]
    for folder in made:
        remote.publish(folder)
    remote.write(history.FILE, history.encoded(history.read(top)))
    finished = [folder for folder in made if _is_finished(folder)]
    if finished:
        remote.write(LATEST, f"{finished[-1].name}\n".encode())
    remote.prune(keep)
    for folder in made:
        shutil.rmtree(folder)


def _is_finished(folder: Path) -> bool:
    summary = msgspec.json.decode((folder / SUMMARY).read_bytes(), type=Summary)
    return summary.entry is not None
