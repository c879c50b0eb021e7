"""Option A's harness beside the bare logger that glean_parser generates.

In one run, in turn, `REPEATS` times each on the same requests:

- bare: the generated `python_server` logger alone, in one process, its lines to the null device;
- two processes: `emit` in one, full ingestion in another, messages through a pipe, as in
  production, where the service and the pipeline are different machines;
- one process: `emit`, then full ingestion.

Prints events per second of wall time (median, lowest to highest), and the ratio to the bare logger
in the same round.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import pyarrow as pa

from dauexp.options import Strategy, contenders
from dauexp.options.glean import REGISTRY
from dauexp.options.glean.emitter import IP_ADDRESS
from dauexp.options.glean.generate import load, python_module
from dauexp.scenario import load as load_scenario
from dauexp.traffic.source import Simulated

REPEATS = 5
DAYS = 4
CHANGES = ("traffic.batch_rows=4096",)
"""Small batches, so that the second process has work from early on."""
GOAL = 0.8
COLUMNS = ("user_agent", "hashed_fxa_uid", "hashed_device_id", "platform", "device_family")


def strategy() -> Strategy:
    """Option A for the default scenario."""
    return contenders(["glean"])[0].strategy(load_scenario())


def requests() -> list[pa.RecordBatch]:
    """Some days of requests, in memory."""
    source = Simulated(load_scenario("default", CHANGES))
    return [batch.observations for day in range(DAYS) for batch in source.batches(0, day)]


def bare(batches: list[pa.RecordBatch]) -> float:
    """Seconds of the generated logger alone, its arguments ready."""
    glean = load_scenario().glean
    logger = load(python_module(REGISTRY)).create_events_server_event_logger(
        glean.application_id, glean.app_display_version, glean.app_channel
    )
    record = logger.record_syncstorage_get_collections
    rows = [
        row
        for batch in batches
        for row in zip(*(batch[name].to_pylist() for name in COLUMNS), strict=True)
    ]
    stdout = sys.stdout
    with Path(os.devnull).open("w", encoding="utf-8") as null:
        sys.stdout = null
        started = time.perf_counter()
        for user_agent, uid, device, platform, family in rows:
            record(
                user_agent=user_agent,
                ip_address=IP_ADDRESS,
                syncstorage_hashed_fxa_uid=uid,
                syncstorage_hashed_device_id=device,
                syncstorage_platform=platform,
                syncstorage_device_family=family,
            )
        seconds = time.perf_counter() - started
        sys.stdout = stdout
    return seconds


def one_process(batches: list[pa.RecordBatch]) -> float:
    """Seconds of emission and ingestion one after the other."""
    glean = strategy()
    started = time.perf_counter()
    consume(glean, (glean.emit(batch) for batch in batches))
    return time.perf_counter() - started


def two_processes(batches: list[pa.RecordBatch]) -> float:
    """Seconds until the last message is ingested; the processes are started beforehand."""
    spawn = get_context("spawn")
    ours, theirs = spawn.Pipe()
    reader = spawn.Process(target=ingesting, args=(theirs,))
    reader.start()
    glean = strategy()
    glean.emit(batches[0].slice(0, 1))
    ours.recv()
    started = time.perf_counter()
    for batch in batches:
        messages = glean.emit(batch)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, messages.schema) as stream:
            stream.write_batch(messages)
        ours.send_bytes(sink.getvalue())
    ours.send_bytes(b"")
    ingested = ours.recv()
    seconds = time.perf_counter() - started
    reader.join()
    assert ingested == sum(batch.num_rows for batch in batches)
    return seconds


def ingesting(pipe: Connection) -> None:
    """The other process: ingests what comes through the pipe, says how many rows it accepted."""

    def received() -> Iterator[pa.RecordBatch]:
        while content := pipe.recv_bytes():
            yield from pa.ipc.open_stream(content)

    glean = strategy()
    pipe.send("ready")
    pipe.send(consume(glean, received()))


def consume(glean: Strategy, messages: Iterator[pa.RecordBatch]) -> int:
    """Ingests messages; gives the number of live rows."""
    return sum(part.rows.num_rows for part in glean.collect(messages) if part.table == "live")


def spread(values: list[float], form: str) -> str:
    """Median, lowest and highest."""
    return f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def main() -> None:
    """Runs all in turn and prints the table."""
    batches = requests()
    events = sum(batch.num_rows for batch in batches)
    ways = {"bare logger": bare, "two processes": two_processes, "one process": one_process}
    for way in ways.values():
        way(batches[:1])
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(REPEATS):
        for name, way in ways.items():
            rates[name].append(events / way(batches))
    print(f"{events} events, {REPEATS} rounds; events/s of wall time, median (lowest to highest)")
    for name, mine in rates.items():
        ratios = [rate / base for rate, base in zip(mine, rates["bare logger"], strict=True)]
        print(f"{name:14} {spread(mine, ',.0f')}   ratio to bare {spread(ratios, '.2f')}")
    print(f"goal: {GOAL} of the bare logger's rate, with emission and ingestion each a process")


if __name__ == "__main__":
    main()
