"""The process at the end of a pipe: ingests the lines on its standard input as they come.

`python -m dauexp.load.reader OPTION FOLDER`: FOLDER has the scenario, and gets the tables. Says on
its standard output when it is ready, and in the end, as JSON, how many lines were accepted, the CPU
time it took and its peak of resident memory.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from dauexp.ingest.strategy import LIVE
from dauexp.load.memory import peak_bytes
from dauexp.options import contenders
from dauexp.scenario import load
from dauexp.store import Store
from dauexp.tables import MESSAGES

_CHUNK = 1 << 20
_HOST = "pipe"


def batches(descriptor: int) -> Iterator[pa.RecordBatch]:
    """What can be read at once, as a batch of `dauexp.tables.MESSAGES` that arrive now."""
    rest, ordinal = b"", 0
    while chunk := os.read(descriptor, _CHUNK):
        *lines, rest = (rest + chunk).split(b"\n")
        if lines:
            yield _batch(lines, ordinal)
            ordinal += len(lines)
    if rest:
        yield _batch([rest], ordinal)


def _batch(lines: list[bytes], ordinal: int) -> pa.RecordBatch:
    size = len(lines)
    columns = {
        "ordinal": pa.array(range(ordinal, ordinal + size), pa.int64()),
        "arrival": pa.array([datetime.now(UTC)] * size, MESSAGES.field("arrival").type),
        "host": pa.array([_HOST] * size, pa.string()).dictionary_encode(),
        "wire": pa.array(lines, pa.binary()),
    }
    return pa.table(columns).cast(MESSAGES).to_batches()[0]


def main(label: str, folder: Path) -> None:
    """Ingests standard input."""
    (contender,) = contenders([label])
    strategy = contender.strategy(load(folder / "scenario.toml"))
    live = 0
    _say("ready")
    started = time.process_time()
    with Store(folder).writing("load") as write:
        for part in strategy.collect(batches(sys.stdin.fileno())):
            if part.table == LIVE:
                live += part.rows.num_rows
            if part.table == LIVE and part.rows.num_rows:
                write(part.table, part.rows)
    cpu = time.process_time() - started
    _say(json.dumps({"live": live, "cpu_seconds": cpu, "peak_bytes": peak_bytes(os.getpid())}))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
