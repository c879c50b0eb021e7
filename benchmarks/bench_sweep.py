"""The sensitivity sweep: how long its scenarios take, where the time of one goes, and whether the
order of the options is the same in all.

python benchmarks/bench_sweep.py                  # some minutes: 20 of the 200 scenarios
python benchmarks/bench_sweep.py --full           # all of them, as `dauexp sweep sensitivity`
python benchmarks/bench_sweep.py --keep FOLDER    # keeps the sweep there, and goes on with one
"""

from __future__ import annotations

import os
import time
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.compute as pc

from dauexp.report.frames import frames
from dauexp.report.swept import found
from dauexp.results import result
from dauexp.sweep import load_sweep, run_sweep
from dauexp.sweep.summary import told

PROCESSES = os.cpu_count() or 1
PART = 20
GOAL_SECONDS = 15 * 60
"""For the 200 scenarios, on two cores."""


def main() -> None:
    """Prints the table, then how stable the order is."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="all scenarios, not a tenth")
    parser.add_argument("--keep", type=Path, help="folder of runs that keeps the sweep")
    arguments = parser.parse_args()
    if arguments.keep:
        measured(arguments.keep, full=arguments.full)
    else:
        with TemporaryDirectory(prefix="dauexp-bench-") as runs:
            measured(Path(runs), full=arguments.full)


def measured(runs: Path, *, full: bool) -> None:
    """Runs what a folder of runs lacks of the sweep, and prints what it took and what it says."""
    sweep, base = load_sweep("sensitivity")
    assert sweep.sample
    whole = sweep.sample.count
    count = whole if full else PART
    sample = sweep.sample.model_copy(update={"count": count})
    steps = [0]

    def progress(_: str, __: int, total: int) -> None:
        steps.append(total)

    started = time.perf_counter()
    folder = run_sweep(
        sweep.model_copy(update={"sample": sample}), base, runs, PROCESSES, progress=progress
    )
    seconds = time.perf_counter() - started
    print_times(folder, seconds, max(steps), count, whole)
    print_stability(folder)


def print_times(folder: Path, seconds: float, made: int, count: int, whole: int) -> None:
    """What the scenarios took: those `made` now by the clock, all by their CPU time."""
    points, cost = result(folder, "runs"), result(folder, "cost")
    ledger = result(folder, "ledger")
    requests = pc.sum(ledger.filter(pc.field("account") == "generated")["count"])
    contenders = ledger.group_by(["option", "strategy"]).aggregate([]).num_rows
    failed = pc.sum(pc.not_equal(result(folder, "points")["failed"], "")).as_py()
    cpu = points["cpu_seconds"]
    print(f"{count} scenarios, {PROCESSES} processes, {contenders} contenders, {failed} failed")
    if made:
        expected = f", {seconds / made * whole / 60:.1f} min for {whole}"
        print(f"  wall time            {seconds:8.1f} s for {made} that were missing{expected}")
    print(f"  the goal for {whole}     {GOAL_SECONDS / 60:8.1f} min")
    print(f"  requests a scenario  {requests.as_py() / contenders / count:8,.0f}")
    print(
        f"  CPU a scenario       {pc.mean(cpu).as_py():8.1f} s "
        f"({pc.min(cpu).as_py():.1f} to {pc.max(cpu).as_py():.1f})"
    )
    carried = sum(
        pc.sum(cost[f"{stage}_cpu_seconds"]).as_py() for stage in ("emit", "channel", "collect")
    )
    print(f"  of it carrying       {carried / pc.sum(cpu).as_py():8.0%} (emit, channel, collect)")


def print_stability(folder: Path) -> None:
    """Who is nearer the truth in which share of the scenarios, and what decides it."""
    rows = told(folder)
    for row in rows:
        shares = " ".join(f"{name} {row[name]:>4}" for name in ("nearer", "equal", "farther"))
        who = next(str(value) for name, value in row.items() if name.endswith(" against"))
        print(f"  {row['question']!s:4} against {who:18} {shares}  {row['what decides it']}")
    for sentence in found(frames(folder)):
        print(f"  {sentence}")
    print(f"  the sweep is in {folder}")


if __name__ == "__main__":
    main()
