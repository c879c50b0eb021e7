"""Requests generated a second and core, and the exact truth over many of them.

Each measurement is a process tree of its own, so that its peak memory is its own: the sum of the
peaks of its processes. Requests come with all features on (the default scenario's parameters).

    python benchmarks/bench_traffic.py            # a minute: up to 10 million requests
    python benchmarks/bench_traffic.py --full     # some minutes: up to 100 million
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from functools import partial

import pyarrow as pa
from scipy.optimize import brentq

from dauexp.pool import Pool
from dauexp.scenario import Scenario, load
from dauexp.traffic import truth
from dauexp.traffic.laws import RequestsPerDay, moments
from dauexp.traffic.requests import Simulator
from dauexp.traffic.useragent import classify_column

REQUESTS_PER_USER = 57.0
"""Over the default 35 days, about; the exact number is counted."""
ACTIVE_DAYS_PER_USER = 11.75
"""Of these 35 days, about."""
REPEATS = 5
MIB = 1 << 10  # ru_maxrss is in KiB


def scenario(requests: float, users: int | None = None) -> Scenario:
    """The default traffic with so many users as make about so many requests; with `users` given,
    their requests an active day are fewer or more instead."""
    if users is None:
        return load("default", [f"traffic.users={round(requests / REQUESTS_PER_USER)}"])
    mean = requests / users / ACTIVE_DAYS_PER_USER
    scale = brentq(lambda scale: moments(RequestsPerDay(scale=scale))[0] - mean, 1e-3, 1e3)
    return load("default", [f"traffic.users={users}", f"traffic.requests.scale={scale}"])


def generate(of: Scenario, block: int) -> tuple[int, int]:
    """Makes all requests of a block of users; gives their number and the process's peak memory."""
    simulator = Simulator(of.traffic, of.seed)
    made = sum(
        batch.num_rows
        for day in range(len(simulator.days))
        for batch in simulator.requests(block, day)
    )
    return made, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def exact(of: Scenario, block: int) -> tuple[int, int, pa.Table]:
    """The truth of a block of users, from its requests; their number; peak memory."""
    simulator = Simulator(of.traffic, of.seed)
    days, made = [], 0
    for day in range(len(simulator.days)):
        classified = []
        for batch in simulator.requests(block, day):
            platform, family = classify_column(batch["user_agent"])
            columns = {"uid": batch["uid"], "platform": platform, "device_family": family}
            classified.append(pa.record_batch(columns))
            made += batch.num_rows
        days.append(truth.seen(classified, "uid"))
    counts = truth.counts(truth.stacked(days), simulator.days)
    return made, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, counts


def measured(task: str, of: Scenario, processes: int) -> dict[str, float]:
    """Runs one measurement in this process tree."""
    with Pool(processes) as pool:
        pool.each("start", abs, range(processes), quiet)
        started = time.perf_counter()
        blocks = range(of.traffic.blocks)
        if task == "generate":
            results = pool.each(task, partial(generate, of), blocks, quiet)
        else:
            exactly = pool.each(task, partial(exact, of), blocks, quiet)
            truth.total(counts for _, _, counts in exactly)
            results = [(made, peak) for made, peak, _ in exactly]
        seconds = time.perf_counter() - started
    peaks = sorted(peak for _, peak in results)[-processes:]
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss if processes > 1 else 0
    requests = sum(made for made, _ in results)
    return {"requests": requests, "seconds": seconds, "peak_mib": (sum(peaks) + own) / MIB}


def quiet(stage: str, done: int, steps: int) -> None:
    """No progress."""


def apart(task: str, requests: float, processes: int, users: int = 0) -> dict[str, float]:
    """Runs one measurement in a process tree of its own."""
    command = [sys.executable, __file__, "--one", task, str(requests), str(processes), str(users)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main(arguments: list[str]) -> None:
    """Prints the tables."""
    if arguments[:1] == ["--one"]:
        task, *numbers = arguments[1:]
        requests, processes, users = map(float, numbers)
        of = scenario(requests, int(users) or None)
        print(json.dumps(measured(task, of, int(processes))))
        return
    full = "--full" in arguments
    print(f"requests generated to Arrow, 10 million, {REPEATS} rounds, 1 and 2 processes")
    rounds = [[apart("generate", 1e7, processes) for processes in (1, 2)] for _ in range(REPEATS)]
    for column, processes in enumerate((1, 2)):
        rates = [each[column]["requests"] / each[column]["seconds"] / 1e6 for each in rounds]
        print(
            f"  {processes} process(es): {statistics.median(rates):.2f} million/s "
            f"({min(rates):.2f} to {max(rates):.2f})"
        )
    print("peak memory of generation, 1 process")
    for many in (1e6, 1e7, *([1e8] if full else [])):
        found = apart("generate", many, 1)
        print(f"  {found['requests']:13,.0f} requests: {found['peak_mib']:6.0f} MiB")
    size, people = (1e8, 5_000_000) if full else (1e7, 500_000)
    found = apart("truth", size, 2, people)
    print(
        f"truth (DAU, WAU, MAU, also by platform and device family) of {found['requests']:,.0f} "
        f"requests of {people:,} users, generation included, 2 processes: "
        f"{found['seconds']:.1f} s, {found['peak_mib']:.0f} MiB"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
