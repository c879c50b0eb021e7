"""One replay: some requests of a run, at a pace, to a freshly started receiver."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from dauexp.errors import BadInput
from dauexp.load.pacing import Pace, Replayed, replay
from dauexp.load.transport import transport
from dauexp.load.way import Received
from dauexp.options import Contender
from dauexp.scenario import Scenario
from dauexp.traffic.source import dated, open_source

LOAD: Final = pa.schema(
    [
        pa.field("option", pa.string(), nullable=False),
        pa.field("strategy", pa.string(), nullable=False),
        pa.field("settings", pa.string(), nullable=False),
        pa.field("receiver", pa.string(), nullable=False),
        pa.field("pace", pa.string(), nullable=False),
        pa.field("target_per_second", pa.float64()),
        pa.field("sent_per_second", pa.float64(), nullable=False),
        pa.field("sent", pa.int64(), nullable=False),
        pa.field("received", pa.int64(), nullable=False),
        pa.field("lost", pa.int64(), nullable=False),
        pa.field("lost_share", pa.float64(), nullable=False),
        pa.field("kernel_drops", pa.int64()),
        pa.field("latency_p50_us", pa.float64()),
        pa.field("latency_p99_us", pa.float64()),
        pa.field("latency_max_us", pa.float64()),
        pa.field("emit_cpu_seconds", pa.float64(), nullable=False),
        pa.field("receiver_cpu_seconds", pa.float64(), nullable=False),
        pa.field("receiver_peak_bytes", pa.int64()),
        pa.field("cores", pa.int64(), nullable=False),
    ]
)
"""One row an option, strategy, settings that differ from the run's, receiver and pace. Latency is
from the moment a request is due until it is handed to the transport; null where it was unpaced.
Emission's CPU time is that of the emitter's own processes too. The peak is of the receiver's
resident memory; null where the system does not tell it. `cores` are those of the machine."""

LATE: Final = 0.01
"""Share of a trial's time by which the last request may be late: later, the sender fell behind."""

PAUSE_SECONDS: Final = 0.1
"""By so much it may be late in a short trial too: one pause of the machine is no falling behind."""

DISTINCT: Final = 500_000
"""Different requests of a replay at most; then they come again from the first."""


class Trials:
    """Replays of the requests of a finished run by one contender to one kind of receiver."""

    def __init__(
        self,
        folder: Path,
        scenario: Scenario,
        contender: Contender,
        server: str,
        settings: Mapping[str, object],
    ) -> None:
        """`settings` are those in which `scenario` differs from the run's.

        Raises BadInput where the run has no requests to replay.
        """
        self._scenario = scenario
        self._contender = contender
        self._server = server
        self._settings = ", ".join(f"{key}={value}" for key, value in settings.items())
        self._requests = _requests(scenario, folder)

    def trial(self, pace: Pace, requests: int) -> dict[str, Any]:
        """A row of `LOAD`. Raises BadInput where the contender cannot be loaded."""
        observations = self._requests[:requests]
        with transport(self._scenario, self._contender, observations, self._server) as way:
            before = way.emitter_cpu_seconds()
            replayed = replay(way.send, requests, pace)
            emitter = way.emitter_cpu_seconds() - before
            received = way.finish()
        return {
            "option": self._contender.option.id,
            "strategy": self._contender.strategy.name,
            "settings": self._settings,
            "receiver": way.receiver,
            "pace": pace.name,
            "target_per_second": pace.per_second if pace.paced else None,
            **_told(requests, replayed, received),
            "emit_cpu_seconds": replayed.cpu_seconds + emitter,
            "cores": os.cpu_count() or 1,
        }


def kept_up(row: Mapping[str, Any]) -> bool:
    """Whether a paced sender handed over all requests about when they were due."""
    due, taken = (row["sent"] / row[rate] for rate in ("target_per_second", "sent_per_second"))
    return bool(taken - due <= max(LATE * due, PAUSE_SECONDS))


def _requests(scenario: Scenario, folder: Path) -> pa.RecordBatch:
    """The first requests of a run, in order of blocks and days."""
    taken: list[pa.RecordBatch] = []
    missing = DISTINCT
    for _, batch in dated(open_source(scenario, folder)):
        taken.append(batch.slice(0, missing))
        missing -= len(taken[-1])
        if missing <= 0:
            break
    if not taken:
        raise BadInput(f"{folder}: the run has no requests to replay")
    table = pa.Table.from_batches(taken).unify_dictionaries().combine_chunks()
    return table.to_batches()[0]


def _told(sent: int, replayed: Replayed, received: Received) -> dict[str, Any]:
    lost = sent - received.requests
    return {
        "sent_per_second": sent / replayed.seconds,
        "sent": sent,
        "received": received.requests,
        "lost": lost,
        "lost_share": lost / sent,
        "kernel_drops": received.kernel_drops,
        **_latency(replayed),
        "receiver_cpu_seconds": received.cpu_seconds,
        "receiver_peak_bytes": received.peak_bytes,
    }


def _latency(replayed: Replayed) -> dict[str, float | None]:
    names = ("latency_p50_us", "latency_p99_us", "latency_max_us")
    if replayed.latency_seconds is None:
        return dict.fromkeys(names)
    values = 1e6 * np.quantile(replayed.latency_seconds, (0.5, 0.99, 1.0))
    return dict(zip(names, values.tolist(), strict=True))
