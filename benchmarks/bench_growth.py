"""How the queries' cost grows: `dauexp growth` on a run of its own, minutes on an idle machine.

Usage: bench_growth.py [RUNS]: the folder below which runs are kept, or else a temporary one, which
is removed again.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dauexp.growth import growth
from dauexp.growth.grid import USUAL
from dauexp.run import run
from dauexp.scenario import load

QUESTIONS = ("dau", "wau", "mau", "stickiness")


def main(runs: Path) -> None:
    """Measures and prints the exponents."""
    begun = time.perf_counter()
    folder = run(load("quick", ["traffic.users=200"]), runs)
    growth(folder, USUAL, QUESTIONS)
    shown = [sys.executable, "-m", "dauexp", "show", str(folder), "growth_fit"]
    subprocess.run(shown, check=True)
    print(f"{time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as scratch:
            main(Path(scratch))
