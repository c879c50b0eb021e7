"""The tables of a report: as they are shown, as they are sorted, where each number came from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import pandas as pd

from dauexp.questions import catalogue
from dauexp.report.frames import Frames, contenders, ordered
from dauexp.report.rules import tables as tables_of
from dauexp.report.scorecard import measures, scorecard
from dauexp.report.table import Column, Form, Table, key, number, rows
from dauexp.report.weighing import Outcome
from dauexp.report.weights import weighed_tables
from dauexp.report.words import percent


def tables(run: Frames, outcome: Outcome | None) -> list[Table]:
    """The tables for which a run has the numbers, in the order of the report."""
    made = [_scorecard(run), _errors(run)]
    made += weighed_tables(run, outcome) if outcome else []
    made += [_complexity(run)] if "complexity" in run else []
    made += [_load(run)] if "load" in run else []
    made += [_capacity(run)] if "capacity" in run else []
    return made


def _scorecard(run: Frames) -> Table:
    known = {each.name: each for each in measures(run)}
    card = scorecard(run)
    terms = {name: each.term.replace("{who}", "{row}") for name, each in known.items()}
    who = contenders(run)[["option", "strategy"]].to_dict("records")
    asked = [name for each in known.values() for name in tables_of(each.of("", ""))]
    return Table(
        "scorecard",
        "What each contender gives, and what it costs",
        tuple(Column(str(name), terms.get(str(name), "")) for name in card.columns),
        rows(card, {name: _error if "error" in name else number for name in known}, _keys(who)),
        tuple(dict.fromkeys(asked)),
        "by the option and strategy of the contender",
    )


class _Shown(NamedTuple):
    """A column of a stored table, shown as it is."""

    column: str
    name: str
    form: Form


def _error(value: float) -> str:
    return "cannot be asked" if math.isnan(value) else percent(value).lstrip("+")


_QUERY: Final = ("option", "strategy", "question", "variant", "language")
"""The columns that tell one query from all others."""

_ERRORS: Final = (
    _Shown("days_answered", "days answered", number),
    _Shown("mean_relative_error", "mean error", percent),
    _Shown("lowest_relative_error", "lowest error", percent),
    _Shown("highest_relative_error", "highest error", percent),
)

_COMPLEXITY: Final = (
    _Shown("lines", "lines", number),
    _Shown("volume_bits", "volume (bits)", number),
    _Shown("difficulty", "difficulty", number),
    _Shown("constants", "constants", number),
    _Shown("nodes", "nodes", number),
    _Shown("depth", "depth", number),
    _Shown("joins", "joins", number),
    _Shown("subqueries", "subqueries", number),
    _Shown("aggregations", "aggregations", number),
)

_REPLAY: Final = ("option", "strategy", "settings", "receiver")
"""The columns that tell what was replayed, and to whom."""

_DELAYS: Final = (
    _Shown("latency_p50_us", "p50 (\N{MICRO SIGN}s)", number),
    _Shown("latency_p99_us", "p99 (\N{MICRO SIGN}s)", number),
    _Shown("latency_max_us", "max (\N{MICRO SIGN}s)", number),
)

_SPENT: Final = (
    _Shown("emit_cpu_seconds", "CPU of emission (s)", number),
    _Shown("receiver_cpu_seconds", "CPU of receiver (s)", number),
    _Shown("receiver_peak_bytes", "memory of receiver (bytes)", number),
)

_LOAD: Final = (
    _Shown("sent_per_second", "sent a second", number),
    _Shown("sent", "sent", number),
    _Shown("lost", "lost", number),
    *_DELAYS,
    *_SPENT,
)

_CAPACITY: Final = (
    _Shown("seconds", "for (s)", number),
    _Shown("held_per_second", "held a second", number),
    _Shown("not_held_per_second", "not held a second", number),
    *_DELAYS,
    *_SPENT,
)


def _errors(run: Frames) -> Table:
    order = {name: n for n, name in enumerate([*catalogue(), *contenders(run)["contender"]])}
    stored = run["accuracy_summary"].sort_values(
        ["question", "contender"], key=lambda column: column.map(order), kind="stable"
    )
    return _stored(
        "accuracy_summary",
        "Error of every query, over the days that it answered",
        stored,
        ("contender", "question", "segment", "query"),
        (*_QUERY, "segment"),
        _ERRORS,
        name="errors",
    )


def _complexity(run: Frames) -> Table:
    return _stored(
        "complexity",
        "Complexity of every query file",
        run["complexity"],
        ("contender", "question", "query"),
        _QUERY,
        _COMPLEXITY,
    )


def _load(run: Frames) -> Table:
    return _stored(
        "load",
        "Requests replayed in real time: what each way lost, how late it was, what it spent",
        ordered(run, "load"),
        ("contender", "settings", "receiver", "pace"),
        (*_REPLAY, "pace"),
        _LOAD,
    )


def _capacity(run: Frames) -> Table:
    found = ordered(run, "capacity")
    stored = found.assign(limit=found["limit"].fillna("none was found"))
    return _stored(
        "capacity",
        "The highest rate that each way held without loss, and what gave way above it",
        stored,
        ("contender", "settings", "receiver", "limit"),
        _REPLAY,
        _CAPACITY,
    )


def _stored(
    table: str,
    caption: str,
    stored: pd.DataFrame,
    words: Sequence[str],
    found_by: Sequence[str],
    shown: Sequence[_Shown],
    name: str = "",
) -> Table:
    """All rows of a stored table, one row each, found by the columns that tell it from others. Its
    `name` in the report is that of the stored one, if no other is given."""
    names = {each.column: each.name for each in shown}
    query = " (a query is VARIANT.LANGUAGE)" if "query" in words else ""
    return Table(
        name or table,
        caption,
        (
            *map(Column, words),
            *(Column(each.name, f"mean({table}.{each.column}, {{row}})") for each in shown),
        ),
        rows(
            stored[[*words, *names]].rename(columns=names),
            {each.name: each.form for each in shown},
            _keys(stored[list(found_by)].to_dict("records")),
        ),
        (table,),
        f"all rows, each found by {', '.join(found_by)}{query}",
    )


def _keys(records: Sequence[dict[object, object]]) -> list[str]:
    """Rows by what finds them, as rules write it."""
    return [key({str(name): value for name, value in record.items()}) for record in records]
