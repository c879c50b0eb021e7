"""Measures more on a finished run: a load in real time, the growth of its queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dauexp.commands.printing import Bars, print_rows
from dauexp.errors import BadInput
from dauexp.load import capacity as measure_capacity
from dauexp.load import load as measure_load
from dauexp.load import paces
from dauexp.load.pacing import per_second
from dauexp.options import Contender, contenders
from dauexp.report.frames import USERS, label
from dauexp.scenario import parsed


def load(
    folder: Path,
    contender: str,
    rate: str,
    multiples: str,
    seconds: float,
    server: str,
    changes: Sequence[str],
    *,
    as_json: bool,
) -> None:
    """Replays requests of a run in real time and prints what was sent, received and lost."""
    chosen, every, settings = _one(contender), paces(rate, multiples), dict(map(parsed, changes))
    with Bars() as bars:
        measured = measure_load(folder, chosen, every, seconds, server, bars, settings)
    rows = measured.to_pylist()
    print_rows(rows if as_json else map(_told, rows), as_json=as_json)


def capacity(
    folder: Path,
    contender: str,
    start: str,
    seconds: float,
    server: str,
    changes: Sequence[str],
    *,
    as_json: bool,
) -> None:
    """Searches for the highest rate that is held, and prints it."""
    chosen, settings = _one(contender), dict(map(parsed, changes))
    rate = per_second(start, "--from")
    with Bars() as bars:
        measured = measure_capacity(folder, chosen, rate, seconds, server, bars, settings)
    rows = measured.to_pylist()
    print_rows(rows if as_json else map(_held, rows), as_json=as_json)


def days_seen(folder: Path, repeats: int, *, as_json: bool) -> None:
    """Asks both ways for each day, and prints what a day costs each at the end of the run."""
    from dauexp.growth.lastseen import days_seen as compare
    from dauexp.growth.lastseen import of_last_day

    with Bars() as bars:
        _, costs = compare(folder, repeats, bars)
    print_rows(costs.to_pylist() if as_json else map(_day, of_last_day(costs)), as_json=as_json)


def _one(contender: str) -> Contender:
    """The contender of a label that means one alone."""
    chosen = contenders([contender])
    if len(chosen) > 1:
        labels = ", ".join(each.label for each in chosen)
        raise BadInput(f"--option {contender!r} has several strategies: give one of {labels}")
    return chosen[0]


def _told(row: Mapping[str, Any]) -> dict[str, object]:
    """A row of a load, in few columns for a person."""
    return {
        "to": row["receiver"],
        "pace": row["pace"],
        "sent/s": f"{row['sent_per_second']:,.0f}",
        "sent": f"{row['sent']:,}",
        "received": f"{row['received']:,}",
        "lost": f"{row['lost']:,} ({row['lost_share']:.2%})",
        "kernel drops": "" if row["kernel_drops"] is None else f"{row['kernel_drops']:,}",
        "p50, p99": _delays(row),
    }


def _held(row: Mapping[str, Any]) -> dict[str, object]:
    """A row of a capacity, in few columns for a person."""
    held, not_held = row["held_per_second"], row["not_held_per_second"]
    return {
        "to": row["receiver"],
        "held": "none" if held is None else f"{held:,.0f}/s for {row['seconds']:g} s",
        "not held": "none tried" if not_held is None else f"{not_held:,.0f}/s: {row['limit']}",
        "p50, p99": _delays(row),
        "trials": row["trials"],
    }


def _delays(row: Mapping[str, Any]) -> str:
    delays = (row["latency_p50_us"], row["latency_p99_us"])
    return "" if None in delays else "{:,.0f}, {:,.0f} \N{MICRO SIGN}s".format(*delays)


def growth(
    folder: Path,
    levels: Mapping[str, str],
    questions: Sequence[str],
    changes: Sequence[str],
    repeats: int,
    processes: int,
    *,
    as_json: bool,
) -> None:
    """Measures how the cost of each query grows, and prints the exponents."""
    from dauexp.growth import growth as measure_growth
    from dauexp.growth.grid import numbers

    settings = {factor: numbers(text, factor) for factor, text in levels.items()}
    asked = questions or list(USERS)
    with Bars() as bars:
        changed = dict(map(parsed, changes))
        fitted = measure_growth(folder, settings, asked, changed, repeats, processes, bars)
    rows = fitted.to_pylist()
    print_rows(rows if as_json else map(_grown, rows), as_json=as_json, width=160)


def _day(row: Mapping[str, Any]) -> dict[str, object]:
    """A row of the cost of a day, in few columns for a person."""
    return {
        "question": row["question"],
        "way": row["way"],
        "rows read": f"{row['rows_read']:,.0f}",
        "bytes read": f"{row['bytes_read']:,.0f}",
        "time": f"{1000 * row['time_seconds']:.1f} ms",
    }


def _grown(row: Mapping[str, Any]) -> dict[str, object]:
    """A row of fits, in few columns for a person."""
    between = "" if row["low"] is None else f"{row['low']:.2f} to {row['high']:.2f}"
    return {
        "of": label(row["option"], row["strategy"]),
        "question": ".".join(filter(None, (row["question"], row["variant"], row["language"]))),
        "measure": row["measure"],
        "by": row["factor"],
        "exponent": f"{row['exponent']:.2f}",
        "95 % interval": between,
    }
