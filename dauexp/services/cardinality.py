"""What users cost InfluxDB as a tag, one series each, beside users as a field: measured on a real
server of its own for each case, with the same number of points whatever the number of users.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypeVar

import psutil
import urllib3

from dauexp.errors import BadInput
from dauexp.services.addresses import InfluxAddress
from dauexp.services.influxdb import InfluxDB
from dauexp.services.running import Started, launch
from dauexp.temporary import temporary_folder

Place = Literal["tag", "field"]
"""Where the user of a point is."""

DATABASE: Final = "cardinality"
MEASUREMENT: Final = "requests"
LINES_TOGETHER: Final = 5_000
DAY: Final = 1_700_006_400_000_000_000
"""Midnight of a day in UTC, in nanoseconds: all points are of this day."""

_PLATFORMS = ("firefoxdesktop", "fenix", "firefoxios")
_RANGE = "range(start: 2023-11-15T00:00:00Z, stop: 2023-11-16T00:00:00Z)"
_FLUX = (
    f'from(bucket: "{DATABASE}/autogen") |> {_RANGE}'
    f' |> filter(fn: (r) => r._measurement == "{MEASUREMENT}" and r._field == "%s")'
    ' |> group() |> distinct(column: "%s") |> count()'
)
_USERS_BY_FLUX: Final[Mapping[Place, str]] = {
    "tag": _FLUX % ("value", "user"),
    "field": _FLUX % ("user", "_value"),
}
_USERS_BY_INFLUXQL: Final[Mapping[Place, str]] = {
    "tag": f'SELECT count(n) FROM (SELECT count(value) AS n FROM {MEASUREMENT} GROUP BY "user")',
    "field": f'SELECT count(distinct("user")) FROM {MEASUREMENT}',
}
_DROPPED = re.compile(r"dropped=(\d+)")
Result = TypeVar("Result")


class Cost(NamedTuple):
    """What it costs to keep the points of so many users in one place."""

    place: Place
    users: int
    points: int
    series: int
    written_points_per_second: float
    rejected_points: int
    resident_bytes_after_writing: int
    resident_bytes_at_most: int
    index_bytes: int
    data_bytes: int
    """The points on disk, in files and in the write-ahead log."""
    flux_seconds: float
    influxql_seconds: float
    flux_users: int
    """Distinct users by each query."""
    influxql_users: int


class Deletion(NamedTuple):
    """What is left of a user who is deleted by a predicate."""

    place: Place
    answer: str
    """The server's error; empty where it did as it was told."""
    points_before: int
    points_after: int
    seconds: float


class Database:
    """A database of an InfluxDB 1.8, over HTTP as it is."""

    def __init__(self, address: InfluxAddress, name: str = DATABASE) -> None:
        headers = {"Authorization": f"Token {address.token}"} if address.token else {}
        timeout = urllib3.Timeout(connect=5, read=600)
        self._pool = urllib3.connectionpool.connection_from_url(
            address.url, headers=headers, timeout=timeout
        )
        self.name = name
        self.command(f'CREATE DATABASE "{name}"')

    def command(self, text: str) -> dict[str, Any]:
        """What the server says to an InfluxQL statement: `series`, or `error`."""
        fields = {"q": text, "db": self.name, "epoch": "ns"}
        answer = self._pool.request("POST", "/query", fields=fields, encode_multipart=False)
        told: dict[str, Any] = json.loads(answer.data)
        first: dict[str, Any] = told["results"][0] if "results" in told else told
        return first

    def number(self, text: str) -> int:
        """The one number that an InfluxQL query gives; 0 where it gives nothing."""
        told = self.command(text)
        if "error" in told:
            raise BadInput(f"InfluxDB: {told['error']}")
        series = told.get("series", [])
        return int(series[0]["values"][0][-1]) if series else 0

    def flux(self, text: str) -> int:
        """The one number that a Flux query gives."""
        body = json.dumps({"query": text, "type": "flux"}).encode()
        headers = {"Content-Type": "application/json", "Accept": "application/csv"}
        answer = self._pool.request("POST", "/api/v2/query", body=body, headers=headers)
        rows = [line.split(",") for line in answer.data.decode().split("\r\n") if line]
        if answer.status != 200 or len(rows) < 2:
            raise BadInput(f"InfluxDB: {answer.data.decode()[:300]}")
        return int(rows[-1][rows[-2].index("_value")])

    def write(self, lines: list[str]) -> int:
        """Writes lines; gives how many points were rejected. Raises BadInput for any other
        answer."""
        path = f"/write?db={self.name}&precision=ns"
        answer = self._pool.request("POST", path, body="\n".join(lines).encode())
        if answer.status == 204:
            return 0
        told = answer.data.decode()
        dropped = _DROPPED.search(told)
        if answer.status != 400 or dropped is None:
            raise BadInput(f"InfluxDB does not take the points: {told[:300]}")
        return int(dropped[1])


