"""The packets of the real `statsd` client, recorded in place of being sent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import statsd

from dauexp.tables import MESSAGES


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


def recorded_client(prefix: str) -> tuple[statsd.StatsClient, list[bytes]]:
    """A `statsd.StatsClient` that sends nothing, and the list that its datagrams are put in."""
    client = statsd.StatsClient(host="127.0.0.1", prefix=prefix)
    client.close()
    recorder = Recorder()
    client._sock = recorder  # noqa: SLF001 - the client has no other way to be given a socket
    return client, recorder.datagrams


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
