"""A day of production through the options, each alone: from requests to answers.

The scenario `production-day` (273.6 million requests of 15 million active users) through options A
and B with their emitters in Rust, generated and by hand, and through C by `set` and by `field`;
every document validated, none counted twice. Each is a whole run in a process tree of its own,
which is watched. What is in Rust is built beforehand. A share of the day has so many fewer users;
then time and disk are compared with that share of the goals, memory with all of it.

With `--keep` runs stay in that folder, and go on there after a kill: their times add up, but for
what the kill undid.

    python benchmarks/bench_day.py                      # a hundredth of the day
    python benchmarks/bench_day.py --share 1 --keep day # the whole day: hours, some 40 GiB of disk
    python benchmarks/bench_day.py --only glean
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks.watched import ANSWERED, Account, watched
from dauexp.scenario import Scenario, load

MIB, GIB = 1 << 20, 1 << 30

MEMORY_GOAL = 4 * GIB
DISK_GOAL = 40 * GIB


class Way(NamedTuple):
    """What of the scenario is changed for a contender, and its goal from requests to answers."""

    changes: tuple[str, ...]
    goal_minutes: float


IN_RUST = ("glean.emitter=rust", "glean.decoder=rust")
"""What of a scenario is changed for A and B at their fastest."""

WAYS: Mapping[str, Way] = {
    "glean": Way(IN_RUST, 30),
    "custom": Way(IN_RUST, 60),
    "statsd:set": Way((), 60),
    "statsd:field": Way((), 60),
}

STAGES = (*ANSWERED, "rest")

COLUMNS = (
    "contender",
    "requests",
    *(f"{stage}, s (MiB)" for stage in STAGES),
    "to answers, min",
    "the whole day, min (goal)",
    "CPU, µs a request",
    "memory, MiB (each page once)",
    "disk, GiB (the whole day)",
    "worst error of DAU",
    "sittings",
    "goals",
)


def users_of(share: float) -> int:
    """The users of a share of the day."""
    return max(1, round(share * load("production-day").traffic.users))


def scenario(label: str, share: float) -> Scenario:
    """A share of the day, for one contender alone."""
    alone = [f"traffic.users={users_of(share)}", f'strategies=["{label}"]', "experiments.run=[]"]
    return load("production-day", [*alone, *WAYS[label].changes])


def row(label: str, share: float, account: Account) -> list[str]:
    """A row of the table. A share's time and disk are taken to grow with the requests."""
    assert account.requests
    used = account.of()
    minutes = account.of(*ANSWERED).seconds / 60
    whole_minutes, whole_disk = minutes / share, used.disk_bytes / share
    goal = WAYS[label].goal_minutes
    met = {
        "time": whole_minutes <= goal,
        "memory": used.resident_bytes < MEMORY_GOAL,
        "disk": whole_disk < DISK_GOAL,
    }
    missed = [name for name, so in met.items() if not so]
    return [
        label,
        f"{account.requests:,}",
        *(
            f"{its.seconds:,.1f} ({its.resident_bytes / MIB:,.0f})"
            for its in map(account.of, STAGES)
        ),
        f"{minutes:.1f}",
        f"{whole_minutes:.1f} ({goal:.0f})",
        f"{1e6 * used.cpu_seconds / account.requests:.1f}",
        f"{used.resident_bytes / MIB:,.0f} ({used.proportional_bytes / MIB:,.0f})",
        f"{used.disk_bytes / GIB:.2f} ({whole_disk / GIB:.1f})",
        f"{account.worst_error:.2%}",
        str(account.sittings),
        f"missed: {', '.join(missed)}" if missed else "met",
    ]


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=0.01, help="of the day's users")
    parser.add_argument("--only", choices=[*WAYS], action="append", help="a contender; repeatable")
    parser.add_argument("--keep", type=Path, help="folder that keeps the runs")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}", flush=True)
    for label in options.only or WAYS:
        with ExitStack() as stack:
            runs = options.keep or Path(stack.enter_context(TemporaryDirectory(prefix="dauexp-")))
            account = watched(scenario(label, options.share), runs, options.processes)
        print(f"| {' | '.join(row(label, options.share, account))} |", flush=True)
    print(
        f"\n{options.processes} processes, {options.share:g} of the day; goals beside the time: "
        f"{MEMORY_GOAL // GIB} GiB of memory, {DISK_GOAL // GIB} GiB of disk"
    )


if __name__ == "__main__":
    main()
