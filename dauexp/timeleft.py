"""How long a stage still takes, as far as that can be known by now.

It is told from the time between the latest steps, so it follows a change of speed. It is told only
where twice its standard error is small beside it: with steps that come one after another at random
that is so after some dozens of them, and never for a stage of few steps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean, stdev

LATEST = 100
"""So many steps, at most, are looked at."""
FEWEST = 10
"""With fewer, their scatter is not known."""
MOST_ERROR = 1 / 3
"""Of the time that is told, as a share of it."""
MOST_SECONDS = 10.0
"""An error that does not matter."""


def time_left(ends: Sequence[float], steps: int) -> float | None:
    """Seconds from the latest end of a step until the stage ends; None where too little is known.

    Args:
        ends: when the stage began, then when each step that was done ended, in seconds, ascending.
        steps: of the stage, of which one of these is done.
    """
    left = steps - (len(ends) - 1)
    if left <= 0:
        return 0.0
    # The first steps take longer, since processes have to start: the first half is left out.
    latest = ends[max(len(ends) // 2, len(ends) - 1 - LATEST) :]
    gaps = [after - before for before, after in pairwise(latest)]
    if len(gaps) < FEWEST:
        return None
    seconds = left * fmean(gaps)
    error = 2 * stdev(gaps) * math.sqrt(left + left**2 / len(gaps))
    return seconds if error <= max(MOST_ERROR * seconds, MOST_SECONDS) else None


def told(seconds: float | None) -> str:
    """A time that is left in words, no finer than it is known; empty where it is not."""
    if seconds is None:
        return ""
    if seconds < 55:
        return f"about {max(10, 10 * round(seconds / 10))} s left"
    if seconds < 99 * 60:
        return f"about {round(seconds / 60) or 1} min left"
    return f"about {seconds / 3600:.1f} h left"
