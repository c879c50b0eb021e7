"""Charts of loads in real time: what was lost on the way, and the highest rate that was held."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from dauexp.report.frames import Frames, contenders
from dauexp.report.plots.parts import WIDTH, colour, finished
from dauexp.report.render import Chart

LEAST_SHOWN = 0.001
"""Percent below which a share reads as none: the axis is linear there, logarithmic above."""

RATE = ",.0f"
"""How an axis writes requests a second."""


def loss(run: Frames) -> Chart:
    """Share of the requests lost over the rate of sending, by contender and receiver."""
    rows = run["load"].sort_values(["contender", "receiver", "sent_per_second"])
    rows = rows.assign(lost_percent=100 * rows["lost_share"])
    who = contenders(run)
    who = who[who["contender"].isin(rows["contender"])]
    columns = ["contender", "receiver", "pace", "sent_per_second", "lost_percent", "sent", "lost"]
    base = alt.Chart(rows[columns]).encode(
        x=alt.X(
            "sent_per_second:Q",
            title="requests sent a second",
            scale=alt.Scale(type="log", nice=False, padding=12),
            axis=alt.Axis(format=RATE, tickCount=5, grid=False),
        ),
        y=alt.Y(
            "lost_percent:Q",
            title="lost",
            scale=alt.Scale(type="symlog", constant=LEAST_SHOWN, domain=[0, 100]),
            axis=alt.Axis(values=[0, 0.001, 0.01, 0.1, 1, 10, 100], labelExpr="datum.value + ' %'"),
        ),
        color=colour(who),
        tooltip=[
            "contender:N",
            "receiver:N",
            "pace:N",
            alt.Tooltip("sent_per_second:Q", title="sent a second", format=",.0f"),
            alt.Tooltip("sent:Q", format=","),
            alt.Tooltip("lost:Q", format=","),
        ],
    )
    line = base.mark_line(strokeWidth=1.5, opacity=0.6).encode(detail="receiver:N")
    shape = alt.Shape("receiver:N", title=None, legend=alt.Legend(orient="top"))
    points = base.mark_point(filled=True, size=80, opacity=1).encode(shape=shape)
    told = "; ".join(
        f"{row['contender']} to {row['receiver']}, {row['pace']}: {row['lost_percent']:.2g} %"
        for row in rows.to_dict("records")
    )
    return finished(
        line + points,
        "What is lost in real time, by rate",
        f"Share of requests lost by rate: {told}.",
        subtitle="real sockets and pipes, on one machine; a full pipe blocks and loses nothing",
        width=WIDTH - 80,
        height=220,
    )


PRODUCTION = 190_000 / 60
"""Requests a second of the decision record's busiest minutes."""


def capacity(run: Frames) -> Chart:
    """The highest rate that each way held, beside the decision record's own."""
    rows = run["capacity"].dropna(subset=["held_per_second"])
    way = rows[["contender", "settings", "receiver"]].agg(_way, axis=1)
    who = contenders(run)
    columns = ["contender", "held_per_second", "seconds", "limit"]
    base = alt.Chart(rows[columns].assign(way=way)).encode(
        y=alt.Y("way:N", title=None, sort=list(way), axis=alt.Axis(ticks=False, labelLimit=260)),
        x=alt.X(
            "held_per_second:Q",
            title="requests a second, held without loss",
            scale=alt.Scale(type="log", nice=False, padding=24),
            axis=alt.Axis(format=RATE, tickCount=5, grid=False),
        ),
        color=colour(who[who["contender"].isin(rows["contender"])]).legend(None),
        tooltip=[
            "way:N",
            alt.Tooltip("held_per_second:Q", title="held a second", format=",.0f"),
            alt.Tooltip("seconds:Q", title="for (s)"),
            alt.Tooltip("limit:N", title="gave way above it"),
        ],
    )
    needed = alt.Chart(pd.DataFrame({"rate": [PRODUCTION]})).mark_rule(strokeDash=[4, 3])
    words = base.mark_text(align="left", dx=8).encode(
        text=alt.Text("held_per_second:Q", format=",.0f")
    )
    told = "; ".join(
        f"{name}: {rate:,.0f}" for name, rate in zip(way, rows["held_per_second"], strict=True)
    )
    return finished(
        needed.encode(x="rate:Q") + base.mark_point(filled=True, size=90, opacity=1) + words,
        "The highest rate held without loss",
        f"Requests a second that each way held: {told}.",
        subtitle="the dashed line is the decision record's volume, 190,000 a minute",
        width=WIDTH - 260,
        height=alt.Step(30),
    )


def _way(row: pd.Series[Any]) -> str:
    settings = f" ({row['settings']})" if row["settings"] else ""
    return f"{row['contender']}{settings} to {row['receiver']}"
