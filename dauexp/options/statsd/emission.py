"""The packets of the real `statsd` client, recorded in place of being sent."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import statsd

from dauexp.errors import DauexpError
from dauexp.settings import Statsd
from dauexp.tables import MESSAGES

PATIENCE_SECONDS = 5.0
"""How long a datagram may take over loopback."""

LARGEST_DATAGRAM = 65_507
"""Bytes that a UDP datagram over IPv4 can hold."""


class Recorder:
    """A socket that keeps the datagrams it is given."""

    def __init__(self) -> None:
        self.datagrams: list[bytes] = []

    def sendto(self, data: bytes, _address: object) -> int:
        """Keeps a datagram."""
        self.datagrams.append(data)
        return len(data)

    def close(self) -> None:
        """Does nothing: there is nothing to close."""


class Loopback(Recorder):
    """A real UDP socket whose datagrams are kept as another one of this machine receives them,
    each before the next is sent. What a socket loses when it is hurried, `dauexp load` measures."""

    def __init__(self) -> None:
        super().__init__()
        self._receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._receiver.bind(("127.0.0.1", 0))
        self._receiver.settimeout(PATIENCE_SECONDS)
        self._sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._address = self._receiver.getsockname()

    def sendto(self, data: bytes, _address: object) -> int:
        """Sends a datagram and keeps what is received of it. Raises DauexpError where that is
        nothing."""
        sent = self._sender.sendto(data, self._address)
        try:
            self.datagrams.append(self._receiver.recv(LARGEST_DATAGRAM))
        except TimeoutError as error:
            raise DauexpError(
                f"a datagram of {sent} bytes was sent over loopback and did not arrive"
            ) from error
        return sent

    def close(self) -> None:
        """Closes both sockets."""
        self._sender.close()
        self._receiver.close()


def recorded_client(
    prefix: str, recorder: Recorder | None = None
) -> tuple[statsd.StatsClient, list[bytes]]:
    """A `statsd.StatsClient` and the list that its datagrams are put in; sent to nobody, unless
    the recorder sends them.

    Its server is on the same host, so what it sends together need not fit into one Ethernet frame.
    """
    client = statsd.StatsClient(host="127.0.0.1", prefix=prefix, maxudpsize=LARGEST_DATAGRAM)
    client.close()
    recorder = recorder or Recorder()
    client._sock = recorder  # noqa: SLF001 - the client has no other way to be given a socket
    return client, recorder.datagrams


@contextmanager
def recording(parameters: Statsd) -> Iterator[tuple[statsd.StatsClient, list[bytes]]]:
    """A recorded client with the transport of a scenario, as long as the context lasts."""
    recorder = Loopback() if parameters.transport == "udp" else Recorder()
    try:
        yield recorded_client(parameters.prefix, recorder)
    finally:
        recorder.close()


@contextmanager
def sampling_by(numbers: Iterable[float]) -> Iterator[None]:
    """Has all clients sample by these numbers, one a metric, in place of those of `random`."""
    module = statsd.client.base
    its_own = module.random
    module.random = SimpleNamespace(random=iter(numbers).__next__)
    try:
        yield
    finally:
        module.random = its_own


def tagged_names(name: str, observations: pa.RecordBatch, tags: Sequence[str]) -> list[str]:
    """The name of the metric of each observation, with columns of it as tags in the name.

    `name,tag=value,...`: what Telegraf reads as tags. The columns must be dictionary-encoded.
    """
    position = np.zeros(len(observations), np.int64)
    names = [name]
    for tag in tags:
        column = observations[tag]
        values = column.dictionary.to_pylist()
        position = position * len(values) + np.asarray(column.indices, np.int64)
        names = [f"{start},{tag}={value}" for start in names for value in values]
    return [names[each] for each in position.tolist()]


def messages(observations: pa.RecordBatch, wire: Sequence[bytes]) -> pa.RecordBatch:
    """A batch of `dauexp.tables.MESSAGES`: one datagram or line for each observation, arriving
    when it was made."""
    columns = [observations[name] for name in ("ordinal", "time", "host")]
    return pa.record_batch([*columns, pa.array(wire, pa.binary())], schema=MESSAGES)
