"""Option C's way: packets over UDP to a real StatsD server, which counts."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import psutil
import pyarrow as pa
import statsd

from dauexp.errors import DauexpError
from dauexp.load.memory import peak_bytes
from dauexp.load.way import Received, Way, around
from dauexp.options.statsd.counter import Counter
from dauexp.options.statsd.emission import tagged_names
from dauexp.options.statsd.strategies import TAGS
from dauexp.services import Service, StatsdAddress, StatsdDaemon, Telegraf
from dauexp.services.processes import bound_to
from dauexp.services.sockets import receiving

FLUSH_SECONDS: Final = 1
"""Short, so that a load need not wait long for what it counts; it changes no packet."""

SERVERS: Final[Mapping[str, Service]] = {
    "telegraf": Telegraf(flush_seconds=FLUSH_SECONDS, read_buffer_bytes=0, pending_messages=10_000),
    "telegraf-tuned": Telegraf(flush_seconds=FLUSH_SECONDS),
    "statsd": StatsdDaemon(flush_seconds=FLUSH_SECONDS),
}
"""The StatsD servers that packets are sent to: as Telegraf is installed, with a large buffer and
queue, and the daemon of Node.js."""


class Packets(Way):
    """Option C: the real client of `statsd`, a real socket, a real server that counts."""

    def __init__(
        self, strategy: Counter, observations: pa.RecordBatch, name: str, address: StatsdAddress
    ) -> None:
        self.receiver = name
        self._strategy = strategy
        self._address = address
        self._names = tagged_names(strategy.measurement_name, observations, TAGS)
        self._users = observations["hashed_fxa_uid"].cast(pa.string()).to_pylist()
        self._client = statsd.StatsClient(
            host=address.host, port=address.port, prefix=strategy.scenario.statsd.prefix
        )
        self._server = _owner(address.port)
        self._cpu = sum(self._server.cpu_times()[:2])
        self._drops = receiving(address.port).dropped_packets

    def send(self, first: int, last: int) -> None:
        """One packet a request."""
        names, users = around(self._names, first, last), around(self._users, first, last)
        self._strategy.send(self._client, names, users)

    def finish(self) -> Received:
        """Counts what the server flushed, once two flushes brought nothing new."""
        while receiving(self._address.port).waiting_bytes:
            time.sleep(0.05)
        count, before = self._counted(), -1
        while count != before or not count:
            time.sleep(2.5 * FLUSH_SECONDS)
            count, before = self._counted(), count
            if not count and before == 0:
                break
        drops = receiving(self._address.port).dropped_packets - self._drops
        cpu = sum(self._server.cpu_times()[:2]) - self._cpu
        self._client.close()
        return Received(count, drops, cpu, peak_bytes(self._server.pid))

    def _counted(self) -> int:
        return counted(Path(self._address.output), self._strategy.measurement)


def counted(flushes: Path, measurement: str) -> int:
    """The sum of a counter over all its tags in a file of flushes: Telegraf's line protocol, or the
    daemon's JSON, whose names have lost the commas before their tags. A line that is still being
    written is left out."""
    total = 0
    if not flushes.exists():
        return total
    for line in flushes.read_text(encoding="utf-8").split("\n")[:-1]:
        if line.startswith("{"):
            flush = json.loads(line)
            total += sum(
                round(value)
                for name, value in flush["counters"].items()
                if name.replace(".", "_").startswith(measurement)
            )
        elif line.partition(",")[0] == measurement:
            total += int(line.rsplit(" ", 2)[-2].removeprefix("value=").removesuffix("i"))
    return total


def _owner(port: int) -> psutil.Process:
    """The process that has bound a UDP port."""
    for process in bound_to(port, "udp"):
        return process
    raise DauexpError(f"no process is seen at UDP port {port}")
