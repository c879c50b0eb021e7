"""The history as one page: a chart a measure, and a table of what drifts."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from dauexp.history import FILE, Entry
from dauexp.history.drift import Drift, drifts
from dauexp.report.html import rendered
from dauexp.report.plots.parts import WIDTH, colour, finished
from dauexp.report.render import Chart
from dauexp.report.table import Cell, Column, Row, Table, text

TITLES = {
    "error": "Mean absolute error of DAU",
    "wire bytes": "Bytes on the wire, a request",
    "cpu us": "CPU time, microseconds a request",
    "complexity": "Mean Halstead volume of the SQL queries, bits",
    "cpu seconds": "CPU time of the whole run, seconds",
}


def page(entries: Sequence[Entry]) -> str:
    """The page, which needs nothing else. The same history gives the same text."""
    found = drifts(entries)
    return rendered(
        "history.html.jinja",
        number=len(entries),
        first=entries[0].started,
        last=entries[-1].started,
        file=FILE,
        charts=[
            (kind.replace(" ", "-"), _chart(entries, found, kind, title), _caption(kind, title))
            for kind, title in TITLES.items()
        ],
        drifts=_drifts(found),
        runs=_runs(entries),
    )


def split(measure: str) -> tuple[str, str]:
    """The kind of a measure, and whose it is."""
    for kind in TITLES:
        if measure == kind or measure.startswith(f"{kind} "):
            return kind, measure.removeprefix(kind).strip() or "run"
    return measure, "run"


def _caption(kind: str, title: str) -> str:
    name = kind if kind == "cpu seconds" else f"{kind} CONTENDER"
    return f"{title}: measure \N{LEFT DOUBLE QUOTATION MARK}{name}\N{RIGHT DOUBLE QUOTATION MARK}."


def _drifts(found: Sequence[Drift]) -> Table:
    rows = [
        Row((text(each.run), text(each.measure), _number(each.value), _number(each.usual)))
        for each in found
    ]
    columns = tuple(map(Column, ("run", "measure", "value", "usual")))
    return Table("drift", "Measures that have left their course", columns, tuple(rows))


def _runs(entries: Sequence[Entry]) -> Table:
    rows = [
        Row(
            (
                Cell(f"{number}", float(number)),
                *map(text, (each.run, each.started, each.scenario, each.version)),
            )
        )
        for number, each in enumerate(entries, start=1)
    ]
    columns = tuple(map(Column, ("number", "run", "started", "scenario", "version")))
    return Table("runs", "Runs, numbered as in the charts", columns, tuple(rows))


def _number(value: float) -> Cell:
    return Cell(f"{value:.4g}", value)


def _chart(entries: Sequence[Entry], found: Sequence[Drift], kind: str, title: str) -> Chart:
    drifted = {(each.run, each.measure) for each in found}
    rows = [
        {
            "number": number,
            "run": entry.run,
            "value": value,
            "contender": split(name)[1],
            "drifts": (entry.run, name) in drifted,
        }
        for number, entry in enumerate(entries, start=1)
        for name, value in entry.measures.items()
        if split(name)[0] == kind
    ]
    table = pd.DataFrame(rows, columns=["number", "run", "value", "contender", "drifts"])
    who = table[["contender"]].drop_duplicates().assign(label=lambda frame: frame["contender"])
    base = alt.Chart(table).encode(
        x=alt.X(
            "number:Q",
            title="run",
            scale=alt.Scale(zero=False, nice=False, padding=8),
            axis=alt.Axis(tickMinStep=1, format="d"),
        ),
        y=alt.Y("value:Q", title=None, axis=alt.Axis(format="%" if kind == "error" else "~s")),
        color=colour(who),
        tooltip=["contender:N", "run:N", alt.Tooltip("value:Q", format=".4g")],
    )
    lines = base.mark_line(point=True)
    rings = alt.Chart(table[table["drifts"]]).encode(x="number:Q", y="value:Q", color=colour(who))
    marked = lines + rings.mark_point(size=160, filled=False, strokeWidth=2)
    return finished(
        marked if table["drifts"].any() else lines,
        title,
        _told(table, title),
        width=WIDTH,
        height=220,
    )


def _told(table: pd.DataFrame, title: str) -> str:
    """What a chart shows, in words: the last value of each, and how often it drifted."""
    if table.empty:
        return f"{title}: no run has it."
    last = table.groupby("contender", sort=False)["value"].last()
    values = ", ".join(f"{who} {value:.4g}" for who, value in last.items())
    runs, drifting = table["number"].nunique(), table["drifts"].sum()
    return f"{title} over {runs} runs, {drifting} times in drift. In the last: {values}."
