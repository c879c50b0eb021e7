"""The chart of how a set's overcount hangs on the hosts and on the flush."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dauexp.report import style
from dauexp.report.plots.parts import WIDTH, finished, logarithmic_ticks
from dauexp.report.render import Chart

_HOSTS = ("#7fb5d8", "#1b6ca8", "#c27a00", "#b5402a", "#7b68c8")


def overcount(rows: pd.DataFrame) -> Chart:
    """DAU by a set as a multiple of the truth, over the flush, a line a number of hosts. Columns:
    hosts, flush_seconds, ratio."""
    low, high = 0.9, float(rows["ratio"].max()) * 1.2
    hosts = sorted(set(rows["hosts"]))
    shown = rows.assign(told=[_hosts(count) for count in rows["hosts"]])
    scale = alt.Scale(domain=[_hosts(count) for count in hosts], range=list(_HOSTS))
    base = alt.Chart(shown).encode(
        x=alt.X(
            "flush_seconds:Q",
            title="seconds between flushes (log)",
            scale=alt.Scale(type="log", nice=False, padding=12),
            axis=alt.Axis(values=sorted(set(rows["flush_seconds"])), format=",~f", grid=False),
        ),
        y=alt.Y(
            "ratio:Q",
            title="times the true DAU (log)",
            scale=alt.Scale(type="log", domain=[low, high], nice=False),
            axis=alt.Axis(values=logarithmic_ticks(1, high), format=",~f"),
        ),
        color=alt.Color("told:N", title=None, scale=scale, legend=alt.Legend(orient="top")),
        tooltip=["hosts:Q", "flush_seconds:Q", alt.Tooltip("ratio:Q", format=".2f")],
    )
    truth = alt.Chart().mark_rule(color=style.TRUTH, strokeWidth=3, opacity=0.6)
    marks = base.mark_line() + base.mark_point(filled=True, size=60, opacity=1)
    told = "; ".join(
        f"{_hosts(row['hosts'])}, flush of {row['flush_seconds']:g} s: {row['ratio']:.2f}"
        for row in rows.to_dict("records")
    )
    return finished(
        truth.encode(y=alt.datum(1)) + marks,
        "DAU by a set, as a multiple of the truth",
        f"Times the true DAU: {told}.",
        subtitle="a user counts once for each host and flush; the grey line is the truth",
        width=WIDTH - 120,
        height=240,
    )


def _hosts(count: int) -> str:
    return "1 host" if count == 1 else f"{count} hosts"
