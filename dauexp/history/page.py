"""The history as one page: a chart a measure, and a table of what drifts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import altair as alt
import pandas as pd

from dauexp.history import Entry
from dauexp.history.drift import Drift, drifts
from dauexp.report import style
from dauexp.report.render import svg
from dauexp.report.templating import environment, text_of

TITLES = {
    "error": "Mean absolute error of DAU",
    "wire bytes": "Bytes on the wire, a request",
    "cpu us": "CPU time, microseconds a request",
    "complexity": "Mean Halstead volume of the SQL queries, bits",
    "cpu seconds": "CPU time of the whole run, seconds",
}


class Picture(NamedTuple):
    """A chart and what it shows."""

    title: str
    svg: str


def page(entries: Sequence[Entry]) -> str:
    """The page, which needs nothing else. The same history gives the same text."""
    found = drifts(entries)
    template = environment().get_template("history.html.jinja")
    return template.render(
        entries=entries,
        drifts=found,
        pictures=[
            Picture(title, svg(_chart(entries, found, kind, title), ink=style.PAGE_INK, paper=None))
            for kind, title in TITLES.items()
        ],
        stylesheet=text_of("page.css"),
    ).lstrip()


def split(measure: str) -> tuple[str, str]:
    """The kind of a measure, and whose it is."""
    for kind in TITLES:
        if measure == kind or measure.startswith(f"{kind} "):
            return kind, measure.removeprefix(kind).strip() or "run"
    return measure, "run"


def _chart(
    entries: Sequence[Entry], found: Sequence[Drift], kind: str, title: str
) -> alt.LayerChart:
    drifted = {(each.run, each.measure) for each in found}
    rows = [
        {
            "run": number,
            "value": value,
            "contender": split(name)[1],
            "drifts": (entry.run, name) in drifted,
        }
        for number, entry in enumerate(entries, start=1)
        for name, value in entry.measures.items()
        if split(name)[0] == kind
    ]
    table = pd.DataFrame(rows, columns=["run", "value", "contender", "drifts"])
    labels = list(dict.fromkeys(table["contender"]))
    colours = style.colours(labels)
    colour = alt.Color(
        "contender:N",
        title=None,
        sort=labels,
        scale=alt.Scale(domain=labels, range=[colours[label] for label in labels]),
    )
    base = alt.Chart(table).encode(
        x=alt.X(
            "run:Q",
            title="run",
            scale=alt.Scale(zero=False, nice=False),
            axis=alt.Axis(tickMinStep=1, format="d"),
        ),
        y=alt.Y("value:Q", title=None, axis=alt.Axis(format="%" if kind == "error" else "~s")),
        color=colour,
    )
    marks = base.transform_filter("datum.drifts").mark_point(size=160, filled=False, strokeWidth=2)
    layers: alt.LayerChart = alt.LayerChart(layer=[base.mark_line(point=True), marks])
    return layers.properties(width=640, height=220, title=title)
