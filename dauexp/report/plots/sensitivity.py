"""Charts of a sensitivity sweep: whether the order of the options holds, and what turns it over."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dauexp.measures.sensitivity import seen_from
from dauexp.options import options
from dauexp.report.frames import USERS, Frames, display, short
from dauexp.report.plots.parts import WIDTH, finished, nothing
from dauexp.report.render import Chart

OUTCOMES = {"nearer": "#1b6ca8", "equal": "#8a8f94", "farther": "#b5402a"}
"""Colours of whether the first of two is nearer the truth, as near, or farther."""


def agreement(sweep: Frames) -> Chart:
    """In which share of the settings the first option is nearer the truth than each other
    contender, by question."""
    rows = _against_first(sweep["agreement"])
    heading = f"How often {_first()} is nearer the truth"
    if rows.empty:
        return nothing(heading, "this sweep does not compare it with any other option")
    long = rows.melt(
        ["versus", "asked", "settings"],
        [f"{outcome}_share" for outcome in OUTCOMES],
        "outcome",
        "share",
    )
    long["outcome"] = long["outcome"].str.removesuffix("_share")
    long["order"] = long["outcome"].map(list(OUTCOMES).index)
    base = alt.Chart(long).encode(
        y=alt.Y(
            "versus:N",
            title=None,
            sort=list(dict.fromkeys(rows["versus"])),
            axis=alt.Axis(ticks=False, labelLimit=220),
        ),
        x=alt.X("share:Q", title="share of the settings", axis=alt.Axis(format="%", tickCount=3)),
        color=alt.Color(
            "outcome:N",
            title=f"{_first()} is",
            scale=alt.Scale(domain=list(OUTCOMES), range=list(OUTCOMES.values())),
            legend=alt.Legend(orient="top"),
        ),
        order=alt.Order("order:Q"),
        tooltip=["versus:N", "asked:N", "outcome:N", alt.Tooltip("share:Q", format=".1%")],
    )
    asked = list(dict.fromkeys(rows["asked"]))
    chart = (
        base.mark_bar()
        .properties(width=WIDTH // 3 - 60, height=alt.Step(22))
        .facet(column=alt.Column("asked:N", title=None, sort=asked))
    )
    told = "; ".join(
        f"{row.asked} against {row.versus}: nearer {row.nearer_share:.0%}, equal "
        f"{row.equal_share:.0%}, farther {row.farther_share:.0%}"
        for row in rows.itertuples()
    )
    return finished(
        chart,
        heading,
        f"Shares of the settings. {told}.",
        subtitle=f"over {rows['settings'].max():,} scenarios drawn over the parameter space",
    )


def flips(sweep: Frames) -> Chart:
    """Which parameters foretell who is nearer, by contender and question: what the best rule of
    each gains beyond chance."""
    rows = _against_first(sweep["flips"])
    known = rows[rows["gain"] > rows["gain_by_chance"]]
    known = known.assign(points=100 * known["gain"])
    heading = f"What decides whether {_first()} is nearer"
    if known.empty:
        return nothing(heading, "no parameter foretells it better than chance would")
    place = known[["versus", "asked", "parameter", "rule", "points", "outcome", "otherwise"]]
    most = float(place["points"].max())
    order = place.groupby("parameter")["points"].max().sort_values(ascending=False)
    base = alt.Chart(place).encode(
        y=alt.Y(
            "parameter:N",
            title=None,
            sort=list(order.index),
            axis=alt.Axis(ticks=False, labelLimit=260),
        ),
        x=alt.X(
            "versus:N",
            title=None,
            sort=list(dict.fromkeys(rows["versus"])),
            axis=alt.Axis(labelAngle=-40, ticks=False, labelLimit=160),
        ),
        tooltip=[
            "versus:N",
            "asked:N",
            "rule:N",
            alt.Tooltip("outcome:N", title="then"),
            alt.Tooltip("otherwise:N", title="else"),
            alt.Tooltip("points:Q", title="gain (points)", format=".1f"),
        ],
    )
    boxes = base.mark_rect(cornerRadius=3).encode(
        color=alt.Color(
            "points:Q",
            title="settings (points)",
            scale=alt.Scale(range=["#cfe3f1", "#1b6ca8"], domain=[0, most]),
            legend=alt.Legend(orient="top"),
        )
    )
    words = base.mark_text(fontSize=10).encode(
        text=alt.Text("points:Q", format=".0f"),
        color=alt.condition(
            f"datum.points > {0.75 * most:.3f}",
            alt.value("#ffffff"),
            alt.value("#14171a"),
        ),
    )
    asked = [short(each) for each in USERS if short(each) in set(place["asked"])]
    chart = (
        alt.layer(boxes, words)
        .properties(width=alt.Step(28), height=alt.Step(22))
        .facet(column=alt.Column("asked:N", title=None, sort=asked))
    )
    told = "; ".join(
        f"{row.asked} against {row.versus}: {row.outcome} where {row.rule}, else {row.otherwise}"
        for row in place.sort_values("points", ascending=False).head(12).itertuples()
    )
    return finished(
        chart,
        heading,
        f"The parameters that foretell it best. {told}.",
        subtitle="settings that one rule foretells, beyond the most frequent outcome and chance",
    )


def _first() -> str:
    """The option that the others are held against: the first by its letter."""
    first = next(iter(options().values()))
    return display(first.id, first.strategies[0].name)


def _against_first(pairs: pd.DataFrame) -> pd.DataFrame:
    """The strategies of other options against the first option, in the order of questions."""
    pairs = pairs[pairs["level"] == "strategies"]
    seen = seen_from(pairs, next(iter(options())))
    seen["versus"] = list(map(display, seen["other_option"], seen["other_strategy"]))
    seen["asked"] = list(map(short, seen["question"]))
    order = seen["question"].map(list(USERS).index)
    return seen.assign(order=order).sort_values(["order", "versus"])
