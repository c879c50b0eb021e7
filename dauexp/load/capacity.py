"""The highest rate that a way holds without loss, found by bisection."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import pyarrow as pa

from dauexp.load.pacing import Pace
from dauexp.load.trial import Trials, kept_up

CAPACITY: Final = pa.schema(
    [
        pa.field("option", pa.string(), nullable=False),
        pa.field("strategy", pa.string(), nullable=False),
        pa.field("settings", pa.string(), nullable=False),
        pa.field("receiver", pa.string(), nullable=False),
        pa.field("seconds", pa.float64(), nullable=False),
        pa.field("held_per_second", pa.float64()),
        pa.field("not_held_per_second", pa.float64()),
        pa.field("limit", pa.string()),
        pa.field("latency_p50_us", pa.float64()),
        pa.field("latency_p99_us", pa.float64()),
        pa.field("latency_max_us", pa.float64()),
        pa.field("emit_cpu_seconds", pa.float64()),
        pa.field("receiver_cpu_seconds", pa.float64()),
        pa.field("receiver_peak_bytes", pa.int64()),
        pa.field("trials", pa.int64(), nullable=False),
        pa.field("cores", pa.int64(), nullable=False),
    ]
)
"""One row an option, strategy, settings and receiver: the highest rate that was held for so many
seconds, with the figures of that trial (null where none was), and the lowest that was not, with
what gave way there (null where all were held). Rates are in requests a second."""

LOST: Final = "requests were lost"
LATE: Final = "the sender fell behind"

PRECISION: Final = 1.1
"""The lowest rate not held over the highest one held, at which the search ends."""

LEAST: Final = 1.0
MOST: Final = 1e7
"""Rates beyond which no one looks, in requests a second."""


class Bounds(NamedTuple):
    """Between which rates the highest that holds lies."""

    held: float | None
    not_held: float | None


def bisect(holds: Callable[[float], bool], start: float, precision: float = PRECISION) -> Bounds:
    """Doubles or halves the rate until one is held and one is not, then bisects geometrically.

    `holds` need not be monotonic, as a machine is not: each bound is a rate that was tried.
    """
    held: float | None = None
    not_held: float | None = None
    rate = start
    while LEAST <= rate <= MOST:
        if holds(rate):
            held = rate
        else:
            not_held = rate
        if held is None:
            rate /= 2
        elif not_held is None:
            rate *= 2
        elif not_held / held <= precision:
            break
        else:
            rate = math.sqrt(held * not_held)
    return Bounds(held, not_held)


def gave_way(row: Mapping[str, Any]) -> str | None:
    """What gave way in a trial, a row of `LOAD`; None where it was held."""
    if row["lost"]:
        return LOST
    return None if kept_up(row) else LATE


def capacity(
    trials: Trials, start: float, seconds: float, tell: Callable[[float], None]
) -> dict[str, Any]:
    """A row of `CAPACITY`, searched from the rate `start`; `tell` is told each rate to be tried."""
    rows: dict[float, dict[str, Any]] = {}

    def holds(rate: float) -> bool:
        tell(rate)
        rows[rate] = trials.trial(Pace(f"{rate:.0f}/s", rate), max(1, round(rate * seconds)))
        return gave_way(rows[rate]) is None

    bounds = bisect(holds, start)
    any_row = next(iter(rows.values()))
    best = rows[bounds.held] if bounds.held else dict.fromkeys(any_row)
    return {
        **{name: best.get(name) for name in CAPACITY.names},
        **{name: any_row[name] for name in ("option", "strategy", "settings", "receiver", "cores")},
        "seconds": seconds,
        "held_per_second": bounds.held,
        "not_held_per_second": bounds.not_held,
        "limit": gave_way(rows[bounds.not_held]) if bounds.not_held else None,
        "trials": len(rows),
    }
