"""Which way a contender's requests go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from dauexp.errors import BadInput
from dauexp.ingest.strategy import IngestedStrategy
from dauexp.load.lines import Lines
from dauexp.load.packets import SERVERS, Packets
from dauexp.load.way import Way
from dauexp.options import Contender
from dauexp.options.statsd.counter import Counter
from dauexp.scenario import Scenario
from dauexp.services import StatsdAddress, services
from dauexp.temporary import temporary_folder


@contextmanager
def transport(
    scenario: Scenario, contender: Contender, observations: pa.RecordBatch, server: str
) -> Iterator[Way]:
    """The way of a contender for some requests, its receiver freshly started.

    Raises BadInput where the contender's requests cannot be counted at the receiver: members of a
    set, for one, are not.
    """
    strategy = contender.strategy(scenario)
    if isinstance(strategy, IngestedStrategy):
        with temporary_folder() as folder:
            lines = Lines(strategy, observations, contender.label, folder)
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
