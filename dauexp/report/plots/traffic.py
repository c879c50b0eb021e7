"""Charts of the requests: by day and host, by hour, and by user."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dauexp.report.frames import Frames, contenders
from dauexp.report.plots.parts import NUMBER, WIDTH, day_tooltip, finished
from dauexp.report.render import Chart

BLUE = "#0072b2"


def requests_by_day(run: Frames) -> Chart:
    """Requests of each day by server host, as generated."""
    rows = run["ledger"]
    first = contenders(run)["label"].iloc[0]
    mine = rows[(rows["account"] == "generated") & (rows["label"] == first)]
    mine = mine.groupby(["day", "host"])["count"].sum().reset_index()
    hosts = sorted(set(mine["host"]), key=lambda host: (len(host), host))
    axis = alt.Axis(format="%-d %b", labelAngle=0, labelOverlap=True, labelSeparation=10)
    requests = alt.Tooltip("sum(count):Q", title="requests", format=",")
    bars = alt.Chart(mine).mark_bar(width=alt.RelativeBandSize(band=0.8))
    return finished(
        bars.encode(
            x=alt.X("day:O", title="UTC day", timeUnit="utcyearmonthdate", axis=axis),
            y=alt.Y("sum(count):Q", title="requests", axis=alt.Axis(format=NUMBER)),
            color=alt.Color(
                "host:N",
                title=None,
                sort=hosts,
                scale=alt.Scale(scheme="viridis"),
                legend=alt.Legend(orient="top"),
            ),
            tooltip=[day_tooltip(), "host:N", requests],
        ),
        "Requests by day and server host",
        f"Stacked bars of requests a day on {len(hosts)} hosts, {mine['count'].sum():,} in all.",
        subtitle="the traffic that all options saw",
        width=WIDTH,
        height=220,
    )


def requests_by_hour(hours: pd.DataFrame) -> Chart:
    """Requests by hour of the UTC day. Columns: day (text), hour (0 to 23), requests."""
    x = alt.X(
        "hour:Q",
        title="hour of the UTC day",
        axis=alt.Axis(values=list(range(0, 25, 3))),
        scale=alt.Scale(domain=[0, 24], nice=False),
    )
    lines = alt.Chart(hours).mark_line(interpolate="step-after", color=BLUE, opacity=0.75)
    return finished(
        lines.encode(
            x=x,
            y=alt.Y("requests:Q", title="requests an hour", axis=alt.Axis(format=NUMBER)),
            detail="day:N",
            tooltip=["day:N", "hour:Q", alt.Tooltip("requests:Q", format=",")],
        ),
        "Requests by hour",
        "Lines of requests by hour of the UTC day, one a day.",
        subtitle="one line a day: users of many time zones",
        width=WIDTH,
        height=200,
    )


def requests_per_user(histogram: pd.DataFrame) -> Chart:
    """How many requests an active user makes in a day. Columns: requests, users, share."""
    log = alt.Scale(type="log")
    share = alt.Axis(format="~%", tickCount=5)
    title = "share of active users with that many or more (log)"
    return finished(
        alt.Chart(histogram)
        .mark_point(color=BLUE)
        .encode(
            x=alt.X("requests:Q", title="requests of a user in a day (log)", scale=log),
            y=alt.Y("share:Q", title=title, scale=log, axis=share),
            tooltip=["requests:Q", "users:Q", alt.Tooltip("share:Q", format=".2%")],
        ),
        "Requests of an active user in a day",
        "Log-log plot of the share of active users by requests a day.",
        subtitle="a heavy tail: few users make many",
        width=WIDTH,
        height=220,
    )
