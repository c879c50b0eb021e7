"""The sensitivity sweep: how long its scenarios take, and where the time of one goes.

python benchmarks/bench_sweep.py            # some minutes: 20 of the 200 scenarios
python benchmarks/bench_sweep.py --full     # all of them, as `dauexp sweep sensitivity`
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.compute as pc

from dauexp.results import result
from dauexp.sweep import load_sweep, run_sweep

PROCESSES = os.cpu_count() or 1
PART = 20
GOAL_SECONDS = 15 * 60
"""For the 200 scenarios, on two cores."""


def main(arguments: list[str]) -> None:
    """Prints the table."""
    sweep, base = load_sweep("sensitivity")
    assert sweep.sample
    whole = sweep.sample.count
    count = whole if "--full" in arguments else PART
    sample = sweep.sample.model_copy(update={"count": count})
    with TemporaryDirectory(prefix="dauexp-bench-") as runs:
        started = time.perf_counter()
        folder = run_sweep(sweep.model_copy(update={"sample": sample}), base, Path(runs), PROCESSES)
        seconds = time.perf_counter() - started
        points, cost = result(folder, "runs"), result(folder, "cost")
        ledger = result(folder, "ledger")
        requests = pc.sum(ledger.filter(pc.field("account") == "generated")["count"])
        contenders = ledger.group_by(["option", "strategy"]).aggregate([]).num_rows
        failed = pc.sum(pc.not_equal(result(folder, "points")["failed"], "")).as_py()
    cpu = points["cpu_seconds"]
    print(f"{count} scenarios, {PROCESSES} processes, {contenders} contenders, {failed} failed")
    expected = seconds / count * whole / 60
    print(f"  wall time            {seconds:8.1f} s, {expected:.1f} min for {whole}")
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


if __name__ == "__main__":
    main(sys.argv[1:])
