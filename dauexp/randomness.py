"""Random numbers that are decided by seed, purpose, block and day alone.

NumPy's Philox is counter-based (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
SC11): the key holds seed and purpose, the high words of the counter hold block and day, so every
stream can be made again on its own, in any order and in any process.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """What random numbers are for; each purpose has streams of its own. Never renumber."""

    POPULATION = 1
    REQUESTS = 2
    LOSS = 3
    DUPLICATION = 4
    BURST = 5
    DELAY = 6
    REORDER = 7
    MALFORMED = 8
    TRUNCATED = 9
    RESTART = 10


DAY_ORIGIN = 1 << 20
"""Added to a day's offset from the first day, which is negative before it."""


def generator(seed: int, purpose: Purpose, block: int, day: int = 0) -> np.random.Generator:
    """The stream of one purpose for one block of users and one day (offset from the first day)."""
    return np.random.Generator(
        np.random.Philox(key=[seed, int(purpose)], counter=[0, 0, block, day + DAY_ORIGIN])
    )
