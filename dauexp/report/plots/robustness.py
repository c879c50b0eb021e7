"""Charts of what faults do to the answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt

from dauexp.options import options
from dauexp.report import style
from dauexp.report.frames import Frames
from dauexp.report.plots.parts import WIDTH, error_axis, finished
from dauexp.report.render import Chart
from dauexp.report.words import percent

LATE = {"delay": "late by", "duplication": "again after"}
"""How a case of lateness is told, by its fault."""


def lateness(run: Frames) -> Chart:
    """Error of DAU by how late documents are: mean, and the range over the days, by option."""
    rows = run["lateness"]
    known = options()
    rows = rows.assign(
        case=[case_of(each) for each in rows.to_dict("records")],
        who=[
            f"{known[option].letter} {option}" if option in known else option
            for option in rows["option"]
        ],
        error=100 * rows["relative_error"],
    )
    of = rows.groupby(["case", "who", "option"], sort=False)["error"]
    told = of.agg(mean="mean", low="min", high="max").reset_index()
    cases = list(dict.fromkeys(told["case"]))
    who = dict(zip(told["who"], told["option"], strict=True))
    colours = style.colours(who.values())
    base = alt.Chart(told).encode(
        y=alt.Y("case:N", title=None, sort=cases, axis=alt.Axis(ticks=False, labelLimit=220)),
        yOffset=alt.YOffset("who:N", sort=list(who)),
        color=alt.Color(
            "who:N",
            title=None,
            legend=alt.Legend(orient="top"),
            scale=alt.Scale(domain=list(who), range=[colours[each] for each in who.values()]),
        ),
        tooltip=[
            "who:N",
            "case:N",
            alt.Tooltip("mean:Q", title="mean error (%)", format="+.2f"),
            alt.Tooltip("low:Q", title="lowest day (%)", format="+.2f"),
            alt.Tooltip("high:Q", title="highest day (%)", format="+.2f"),
        ],
    )
    low, mean = (error_axis(alt.X, field, rows["error"]) for field in ("low", "mean"))
    ranges = base.mark_rule(strokeWidth=2, opacity=0.5).encode(x=low, x2="high:Q")
    means = base.mark_point(filled=True, size=70, opacity=1).encode(x=mean)
    words = "; ".join(
        f"{row['who']}, {row['case']}: {percent(row['mean'] / 100)}"
        for row in told.to_dict("records")
    )
    return finished(
        ranges + means,
        "DAU when documents are late",
        f"Mean error of DAU by how late documents arrive: {words}.",
        subtitle="a document counts on the day it arrives; mean, and lowest to highest day",
        width=WIDTH - 160,
        height=alt.Step(16),
    )


def case_of(row: Mapping[Any, Any]) -> str:
    """A case of lateness in words: `100% late by 10 min`. Of `row` are asked rate, fault and
    mean_seconds."""
    return f"{row['rate']:.0%} {LATE[row['fault']]} {_span(row['mean_seconds'])}"


def _span(seconds: float) -> str:
    """A time as people say it: `10 min`."""
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"
