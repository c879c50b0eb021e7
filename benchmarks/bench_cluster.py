"""What a Dask cluster adds, and how a run scales with its workers: one run, done in four ways.

On one machine by one process and by two, and on a cluster of one worker and of two, all on this
machine, in turn; processes and workers are started beforehand where they can be. A share of the
scenario `production-day` through options A and C. Each round checks that all ways give the same
results, byte for byte. Prints seconds, for the whole run and for its traffic alone, which is the
part that is spread most, and how many times as fast as by one process (median, lowest to highest).

    python benchmarks/bench_cluster.py
    python benchmarks/bench_cluster.py --share 0.02 --rounds 5
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from distributed import LocalCluster

from benchmarks.bench_day import users_of
from benchmarks.spread import spread
from dauexp.cluster import run_on
from dauexp.run import Progress, run
from dauexp.scenario import Scenario, load

STRATEGIES = ("glean", "statsd:field")
BASE = "1 process"


class Took(NamedTuple):
    """Seconds of a run."""

    whole: float
    traffic: float


Way = Callable[[Scenario, Path, Progress], Path]
"""Runs a scenario below a folder, and gives the run's."""


def alone(processes: int) -> Way:
    """By processes of this machine."""
    return lambda scenario, runs, progress: run(scenario, runs, processes, progress)


@contextmanager
def clustered(workers: int, folder: Path) -> Iterator[Way]:
    """By a cluster of so many workers, which are there beforehand."""
    with LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        dashboard_address=":0",
        local_directory=str(folder),
    ) as cluster:

        def way(scenario: Scenario, runs: Path, progress: Progress) -> Path:
            with run_on(cluster.scheduler_address, scenario, str(runs), progress) as done:
                return done

        yield way


def timed(way: Way, scenario: Scenario) -> tuple[Took, Mapping[str, bytes]]:
    """What a run took, and its results."""
    moments = []

    def progress(stage: str, done: int, steps: int) -> None:
        if stage == "traffic" and done in {0, steps}:
            moments.append(time.perf_counter())

    with TemporaryDirectory(prefix="dauexp-") as runs:
        began = time.perf_counter()
        folder = way(scenario, Path(runs), progress)
        whole = time.perf_counter() - began
        results = {path.name: path.read_bytes() for path in folder.glob("results/*.parquet")}
    return Took(whole, moments[-1] - moments[0]), results


def main() -> None:
    """Runs all ways in turn, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=0.01, help="of the day's users")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    chosen = ", ".join(f'"{each}"' for each in STRATEGIES)
    changes = [
        f"traffic.users={users_of(options.share)}",
        f"strategies=[{chosen}]",
        "experiments.run=[]",
    ]
    scenario = load("production-day", changes)
    took: dict[str, list[Took]] = {}
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(TemporaryDirectory(prefix="dask-")))
        ways = {
            BASE: alone(1),
            "2 processes": alone(2),
            "a cluster of 1 worker": stack.enter_context(clustered(1, scratch)),
            "a cluster of 2 workers": stack.enter_context(clustered(2, scratch)),
        }
        for _ in range(options.rounds):
            found = []
            for name, way in ways.items():
                seconds, results = timed(way, scenario)
                took.setdefault(name, []).append(seconds)
                found.append(results)
            assert all(each == found[0] != {} for each in found), "the ways' results differ"
    print("| way | whole, s | times as fast | traffic, s | times as fast |")
    print("|---|---|---|---|---|")
    for name, its in took.items():
        cells = [name]
        for of in range(len(Took._fields)):
            ratios = [base[of] / each[of] for base, each in zip(took[BASE], its, strict=True)]
            cells += [spread([each[of] for each in its], ".1f"), spread(ratios, ".2f")]
        print(f"| {' | '.join(cells)} |")
    print(f"\n{options.share:g} of the day, {options.rounds} rounds; all results equal")


if __name__ == "__main__":
    main()
