"""Charts of loads in real time: what was lost on the way, and the highest rate that was held.

Both have a line for each way (a contender, what was changed for it, its receiver), and the rate
along it, beside the decision record's own.
"""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from dauexp.report.frames import Frames, contenders, ordered
from dauexp.report.plots.parts import WIDTH, colour, finished, logarithmic_ticks
from dauexp.report.render import Chart

RATE = ",.0f"
"""How an axis writes requests a second."""

ROOM = 1.6
"""Times by which the axis of rates goes beyond them, for what is written beside the points."""

PRODUCTION = 190_000 / 60
"""Requests a second of the decision record's busiest minutes."""

DASHED = "the dashed line is the decision record's volume, 190,000 a minute"


def loss(run: Frames) -> Chart:
    """Share of the requests lost at each rate of sending, by way."""
    rows = _of(run, "load")
    rows = rows.assign(said=[f"{100 * lost:.2g} %" for lost in rows["lost_share"]])
    told = "; ".join(f"{row.way}, {row.pace}: {row.said}" for row in rows.itertuples())
    return _along(
        run,
        rows[["contender", "way", "pace", "sent_per_second", "sent", "lost", "said"]],
        "sent_per_second",
        "requests sent a second, and the share of them lost",
        [
            "pace:N",
            alt.Tooltip("sent_per_second:Q", title="sent a second", format=RATE),
            alt.Tooltip("sent:Q", format=","),
            alt.Tooltip("lost:Q", format=","),
        ],
        "What is lost in real time, by rate",
        f"Share of requests lost by rate: {told}.",
        f"real sockets and pipes; a full pipe blocks and loses nothing; {DASHED}",
    )


def capacity(run: Frames) -> Chart:
    """The highest rate that each way held."""
    rows = _of(run, "capacity").dropna(subset=["held_per_second"])
    rows = rows.assign(said=[f"{rate:,.0f}" for rate in rows["held_per_second"]])
    told = "; ".join(f"{row.way}: {row.said}" for row in rows.itertuples())
    return _along(
        run,
        rows[["contender", "way", "held_per_second", "seconds", "limit", "said"]],
        "held_per_second",
        "requests a second, held without loss",
        [
            alt.Tooltip("held_per_second:Q", title="held a second", format=RATE),
            alt.Tooltip("seconds:Q", title="for (s)"),
            alt.Tooltip("limit:N", title="gave way above it"),
        ],
        "The highest rate held without loss",
        f"Requests a second that each way held: {told}.",
        DASHED,
    )


def _of(run: Frames, name: str) -> pd.DataFrame:
    """A table of loads with the way that each row is of."""
    rows = ordered(run, name)
    columns = (rows[column] for column in ("contender", "settings", "receiver"))
    ways = [
        f"{who}{f' ({settings})' if settings else ''} to {receiver}"
        for who, settings, receiver in zip(*columns, strict=True)
    ]
    return rows.assign(way=ways)


def _along(
    run: Frames,
    rows: pd.DataFrame,
    rate: str,
    axis: str,
    tooltip: Sequence[str | alt.Tooltip],
    title: str,
    told: str,
    subtitle: str,
) -> Chart:
    """A point for each row at its rate, and beside it what its column `said` has."""
    low, high = min(rows[rate].min(), PRODUCTION) / ROOM, max(rows[rate].max(), PRODUCTION) * ROOM
    way = alt.Axis(ticks=False, labelLimit=260)
    base = alt.Chart(rows).encode(
        y=alt.Y("way:N", title=None, sort=list(rows["way"].unique()), axis=way),
        x=alt.X(
            f"{rate}:Q",
            title=axis,
            scale=alt.Scale(type="log", nice=False, domain=[low, high]),
            axis=alt.Axis(format=RATE, values=logarithmic_ticks(low, high), grid=False),
        ),
        color=colour(contenders(run)).legend(None),
        tooltip=["way:N", *tooltip],
    )
    needed = alt.Chart(pd.DataFrame({"rate": [PRODUCTION]})).mark_rule(strokeDash=[4, 3])
    points = base.mark_point(filled=True, size=90, opacity=1)
    words = base.mark_text(align="left", dx=8).encode(text="said:N")
    return finished(
        needed.encode(x="rate:Q") + points + words,
        title,
        told,
        subtitle=subtitle,
        width=WIDTH - 260,
        height=alt.Step(30),
    )