def lines(place: Place, users: int, points: int) -> Iterator[list[str]]:
    """Points at distinct times of a day, each user's turn after the other, some at once."""
    step = 86_400_000_000_000 // points
    for first in range(0, points, LINES_TOGETHER):
        together = range(first, min(first + LINES_TOGETHER, points))
        yield [_line(place, each % users, DAY + each * step) for each in together]


def user_id(number: int) -> str:
    """An id of 32 hexadecimal digits, like a hashed one."""
    return f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}{number:016x}"


def _line(place: Place, number: int, at: int) -> str:
    user, platform = user_id(number), _PLATFORMS[number % 3]
    if place == "tag":
        return f"{MEASUREMENT},platform={platform},user={user} value=1i {at}"
    return f'{MEASUREMENT},platform={platform} user="{user}" {at}'


def cost(place: Place, users: int, points: int, influxdb: InfluxDB | None = None) -> Cost:
    """What so many points of so many users cost a fresh server, by default with the index tsi1 and
    no limits."""
    with _fresh(influxdb or InfluxDB()) as (started, database):
        process, folder = psutil.Process(started.process.pid), Path(started.folder)
        begun, rejected = time.perf_counter(), 0
        for together in lines(place, users, points):
            rejected += database.write(together)
        writing = time.perf_counter() - begun
        resident = process.memory_info().rss
        index, data = _disk(folder)
        by_flux, flux_seconds = _timed(database.flux, _USERS_BY_FLUX[place])
        by_influxql, influxql_seconds = _timed(database.number, _USERS_BY_INFLUXQL[place])
        return Cost(
            place=place,
            users=users,
            points=points,
            series=database.number("SHOW SERIES EXACT CARDINALITY"),
            written_points_per_second=points / writing,
            rejected_points=rejected,
            resident_bytes_after_writing=resident,
            resident_bytes_at_most=_peak(process),
            index_bytes=index,
            data_bytes=data,
            flux_seconds=flux_seconds,
            influxql_seconds=influxql_seconds,
            flux_users=by_flux,
            influxql_users=by_influxql,
        )


def deletion(place: Place, users: int, points: int) -> Deletion:
    """What deleting one user by a predicate leaves."""
    column = "value" if place == "tag" else "user"
    of_user = f"\"user\" = '{user_id(0)}'"
    count = f'SELECT count("{column}") FROM "{MEASUREMENT}" WHERE {of_user}'
    with _fresh(InfluxDB()) as (_, database):
        for together in lines(place, users, points):
            database.write(together)
        before = database.number(count)
        told, seconds = _timed(database.command, f'DELETE FROM "{MEASUREMENT}" WHERE {of_user}')
        return Deletion(place, told.get("error", ""), before, database.number(count), seconds)


@contextmanager
def _fresh(influxdb: InfluxDB) -> Iterator[tuple[Started, Database]]:
    with temporary_folder() as folder:
        started = launch(influxdb, folder / "influxdb", {})
        try:
            assert isinstance(started.address, InfluxAddress)
            yield started, Database(started.address)
        finally:
            started.end()


def _timed(call: Callable[[str], Result], text: str) -> tuple[Result, float]:
    begun = time.perf_counter()
    result = call(text)
    return result, time.perf_counter() - begun


def _disk(folder: Path) -> tuple[int, int]:
    """Bytes on disk of the index (of series and of tags), and of the points."""
    index = data = 0
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        parts = path.relative_to(folder).parts
        size = path.stat().st_blocks * 512
        if "_series" in parts or "index" in parts or path.name == "fields.idx":
            index += size
        elif parts[0] in {"data", "wal"}:
            data += size
    return index, data


def _peak(process: psutil.Process) -> int:
    """The most memory that a process had resident so far; where the system does not tell, what it
    has now."""
    status = Path(f"/proc/{process.pid}/status")
    if not status.exists():
        return int(process.memory_info().rss)
    (line,) = [each for each in status.read_text().splitlines() if each.startswith("VmHWM:")]
    return 1024 * int(line.split()[1])
