"""How the queries' cost grows: `dauexp growth` on a run of its own, minutes on an idle machine.

Prints the exponents of time, and of bytes read, by what grows, with their 95% intervals.

Usage: bench_growth.py [RUNS]: the folder below which runs are kept, or else a temporary one, which
is removed again.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from dauexp.growth import growth
from dauexp.growth.grid import USUAL
from dauexp.results import result
from dauexp.run import run
from dauexp.scenario import load

QUERY = ["option", "strategy", "question", "variant", "language"]
QUESTIONS = ("dau", "wau", "mau", "stickiness")


def main(runs: Path) -> None:
    """Measures and prints the exponents."""
    begun = time.perf_counter()
    folder = run(load("quick", ["traffic.users=200"]), runs)
    growth(folder, USUAL, QUESTIONS)
    for measure in ("time_seconds", "bytes_read"):
        print(f"{measure}\n{exponents(folder, measure)}")
    print(f"{time.perf_counter() - begun:.0f} s")


def exponents(folder: Path, measure: str) -> str:
    """The exponents of a measure: a row a query, a column a factor."""
    fits = result(folder, "growth_fit").to_pandas()
    fits = fits[fits["measure"] == measure]
    fits["query"] = fits[QUERY].agg(" ".join, axis=1).str.split().str.join(" ")
    fits["said"] = fits.apply("{exponent:.2f} ({low:.2f} to {high:.2f})".format_map, axis=1)
    return str(fits.pivot(index="query", columns="factor", values="said").to_string())


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as scratch:
            main(Path(scratch))
