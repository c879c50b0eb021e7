"""What a load measured, as a table of a run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dauexp.audit import write_checksums
from dauexp.errors import BadInput
from dauexp.load.pacing import Pace, Replayed, replay
from dauexp.load.transport import Received, transport
from dauexp.options import Contender
from dauexp.results import TIMED, finished, scenario_of
from dauexp.run import Progress, silent
from dauexp.scenario import Scenario
from dauexp.store import write_table
from dauexp.traffic.source import dated, open_source

LOAD: Final = pa.schema(
    [
        pa.field("option", pa.string(), nullable=False),
        pa.field("strategy", pa.string(), nullable=False),
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
        pa.field("cores", pa.int64(), nullable=False),
    ]
)
"""One row an option, strategy, receiver and pace. Latency is from the moment a request is due until
it is handed to the transport; null where it was unpaced. `cores` are those of the machine."""

FILE: Final = f"{TIMED}/load.parquet"

_KEYS = ("option", "strategy", "receiver", "pace")


def load(
    folder: Path,
    contender: Contender,
    paces: Sequence[Pace],
    seconds: float,
    server: str,
    progress: Progress = silent,
) -> pa.Table:
    """Replays requests of a finished run at each pace for so many seconds, each time to a freshly
    started receiver. The table `LOAD` of the run gets the rows, in place of earlier ones alike.

    Unpaced, as many requests are sent as the fastest pace has. Raises BadInput where the folder is
    no finished run, or the contender cannot be loaded.
    """
    finished(folder)
    scenario = scenario_of(folder)
    known = [pace.per_second for pace in paces if pace.paced]
    if not known or seconds <= 0:
        raise BadInput("--multiples, --seconds: give at least one multiple and a positive time")
    rows = []
    progress("load", 0, len(paces))
    for done, pace in enumerate(paces, start=1):
        count = round(seconds * (pace.per_second if pace.paced else max(known)))
        observations = _requests(scenario, folder, count)
        with transport(scenario, contender, observations, server) as way:
            replayed = replay(way.send, len(observations), pace)
            received = way.finish()
            rows.append(_row(contender, way.receiver, pace, len(observations), replayed, received))
        progress("load", done, len(paces))
    measured = pa.Table.from_pylist(rows, LOAD)
    write_table(folder / FILE, _replaced(folder / FILE, measured))
    write_checksums(folder)
    return measured


def _requests(scenario: Scenario, folder: Path, count: int) -> pa.RecordBatch:
    """So many requests of a run, in order of blocks and days, again from the first if it has
    fewer. Raises BadInput where it has none."""
    taken: list[pa.RecordBatch] = []
    missing = count
    for _, batch in dated(open_source(scenario, folder)):
        taken.append(batch.slice(0, missing))
        missing -= len(taken[-1])
        if missing <= 0:
            break
    if not taken:
        raise BadInput(f"{folder}: the run has no requests to replay")
    table = pa.Table.from_batches(taken).unify_dictionaries().combine_chunks()
    whole = table.take(np.arange(count) % table.num_rows)
    return whole.combine_chunks().to_batches()[0]


def _row(
    contender: Contender,
    receiver: str,
    pace: Pace,
    sent: int,
    replayed: Replayed,
    received: Received,
) -> dict[str, Any]:
    lost = sent - received.requests
    return {
        "option": contender.option.id,
        "strategy": contender.strategy.name,
        "receiver": receiver,
        "pace": pace.name,
        "target_per_second": pace.per_second if pace.paced else None,
        "sent_per_second": sent / replayed.seconds,
        "sent": sent,
        "received": received.requests,
        "lost": lost,
        "lost_share": lost / sent,
        "kernel_drops": received.kernel_drops,
        **_latency(replayed),
        "emit_cpu_seconds": replayed.cpu_seconds,
        "receiver_cpu_seconds": received.cpu_seconds,
        "cores": os.cpu_count() or 1,
    }


def _latency(replayed: Replayed) -> dict[str, float | None]:
    names = ("latency_p50_us", "latency_p99_us", "latency_max_us")
    if replayed.latency_seconds is None:
        return dict.fromkeys(names)
    values = 1e6 * np.quantile(replayed.latency_seconds, (0.5, 0.99, 1.0))
    return dict(zip(names, values.tolist(), strict=True))


def _replaced(path: Path, rows: pa.Table) -> pa.Table:
    """The rows of a file and new ones, without those of the same contender, receiver and pace."""
    if not path.is_file():
        return rows
    new = {tuple(row[key] for key in _KEYS) for row in rows.select(_KEYS).to_pylist()}
    kept = [
        row
        for row in pq.read_table(path).to_pylist()
        if tuple(row[key] for key in _KEYS) not in new
    ]
    return pa.concat_tables([pa.Table.from_pylist(kept, LOAD), rows])
