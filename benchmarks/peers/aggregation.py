"""Aggregation: our two aggregators beside Telegraf and the statsd daemon, on the same packets."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.bench_statsd import (
    FLUSH_SECONDS,
    Spent,
    in_batches,
    messages,
    one_by_one,
    over_udp,
)
from benchmarks.peers.sides import Subject, Taken, Way
from dauexp.services import StatsdDaemon, Telegraf
from dauexp.services.running import launch


@contextmanager
def subject(size: float) -> Iterator[Subject]:
    """`size` times 100,000 packets, half of the strategy `tag`, half of `set`."""
    half = round(50_000 * size)
    packets = [*messages("tag", half), *messages("set", half)]
    daemons = (Telegraf(FLUSH_SECONDS), StatsdDaemon(FLUSH_SECONDS))
    with tempfile.TemporaryDirectory() as folder:
        started = {each.name: launch(each, Path(folder) / each.name, {}) for each in daemons}
        try:
            yield Subject(
                "StatsD packets aggregated",
                "packets",
                2 * half,
                (
                    Way(
                        "ours, in batches",
                        "as a run does; no sockets",
                        _taken(lambda: in_batches(packets)),
                    ),
                    Way(
                        "ours, one by one",
                        "the general aggregator; no sockets",
                        _taken(lambda: one_by_one(packets)),
                    ),
                    Way(
                        "Telegraf",
                        "reads UDP sockets; its own process alone is counted",
                        _taken(lambda: over_udp(started["telegraf"], packets)),
                    ),
                    Way(
                        "statsd daemon",
                        "reads UDP sockets; its own process alone is counted",
                        _taken(lambda: over_udp(started["statsd"], packets)),
                    ),
                ),
            )
        finally:
            for each in started.values():
                each.end()


def _taken(run: Callable[[], Spent]) -> Callable[[], Taken]:
    return lambda: Taken(*run(), None)
