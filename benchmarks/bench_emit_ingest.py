"""Option A's harness beside the bare logger that glean_parser generates.

In one run, in turn, `REPEATS` times each on the same requests:

- bare logger: the generated `python_server` logger alone, in one process, its arguments ready, its
  lines to the null device;
- harness, 2 processes: requests generated, observed, emitted and fully ingested, day by day, by two
  processes, as a run does it;
- harness, 1 process: the same in one process, where ingestion comes on top of what the logger does.

Prints events per second of wall time (median, lowest to highest), and the ratio to the bare logger
in the same round.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pyarrow as pa

from dauexp.options import Strategy, contenders
from dauexp.options.glean import REGISTRY
from dauexp.options.glean.emitter import IP_ADDRESS
from dauexp.options.glean.generate import load, python_module
from dauexp.pool import Pool
from dauexp.scenario import load as load_scenario
from dauexp.traffic.source import Simulated

REPEATS = 5
DAYS = 6
GOAL = 0.8
COLUMNS = ("user_agent", "hashed_fxa_uid", "hashed_device_id", "platform", "device_family")


@cache
def strategy() -> Strategy:
    """Option A for the default scenario."""
    return contenders(["glean"])[0].strategy(load_scenario())


@cache
def source() -> Simulated:
    """The requests of the default scenario."""
    return Simulated(load_scenario())


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


def passage(day: int) -> int:
    """One day of requests through emission and ingestion; gives the number of live rows."""
    glean = strategy()
    messages = (glean.emit(batch.observations) for batch in source().batches(0, day))
    return sum(part.rows.num_rows for part in glean.collect(messages) if part.table == "live")


def harness(pool: Pool, events: int) -> float:
    """Seconds of all days through emission and ingestion."""
    started = time.perf_counter()
    ingested = pool.each("days", passage, range(DAYS), lambda *_: None)
    seconds = time.perf_counter() - started
    assert sum(ingested) == events
    return seconds


def spread(values: list[float], form: str) -> str:
    """Median, lowest and highest."""
    return f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def main() -> None:
    """Runs all in turn and prints the table."""
    batches = [batch.observations for day in range(DAYS) for batch in source().batches(0, day)]
    events = sum(batch.num_rows for batch in batches)
    with Pool(2) as two, Pool(1) as one:
        ways: dict[str, Callable[[], float]] = {
            "bare logger": lambda: bare(batches),
            "harness, 2 processes": lambda: harness(two, events),
            "harness, 1 process": lambda: harness(one, events),
        }
        rates: dict[str, list[float]] = {name: [] for name in ways}
        for round_ in range(REPEATS + 1):
            for name, way in ways.items():
                rate = events / way()
                if round_:  # the first is for warming up
                    rates[name].append(rate)
    print(f"{events} events, {REPEATS} rounds; events/s of wall time, median (lowest to highest)")
    for name, mine in rates.items():
        ratios = [rate / base for rate, base in zip(mine, rates["bare logger"], strict=True)]
        print(f"{name:21} {spread(mine, ',.0f')}   ratio to bare {spread(ratios, '.2f')}")
    print(f"goal: {GOAL} of the bare logger's rate")


if __name__ == "__main__":
    main()
