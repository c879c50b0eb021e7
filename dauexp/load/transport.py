"""Transports: from an option's real emitter to a real receiver that tells what reached it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

import psutil
import pyarrow as pa
import statsd

from dauexp.errors import BadInput, DauexpError
from dauexp.ingest.strategy import IngestedStrategy, Logged
from dauexp.options import Contender
from dauexp.options.statsd.counter import Counter
from dauexp.options.statsd.emission import tagged_names
from dauexp.options.statsd.strategies import TAGS
from dauexp.scenario import Scenario
from dauexp.services import Service, StatsdAddress, StatsdDaemon, Telegraf, services
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

_PIPE_BYTES = 1 << 20


class Received(NamedTuple):
    """What a receiver says in the end."""

    requests: int
    """Those that reached it and were counted, or ingested."""
    kernel_drops: int | None
    """Packets for which its socket had no room; None for a pipe, which blocks instead."""
    cpu_seconds: float


class Transport(ABC):
    """A way from emitter to receiver."""

    receiver: str
    """The name of what receives."""

    @abstractmethod
    def send(self, first: int, last: int) -> None:
        """Emits the requests [first, last) and hands them over."""

    @abstractmethod
    def finish(self) -> Received:
        """Waits until the receiver has read what reached it."""


class Packets(Transport):
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
        self._strategy.send(self._client, self._names[first:last], self._users[first:last])

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
        return Received(count, drops, cpu)

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
    for connection in psutil.net_connections("udp"):
        if connection.laddr and connection.laddr.port == port and connection.pid:
            return psutil.Process(connection.pid)
    raise DauexpError(f"no process is seen at UDP port {port}")


class Lines(Transport):
    """Options A and B: lines into a pipe, which another process reads and ingests."""

    receiver = "ingestion"

    def __init__(
        self, strategy: IngestedStrategy, observations: pa.RecordBatch, label: str, folder: Path
    ) -> None:
        columns = [observations[name].cast(pa.string()).to_pylist() for name in Logged._fields]
        self._requests = [Logged(*row) for row in zip(*columns, strict=True)]
        self._log = strategy.log
        (folder / "scenario.toml").write_text(strategy.scenario.to_toml(), encoding="utf-8")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dauexp.load.reader", label, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pipesize=_PIPE_BYTES,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input, self._output = self._process.stdin, self._process.stdout
        self._output.readline()  # it says when it is ready

    def send(self, first: int, last: int) -> None:
        """One line a request; waits where the pipe is full."""
        lines = self._log(self._requests[first:last])
        self._input.write(b"".join(line + b"\n" for line in lines))
        self._input.flush()

    def finish(self) -> Received:
        """Closes the pipe and reads what the process says of it."""
        self._input.close()
        told = json.loads(self._output.readline())
        if self._process.wait():
            raise DauexpError(f"the reader ended with status {self._process.returncode}")
        return Received(told["live"], None, told["cpu_seconds"])

    def close(self) -> None:
        """Ends the reader, if it runs still."""
        with suppress(OSError):
            self._input.close()
        self._process.kill()
        self._process.wait()
        self._output.close()


@contextmanager
def transport(
    scenario: Scenario, contender: Contender, observations: pa.RecordBatch, server: str
) -> Iterator[Transport]:
    """The transport of a contender for some requests, its receiver freshly started.

    Raises BadInput where the contender's requests cannot be counted at the receiver: members of a
    set, for one, are not.
    """
    strategy = contender.strategy(scenario)
    if isinstance(strategy, IngestedStrategy):
        with tempfile.TemporaryDirectory(prefix="dauexp-") as folder:
            lines = Lines(strategy, observations, contender.label, Path(folder))
            try:
                yield lines
            finally:
                lines.close()
    elif isinstance(strategy, Counter):
        if server not in SERVERS:
            raise BadInput(f"--server {server!r}: give one of {', '.join(SERVERS)}")
        service = SERVERS[server]
        with services((service,)) as addresses:
            address = addresses[service.name]
            assert isinstance(address, StatsdAddress)
            yield Packets(strategy, observations, server, address)
    else:
        raise BadInput(
            f"{contender.label}: what reaches its server cannot be counted there; load "
            "statsd:counter, whose packets travel alike"
        )
