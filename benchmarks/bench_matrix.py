"""The whole matrix: every question asked of every contender in each language that it is stored for.

The default scenario runs once, with every strategy of every option (`--set` changes it). Then all
stores are asked all questions, as a run does: on 2 processes, a contender each, in `--rounds`
rounds after one to warm up. Prints the wall time of a round (median, lowest to highest) and the ten
answers that took longest, each by the median of its rounds.

    python benchmarks/bench_matrix.py
    python benchmarks/bench_matrix.py --set traffic.users=1000 --rounds 2
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import NamedTuple

from dauexp.asking import parameters_of
from dauexp.options import Contender, contenders
from dauexp.pool import Pool
from dauexp.questions import ask, queries
from dauexp.results import result
from dauexp.run import run, silent
from dauexp.scenario import Scenario, load
from dauexp.traffic.truth import Calibration
from dauexp.unit import Places

GOAL_SECONDS = 60
SLOWEST = 10


class Asked(NamedTuple):
    """An answer, by what was asked, and the seconds it took."""

    what: str
    seconds: float


def asked(scenario: Scenario, folder: Path, contender: Contender) -> list[Asked]:
    """Each query of a contender that its embedded store can run, asked once."""
    strategy = contender.strategy(scenario)
    earlier = Calibration.from_table(result(folder, "calibration"))
    named = parameters_of(scenario, folder, earlier, strategy)
    found = []
    with strategy.database(Places(folder).store(contender)) as database:
        for query in queries(strategy.queries):
            if query.possible and query.language in database.languages:
                begun = time.perf_counter()
                ask(query, database, named)
                seconds = time.perf_counter() - begun
                found.append(Asked(f"{contender.label} {query.path.name}", seconds))
    return found


def main() -> None:
    """Runs, asks in rounds, and prints what it took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    options = parser.parse_args()
    every = [each.label for each in contenders()]
    quick = [f"strategies={every}", "experiments.run=[]", "report.notebooks=[]"]
    scenario = load("default", [*quick, *options.set])
    rounds: list[float] = []
    each: defaultdict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as runs, Pool(2) as pool:
        folder = run(scenario, Path(runs), 2)
        chosen = contenders(scenario.strategies)
        for number in range(options.rounds + 1):
            begun = time.perf_counter()
            answers = pool.each("ask", partial(asked, scenario, folder), chosen, silent)
            taken = time.perf_counter() - begun
            if number:  # the first is for warming up
                rounds.append(taken)
                for answer in (one for many in answers for one in many):
                    each[answer.what].append(answer.seconds)
    print(f"{len(each)} queries of {len(chosen)} contenders, {options.rounds} rounds, 2 processes")
    spread = f"{statistics.median(rounds):.1f} s ({min(rounds):.1f} to {max(rounds):.1f})"
    print(f"the whole matrix {spread}; goal {GOAL_SECONDS} s")
    medians = {what: statistics.median(seconds) for what, seconds in each.items()}
    for what in sorted(medians, key=lambda name: -medians[name])[:SLOWEST]:
        print(f"    {medians[what]:6.2f} s  {what}")


if __name__ == "__main__":
    main()
