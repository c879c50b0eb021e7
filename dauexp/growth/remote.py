"""What one asking of a query costs a real InfluxDB 1.8: the bytes that it reads, by its own
account, and the most memory that its process takes meanwhile, as Linux tells it.

Whatever cannot be had is left out: bytes in Flux, of which that server tells nothing; bytes while
points are still in its cache, which its account leaves out; memory of a server elsewhere, or of
another owner. Rows are in neither account.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

import psutil
import pyarrow as pa
from influxdb_client.rest import ApiException

from dauexp.load.memory import peak_bytes
from dauexp.options.statsd.server import ServerDatabase
from dauexp.questions import Query, ask
from dauexp.services.processes import bound_to

PATIENCE_SECONDS: Final = 10
"""For the server to write its cache to files, and to give free memory back."""

_HELD_BACK: Final = 8 << 20
"""Free memory that Go may keep, in bytes: it never gives back all."""

_LOCAL: Final = ("127.0.0.1", "::1", "localhost")
_BYTES: Final = re.compile(r"_blocks_size_bytes: (\d+)")
_POINTS: Final = "SELECT * FROM $measurement LIMIT 1"
_CACHED: Final = re.compile(r"^CACHED VALUES: (\d+)", re.MULTILINE)


def bytes_read(explained: str) -> int | None:
    """The bytes of the blocks that were decoded, of the text that EXPLAIN and EXPLAIN ANALYZE give
    of some statements; None where some of their points were in the cache, or nothing is told."""
    cached, sizes = _numbers(_CACHED, explained), _numbers(_BYTES, explained)
    return sum(sizes) if cached and sizes and not any(cached) else None


def _numbers(pattern: re.Pattern[str], text: str) -> list[int]:
    return [int(number) for number in pattern.findall(text)]


def server_cost(
    query: Query, server: ServerDatabase, parameters: Mapping[str, object]
) -> dict[str, float]:
    """Of bytes_read and memory_bytes those that can be had. The bytes are those of all statements,
    also where steps outside the database ask several times."""
    if "/" not in server.bucket:  # InfluxDB 2, which has other accounts
        return {}
    found = {"memory_bytes": _risen(server, lambda: ask(query, server, parameters))}
    if query.language == "influxql":
        explaining = _Explaining(server)
        ask(query, explaining, parameters)
        found["bytes_read"] = bytes_read("\n".join(explaining.told))
    return {name: float(value) for name, value in found.items() if value is not None}


def without_points_in_cache(server: ServerDatabase) -> None:
    """Waits until the server has written its points to files, but not for ever."""
    if "/" in server.bucket:
        _until(lambda: not any(_numbers(_CACHED, server.explained(_POINTS, {}))))


class _Explaining:
    """A server that explains each query before it answers."""

    def __init__(self, server: ServerDatabase) -> None:
        self._server = server
        self.languages = server.languages
        self.steps = server.steps
        self.told: list[str] = []

    def ask(self, query: str, language: str, parameters: Mapping[str, object]) -> pa.Table:
        self.told.append(self._server.explained(query, parameters))
        return self._server.ask(query, language, parameters)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def _risen(server: ServerDatabase, asking: Callable[[], object]) -> int | None:
    """How far the resident memory of the server's process rises in an asking, from where nothing is
    kept that earlier ones left behind; None where that is not told, or it does not rise."""
    process = _process(server.client.url)
    before = None if process is None or not _trimmed(server) else _reset_peak(process)
    asking()
    after = None if process is None or before is None else peak_bytes(process)
    return after - before if before and after and after > before else None


def _reset_peak(process: int) -> int | None:
    """Makes the peak of a process what it has now, and gives it; None where that may not be."""
    try:
        Path(f"/proc/{process}/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return None
    return peak_bytes(process)


def _process(url: str) -> int | None:
    """The process of an InfluxDB on this machine, if it is seen."""
    place = urlsplit(url)
    if place.hostname not in _LOCAL:
        return None
    with suppress(psutil.Error):
        for process in bound_to(place.port or 0, "tcp"):
            if process.name() == "influxd":
                return process.pid
    return None


def _trimmed(server: ServerDatabase) -> bool:
    """Has the server collect its garbage, and waits until Go gave the free memory back."""
    try:
        for _ in range(2):  # the second frees what the first one finalised
            server.told("/debug/pprof/heap", "str", gc=1, debug=1)
        return _until(lambda: _free(server) < _HELD_BACK)
    except ApiException:
        return False


def _free(server: ServerDatabase) -> int:
    """Memory that Go holds and does not use, in bytes."""
    memory = server.told("/debug/vars", "object")["memstats"]
    return int(memory["HeapIdle"] - memory["HeapReleased"])


def _until(condition: Callable[[], bool]) -> bool:
    """Whether it came to be so, in time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True
