"""Charts of where the requests went: by day and host, and through the stages of each contender."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dauexp.report.frames import Frames, contenders
from dauexp.report.plots.parts import NUMBER, WIDTH, colour, day_tooltip, finished, panel
from dauexp.report.render import Chart

ACCOUNTS = (
    "generated",
    "emitted",
    "duplicated",
    "lost",
    "delivered",
    "live",
    "errors",
    "stable",
    "deduplicated",
    "aggregated",
    "malformed",
    "points_written",
    "stored",
    "overwritten",
    "rejected",
)
"""The accounts of the ledger in the order in which requests come to them; others follow."""

BLUE = "#0072b2"


def ledger(run: Frames) -> Chart:
    """What each stage counted, over all days, one panel a contender."""
    rows = run["ledger"].groupby(["contender", "account"])["count"].sum().reset_index()
    who = contenders(run)
    most = float(rows["count"].max())
    panels = []
    for contender in who["contender"]:
        mine = rows[rows["contender"] == contender].assign(
            stage=lambda frame: frame["account"].str.replace("_", " ")
        )
        base = alt.Chart(mine).encode(
            y=alt.Y(
                "stage:N",
                title=None,
                sort=_stages(mine["account"]),
                axis=alt.Axis(ticks=False, domain=False),
            ),
            x=alt.X("count:Q", axis=None, scale=alt.Scale(domain=[0, most * 1.18], nice=False)),
            tooltip=["contender:N", "account:N", alt.Tooltip("count:Q", format=",")],
        )
        bars = base.mark_bar().encode(color=colour(who).legend(None))
        words = base.mark_text(align="left", dx=4).encode(text=alt.Text("count:Q", format=","))
        panels.append(panel(bars + words, str(contender), width=WIDTH - 40, height=alt.Step(16)))
    return finished(
        alt.vconcat(*panels, spacing=14),
        "The ledger: where every request went",
        _told(rows, list(who["contender"])),
        subtitle="requests, messages or points of all days; counters and sets write by the flush",
    )


def _stages(accounts: pd.Series[str]) -> list[str]:
    """Accounts in the order of the ledger, as they are shown."""
    found = set(accounts)
    order = [*[each for each in ACCOUNTS if each in found], *sorted(found - set(ACCOUNTS))]
    return [each.replace("_", " ") for each in order]


def _told(rows: pd.DataFrame, who: list[str]) -> str:
    told = []
    for contender in who:
        mine = rows[rows["contender"] == contender]
        counts = ", ".join(f"{r['account']} {r['count']:,}" for r in mine.to_dict("records"))
        told.append(f"{contender}: {counts}")
    return "Counts by stage. " + "; ".join(told) + "."


def requests_by_day(run: Frames) -> Chart:
    """Requests of each day by server host, as generated."""
    rows = run["ledger"]
    first = contenders(run)["label"].iloc[0]
    mine = rows[(rows["account"] == "generated") & (rows["label"] == first)]
    mine = mine.groupby(["day", "host"])["count"].sum().reset_index()
    hosts = sorted(set(mine["host"]), key=lambda host: (len(host), host))
    axis = alt.Axis(format="%-d %b", labelAngle=0, labelOverlap=True)
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
