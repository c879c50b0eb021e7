"""Random numbers that are decided by seed, purpose, block and day alone.

NumPy's Philox is counter-based (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
SC11): the key holds seed and purpose, the high words of the counter hold block and day, so every
stream can be made again on its own, in any order and in any process.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt


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
    SAMPLING = 11
    OPT_OUT = 12
    SETTINGS = 13
    PERMUTATION = 14


DAY_ORIGIN = 1 << 20
"""Added to a day's offset from the first day, which is negative before it."""


def generator(seed: int, purpose: Purpose, block: int, day: int = 0) -> np.random.Generator:
    """The stream of one purpose for one block of users and one day (offset from the first day)."""
    return np.random.Generator(
        np.random.Philox(key=[seed, int(purpose)], counter=[0, 0, block, day + DAY_ORIGIN])
    )


def for_each(seed: int, purpose: Purpose, keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.float64]:
    """A number in [0, 1) for each key, decided by seed, purpose and key alone: for what must not
    depend on how requests are cut into blocks and batches.

    It is the output function of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom
    number generators", OOPSLA 2014) at the key, shifted by a number that seed and purpose decide.
    """
    state = keys + generator(seed, purpose, 0).integers(2**64, dtype=np.uint64)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    state ^= state >> np.uint64(31)
    return np.asarray((state >> np.uint64(11)) * 2.0**-53, np.float64)
