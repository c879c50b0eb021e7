"""The whole way of option A with the Rust emitter: from requests to DAU.

For each number of requests a run of option A alone, faultless, on 2 processes, into a new folder:
requests made, observed, emitted by the generated Rust, ingested with every document validated,
deduplicated, and asked for the DAU of all days. There the run is stopped.
Each run is a process tree of its own, whose resident memory is added up ten times a second; pages
that its processes share count for each of them. What is in Rust is built beforehand.

    python benchmarks/bench_glean.py                            # 5, 10 and 20 million requests
    python benchmarks/bench_glean.py --requests 1e6             # a short one
    python benchmarks/bench_glean.py --decoder python --rounds 3
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.watch import Watch
from dauexp.options import Contender, contenders
from dauexp.questions import ask, parameters, queries
from dauexp.run import folder_of, run
from dauexp.scenario import Scenario, load
from dauexp.store import Store, read_table
from dauexp.unit import Places

REQUESTS_PER_USER = 57.0
"""Over the default 35 days, about; the exact number is counted."""
STAGES = ("traffic", "settle")
"""The stages of a run that lead to the stable table."""
GOAL = 150_000
MIB = 1 << 20


def scenario(requests: float, decoder: str) -> Scenario:
    """The default traffic of so many users as make about so many requests, for option A alone."""
    users = round(requests / REQUESTS_PER_USER)
    changes = [f"traffic.users={users}", "glean.emitter=rust", f"glean.decoder={decoder}"]
    return load("default", [*changes, 'strategies=["glean"]', "experiments.run=[]"])


class Settled(Exception):
    """The stable table is there: the rest of the run is of no interest."""


def measured(of: Scenario, workers: int) -> dict[str, float]:
    """One passage: its requests, the seconds of its stages, CPU time and memory."""
    (glean,) = contenders(of.strategies)
    glean.strategy(of).prepare()
    times: list[tuple[str, float]] = []

    def progress(stage: str, done: int, steps: int) -> None:
        if stage in STAGES and done == 0:
            times.append((stage, time.perf_counter()))
        if stage == STAGES[-1] and done == steps:
            raise Settled

    with tempfile.TemporaryDirectory() as runs, Watch() as watch:
        with suppress(Settled):
            run(of, Path(runs), workers, progress)
        times.append(("dau", time.perf_counter()))
        places = Places(folder_of(of, Path(runs)))
        store = places.store(glean)
        answer = dau(of, glean, store)
        times.append(("", time.perf_counter()))
        watch.turn()
        used = watch.all
        entries = read_table(places.work("ledger"))
        requests = pc.sum(entries.filter(pc.field("account") == "generated")["count"]).as_py()
        files = store.table("stable").rglob("*.parquet")
        assert sum(pq.read_metadata(file).num_rows for file in files) == requests
    assert answer.num_rows == len(of.traffic.calendar)
    seconds = {stage: after - start for (stage, start), (_, after) in pairwise(times)}
    return {
        "requests": requests,
        "seconds": sum(seconds.values()),
        "cpu": used.cpu_seconds,
        "peak_mib": used.resident_bytes / MIB,
        **{f"seconds_{stage}": each for stage, each in seconds.items()},
    }


def dau(of: Scenario, glean: Contender, store: Store) -> pa.Table:
    """The answer to the question of the DAU of each day."""
    strategy, days = glean.strategy(of), of.traffic.calendar
    (query,) = (each for each in queries(strategy.queries) if each.question == "dau")
    with strategy.database(store) as database:
        return ask(query, database, parameters(days[0], days[-1], {}))


def apart(requests: float, options: argparse.Namespace) -> dict[str, float]:
    """One run in a process tree of its own."""
    command = [sys.executable, __file__, "--one", "--requests", str(requests)]
    command += ["--decoder", options.decoder, "--processes", str(options.processes)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def spread(values: Sequence[float], form: str) -> str:
    """Median, lowest and highest."""
    return f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=float, nargs="+", default=[5e6, 10e6, 20e6])
    parser.add_argument("--decoder", choices=["python", "rust"], default="rust")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        of = scenario(options.requests[0], options.decoder)
        print(json.dumps(measured(of, options.processes)))
        return
    print(f"{options.processes} processes, decoder in {options.decoder}, {options.rounds} round(s)")
    for requests in options.requests:
        found = [apart(requests, options) for _ in range(options.rounds)]
        rates = [each["requests"] / each["seconds"] for each in found]
        peaks = [each["peak_mib"] for each in found]
        cpu = [1e6 * each["cpu"] / each["requests"] for each in found]
        stages = [name for name in found[0] if name.startswith("seconds_")]
        print(
            f"{found[0]['requests']:12,.0f} requests: {spread(rates, ',.0f')} requests/s, "
            f"peak {spread(peaks, ',.0f')} MiB, {spread(cpu, '.2f')} µs CPU a request"
        )
        for name in stages:
            seconds = [each[name] for each in found]
            print(f"    {name.removeprefix('seconds_'):10} {spread(seconds, '.1f')} s")
    print(f"goal: {GOAL:,} requests/s, under 2 GiB, memory flat")


if __name__ == "__main__":
    main()
