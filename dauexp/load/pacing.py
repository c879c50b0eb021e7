"""Requests in real time: each is due at a moment of its own, whether the sender keeps up or not."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from dauexp.errors import BadInput

SECONDS: Final = {"s": 1, "min": 60, "h": 3600}

TOGETHER: Final = 1000
"""Requests that an unpaced sender, or one that is behind, takes at once."""

_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*(s|min|h)")


@dataclass(frozen=True)
class Pace:
    """How fast requests are due."""

    name: str
    per_second: float
    """Requests a second; infinite: as fast as the sender can."""

    @property
    def paced(self) -> bool:
        """Whether requests wait for their time."""
        return math.isfinite(self.per_second)


class Replayed(NamedTuple):
    """How a replay went."""

    seconds: float
    """From the first request's due time until the last was handed over."""
    cpu_seconds: float
    """Of this process, emission and sending together."""
    latency_seconds: npt.NDArray[np.float64] | None
    """From each request's due time until it was handed over; None where nothing was due. A sender
    that falls behind makes all who wait for it late, so none is left out (no coordinated
    omission)."""


def per_second(text: str, option: str = "--rate") -> float:
    """A rate such as `190000/min`, given as an option, in requests a second. Raises BadInput where
    it is none."""
    match = _RATE.fullmatch(text.strip())
    if not match or float(match[1]) <= 0:
        raise BadInput(f"{option} {text!r}: give a number a second, minute or hour, as 190000/min")
    return float(match[1]) / SECONDS[match[2]]


def paces(rate: str, multiples: str) -> list[Pace]:
    """The paces of a list such as `1,2,5,10,unpaced`, multiples of a rate. Raises BadInput where
    one is neither a positive number nor `unpaced`."""
    base, found = per_second(rate), []
    for each in (part.strip() for part in multiples.split(",")):
        if each == "unpaced":
            found.append(Pace(each, math.inf))
            continue
        try:
            factor = float(each)
        except ValueError:
            factor = math.nan
        if not (math.isfinite(factor) and factor > 0):
            raise BadInput(f"--multiples {each!r}: give positive numbers or `unpaced`, as 1,2,5")
        found.append(Pace(f"{factor:g}x", factor * base))
    return found


def replay(send: Callable[[int, int], None], requests: int, pace: Pace) -> Replayed:
    """Has `send` hand over the requests of each range [first, last) that is due, in order."""
    due = np.arange(requests) / pace.per_second
    handed = np.empty(requests)
    cpu, start = time.process_time(), time.perf_counter()
    done = 0
    while done < requests:
        now = time.perf_counter() - start
        ready = min(int(np.searchsorted(due, now, side="right")), done + TOGETHER)
        if ready == done:
            time.sleep(max(float(due[done]) - now, 0))
            continue
        send(done, ready)
        handed[done:ready] = time.perf_counter() - start
        done = ready
    seconds = time.perf_counter() - start
    latency = handed - due if pace.paced else None
    return Replayed(seconds, time.process_time() - cpu, latency)
