"""False alarms of the rule of drift, and how soon it finds a step, on simulated histories.

Run it: `.venv/bin/python benchmarks/drift_alarms.py`. The seeds are fixed, so it prints the same
numbers everywhere; those in docs/schedule.md are its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from dauexp.history.drift import drifting

Floats = npt.NDArray[np.float64]

NOISES: Final[Mapping[str, Callable[[np.random.Generator, tuple[int, int]], Floats]]] = {
    "none": lambda _, shape: np.zeros(shape),
    "normal": lambda random, shape: random.normal(0, 0.1, shape),
    "skewed (log-normal)": lambda random, shape: random.lognormal(0, 0.4, shape),
    "heavy-tailed (Student's t, 3)": lambda random, shape: 0.1 * random.standard_t(3, shape),
}
HISTORIES: Final = 1000
RUNS: Final = 60
STEP_AT: Final = 40
STEP_SPREADS: Final = 12
STEP_LEAST: Final = 0.02
"""The step where there is no noise, of values about 1."""


class Alarms(NamedTuple):
    """What the rule does on many histories with one kind of noise."""

    false: float
    """Share of the runs that drift although nothing changed."""
    found: float
    """Share of the histories in which a step is found on its second run."""


def alarms(noise: str) -> Alarms:
    """Simulates histories without a change, and as many with a step of 12 spreads, the spread being
    the scaled median absolute deviation of the noise."""
    steady, stepping = (
        1 + NOISES[noise](np.random.default_rng(seed), (HISTORIES, RUNS)) for seed in (1, 2)
    )
    spread = 1.4826 * np.median(np.abs(stepping - np.median(stepping)))
    stepping[:, STEP_AT:] += max(STEP_SPREADS * spread, STEP_LEAST)
    return Alarms(
        float(np.mean(drifting(steady))), float(np.mean(drifting(stepping)[:, STEP_AT + 1]))
    )


def table() -> str:
    """The table of docs/schedule.md, in Markdown."""
    rows = ["| noise | false alarms in 10,000 runs | steps found |", "|---|---|---|"]
    for noise in NOISES:
        found = alarms(noise)
        rows.append(f"| {noise} | {1e4 * found.false:.0f} | {found.found:.1%} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(table())
