"""The chart of what a load in real time lost on its way."""

from __future__ import annotations

import altair as alt

from dauexp.report.frames import Frames, contenders
from dauexp.report.plots.parts import NUMBER, WIDTH, colour, finished
from dauexp.report.render import Chart

LEAST_SHOWN = 0.001
"""Percent below which a share reads as none: the axis is linear there, logarithmic above."""


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
            axis=alt.Axis(format=NUMBER, tickCount=5, grid=False),
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
