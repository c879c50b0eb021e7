"""The Rust emitters beside the bare logger that glean_parser generates for Rust.

In one run, in turn, `REPEATS` times each on the same requests:

- bare: the generated logger alone, its rows ready in memory, into `cat >/dev/null`; the program
  takes the time itself, of the calls alone;
- observations: `emit` as in a run: columns to the program, its lines back into Python as messages;
- by hand: the same of option B, whose logger in Rust is written by hand;
- requests: the same, but the program also hashes the ids and classifies the user agents.

Prints events per second of wall time (median, lowest to highest), and the ratio to the bare logger
in the same round. Building the programs, before that, takes minutes the first time.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from benchmarks.spread import spread
from dauexp.ingest.strategy import IngestedStrategy
from dauexp.options.custom import CustomEvents
from dauexp.options.glean import REGISTRY, GleanEvents
from dauexp.options.glean.rustbuild import rust_program
from dauexp.options.glean.rustemitter import OBSERVED, RustService
from dauexp.scenario import load
from dauexp.traffic.requests import Simulator
from dauexp.traffic.source import Simulated

REPEATS = 7
DAYS = 4
GOAL = 0.8


def bare(program: Path, rows: Path) -> float:
    """Seconds that the calls of the generated logger take."""
    with rows.open("rb") as given:
        done = subprocess.run(
            ["bash", "-c", '"$0" | cat > /dev/null', program],
            stdin=given,
            stderr=subprocess.PIPE,
            check=True,
        )
    return float(done.stderr)


def seconds_of_observations(strategy: IngestedStrategy, batches: Sequence[pa.RecordBatch]) -> float:
    """Seconds of `emit`, the program being started beforehand."""
    strategy.emit(batches[0].slice(0, 1))
    started = time.perf_counter()
    for batch in batches:
        strategy.emit(batch)
    return time.perf_counter() - started


def seconds_of_requests(service: RustService, batches: Sequence[pa.RecordBatch]) -> float:
    """Seconds of the whole service, the program being started beforehand."""
    service.wire(batches[0].slice(0, 1))
    started = time.perf_counter()
    for batch in batches:
        service.wire(batch)
    return time.perf_counter() - started


def main() -> None:
    """Runs all in turn and prints the table."""
    scenario = load(None, ["glean.emitter=rust"])
    source, simulator = Simulated(scenario), Simulator(scenario.traffic, scenario.seed)
    observations = [batch.observations for day in range(DAYS) for batch in source.batches(0, day)]
    requests = [batch for day in range(DAYS) for batch in simulator.requests(0, day)]
    events = sum(batch.num_rows for batch in observations)
    assert events == sum(batch.num_rows for batch in requests)
    program = rust_program(REGISTRY, "bare")
    rates: dict[str, list[float]] = {
        "bare": [],
        "observations": [],
        "by hand": [],
        "requests": [],
    }
    with tempfile.TemporaryDirectory() as folder:
        rows = Path(folder) / "observations.arrow"
        with pa.OSFile(str(rows), "wb") as file, pa.ipc.new_stream(file, OBSERVED) as writer:
            for batch in observations:
                writer.write_batch(batch.select(OBSERVED.names))
        for _ in range(REPEATS):
            rates["bare"].append(events / bare(program, rows))
            emitted = seconds_of_observations(GleanEvents(scenario), observations)
            rates["observations"].append(events / emitted)
            emitted = seconds_of_observations(CustomEvents(scenario), observations)
            rates["by hand"].append(events / emitted)
            service = RustService(rust_program(REGISTRY), scenario.glean, b"secret", "per-device")
            rates["requests"].append(events / seconds_of_requests(service, requests))
    print(f"{events} events, {REPEATS} rounds; events/s of wall time, median (lowest to highest)")
    for name, mine in rates.items():
        ratios = [rate / base for rate, base in zip(mine, rates["bare"], strict=True)]
        print(f"{name:13} {spread(mine, ',.0f')}   ratio to bare {spread(ratios, '.2f')}")
    print(f"goal: {GOAL} of the bare logger's rate")


if __name__ == "__main__":
    main()
