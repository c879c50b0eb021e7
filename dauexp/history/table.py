"""The history as rows: of measures for programs, of contenders for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dauexp.history import Entry
from dauexp.history.drift import drifts
from dauexp.history.page import TITLES, split


def measure_rows(entries: Sequence[Entry]) -> Iterator[dict[str, object]]:
    """One row a run and measure; `drifts_from` is what was usual, where it drifts."""
    usual = {(each.run, each.measure): each.usual for each in drifts(entries)}
    for entry in entries:
        for measure, value in entry.measures.items():
            yield {
                "run": entry.run,
                "started": entry.started,
                "scenario": entry.scenario,
                "version": entry.version,
                "measure": measure,
                "value": value,
                "drifts_from": usual.get((entry.run, measure)),
            }


def contender_rows(entries: Sequence[Entry]) -> Iterator[dict[str, object]]:
    """One row a run and contender, and one for the whole run, a column a kind of measure; what
    drifts says from where."""
    usual = {(each.run, each.measure): each.usual for each in drifts(entries)}
    for entry in entries:
        cells: dict[str, dict[str, str]] = {}
        for measure, value in entry.measures.items():
            kind, whose = split(measure)
            before = usual.get((entry.run, measure))
            drift = "" if before is None else f" (drifts from {before:.4g})"
            cells.setdefault(whose, {})[kind] = f"{value:.4g}{drift}"
        for whose, of_it in cells.items():
            yield {
                "run": entry.run,
                "version": entry.version,
                "of": whose,
                **{kind: of_it.get(kind, "") for kind in TITLES},
            }
