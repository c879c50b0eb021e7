"""How the cost of each option grows with the requests, by decades, and what breaks first.

Each option and strategy alone carries a day of production (the scenario `production-day`) of ever
more users: a thousandth of the record's 273.6 million requests, ten times as many, ..., each a
whole run in a process tree of its own. A run of a hundred users shows what is there whatever the
volume; what comes beyond it is fitted by a power law for each stage and measure. The laws are
extrapolated, with 95% intervals of the prediction, to ten times the users of the decision record,
and to a year of its days in one run; and to the volume at which each option first comes to a limit:
the memory or the disk of one machine, or a day's requests that take longer than a day. Prints the
tables of docs/performance.md.

    python benchmarks/bench_decades.py                              # up to a tenth of the day
    python benchmarks/bench_decades.py --most 2.736e8 --keep day    # hours; goes on after a kill
    python benchmarks/bench_decades.py --most 2.736e6 --only glean --only statsd:field

The whole days of `bench_day.py --share 1 --keep day` are runs of this benchmark, too, and are not
done again.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks.bench_day import IN_RUST
from benchmarks.watched import ANSWERED, Account, watched
from dauexp.measures.extrapolation import PowerLaw, breaks_first, power_law
from dauexp.options import contenders
from dauexp.scenario import Scenario, load

MIB, GIB = 1 << 20, 1 << 30
DAY_SECONDS = 86_400
DAY_REQUESTS = 273.6e6
"""The volume of the decision record."""

FIXED_USERS = 100
"""So few that all they cost is what a run costs whatever its volume."""

WAYS: Mapping[str, Sequence[str]] = {
    **{each.label: [f'strategies=["{each.label}"]'] for each in contenders()},
    **{f"{label}, in Rust": [f'strategies=["{label}"]', *IN_RUST] for label in ("glean", "custom")},
}
"""The contenders, each with what of the scenario is changed for it."""


class Measure(NamedTuple):
    """What is measured of a run."""

    unit: str
    of: Callable[[Account], float]


def seconds(*stages: str) -> Measure:
    """The time of some stages."""
    return Measure("s", lambda account: account.of(*stages).seconds)


MEASURES: Mapping[str, Measure] = {
    **{stage: seconds(stage) for stage in ANSWERED},
    "requests to answers": seconds(*ANSWERED),
    "peak memory": Measure("MiB", lambda account: account.of().resident_bytes / MIB),
    "peak disk": Measure("GiB", lambda account: account.of().disk_bytes / GIB),
    "stored": Measure("GiB", lambda account: account.stored_bytes / GIB),
}
MEMORY, DISK, TIME = "peak memory", "peak disk", "requests to answers"


class Run(NamedTuple):
    """A run that was measured."""

    requests: int
    values: Mapping[str, float]


def scenario(way: str, users: int, seed: int) -> Scenario:
    """A day of so many users, for one contender alone."""
    alone = [f"traffic.users={users}", f"seed={seed}", "experiments.run=[]"]
    return load("production-day", [*alone, *WAYS[way]])


def measured(way: str, users: int, seed: int, options: argparse.Namespace) -> Run:
    """What a run takes."""
    with ExitStack() as stack:
        runs = options.keep or Path(stack.enter_context(TemporaryDirectory(prefix="dauexp-")))
        account = watched(scenario(way, users, seed), runs, options.processes)
    assert account.requests is not None
    values = {name: measure.of(account) for name, measure in MEASURES.items()}
    print(f"{way}: {account.requests:,} requests in {values[TIME]:,.1f} s", flush=True)
    return Run(account.requests, values)


def laws(fixed: Run, runs: Sequence[Run]) -> dict[str, PowerLaw]:
    """The law of each measure that has one."""
    levels = [run.requests for run in runs]
    found = {
        name: power_law(levels, [run.values[name] for run in runs], fixed.values[name])
        for name in MEASURES
    }
    return {name: law for name, law in found.items() if law is not None}


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float) -> str:
    """Three digits that count."""
    if math.isinf(value):
        return "\N{INFINITY}"
    if not value:
        return "0"
    digits = 2 - math.floor(math.log10(abs(value)))
    return f"{round(value, digits):,.{max(digits, 0)}f}"


def law_rows(way: str, of: Mapping[str, PowerLaw]) -> list[list[str]]:
    """The exponents of a contender, and what they come to far beyond what was measured."""
    rows = []
    for name, law in of.items():
        unit = MEASURES[name].unit
        low, high = law.exponent_interval
        exponent = f"{law.exponent:.2f} ({low:.2f} to {high:.2f})"
        beyond = [
            f"{number(value)} ({number(lowest)} to {number(highest)}) {unit}"
            for value, lowest, highest in (law.at(times * DAY_REQUESTS) for times in (1, 10, 365))
        ]
        rows.append([way, name, exponent, f"{number(law.fixed)} {unit}", *beyond])
    return rows


def main() -> None:
    """Measures, and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--least", type=float, default=2.736e5, help="requests of the smallest")
    parser.add_argument("--most", type=float, default=2.736e7, help="requests of the largest")
    parser.add_argument("--rounds", type=int, default=1, help="runs a level, each of its own seed")
    parser.add_argument("--only", choices=[*WAYS], action="append", help="repeatable")
    parser.add_argument("--keep", type=Path, help="folder that keeps the runs")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--memory", type=float, default=24, help="limit, in GiB")
    parser.add_argument("--disk", type=float, default=250, help="limit, in GiB")
    options = parser.parse_args()
    whole = load("production-day").traffic
    decades = round(math.log10(options.most / options.least))
    levels = [options.least * 10**n for n in range(decades + 1)]
    limits = {TIME: DAY_SECONDS, MEMORY: options.memory * 1024, DISK: options.disk}
    raw, fitted, broken = [], [], []
    for way in options.only or WAYS:
        fixed = measured(way, FIXED_USERS, 1, options)
        runs = [
            measured(way, round(level / DAY_REQUESTS * whole.users), seed, options)
            for level in levels
            for seed in range(1, options.rounds + 1)
        ]
        for run in (fixed, *runs):
            told = (
                f"{number(run.values[name])} {measure.unit}" for name, measure in MEASURES.items()
            )
            raw.append([way, f"{run.requests:,}", *told])
        of = laws(fixed, runs)
        fitted += law_rows(way, of)
        limit, level = breaks_first(of, limits)
        broken.append([way, limit or "none", number(level), number(level / DAY_REQUESTS)])
    print(table(["contender", "requests", *MEASURES], raw), "\n")
    beyond = ["the record's day", "ten times the users", "a year in one run"]
    print(table(["contender", "measure", "exponent", "whatever the volume", *beyond], fitted), "\n")
    print(
        table(["contender", "breaks first by", "requests a day", "times the record's day"], broken)
    )
    print(
        f"\nlimits: {options.memory:g} GiB of memory, {options.disk:g} GiB of disk, a day's "
        f"requests answered within a day; {options.processes} processes"
    )


if __name__ == "__main__":
    main()
