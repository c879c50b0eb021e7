"""Charts of replicates: the error of each contender with its interval, and day by day."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import altair as alt
import pandas as pd

from dauexp.measures.replicates import plain
from dauexp.report.frames import USERS, Frames, contenders, short, title
from dauexp.report.plots.parts import (
    PERCENT_LABEL,
    WIDTH,
    colour,
    contenders_axis,
    day_tooltip,
    days,
    error_axis,
    finished,
    nothing,
    panel,
)
from dauexp.report.render import Chart
from dauexp.report.words import percent

_DRAWN = ["contender", "mean", "lowest", "highest", "worst"]
_BY_DAY = ["contender", "day", "mean", "lowest", "highest"]


def replicates(sweep: Frames, setting: int = 0, segment: str = "all") -> Chart:
    """Errors of the main questions in one setting: mean and 95% interval over the replicates, and
    the error farthest from 0 on any day of any of them; a panel each question."""
    every = contenders(sweep)
    panels, told = [], []
    for question in USERS:
        rows = in_percent(sweep["replicates"], question, segment)
        rows = rows[rows["setting"] == setting]
        rows = rows.assign(worst=100 * rows["worst_relative_error"])
        if rows.empty:
            continue
        who = every[every["contender"].isin(rows["contender"])]
        spread = pd.concat([rows[name] for name in _DRAWN[1:]])
        low, mean, worst = (error_axis(alt.X, name, spread) for name in ("lowest", "mean", "worst"))
        base = alt.Chart(rows[_DRAWN]).encode(
            y=contenders_axis(who),
            color=colour(every).legend(None),
            tooltip=[
                "contender:N",
                alt.Tooltip("mean:Q", title="mean error (%)", format="+.3f"),
                alt.Tooltip("lowest:Q", title="interval from (%)", format="+.3f"),
                alt.Tooltip("highest:Q", title="to (%)", format="+.3f"),
                alt.Tooltip("worst:Q", title="worst (%)", format="+.3f"),
            ],
        )
        drawn = (
            base.mark_rule(strokeWidth=3, opacity=0.5).encode(x=low, x2="highest:Q")
            + base.mark_point(filled=True, size=50, opacity=1).encode(x=mean)
            + base.mark_tick(thickness=2, size=12).encode(x=worst)
        )
        panels.append(panel(drawn, short(question), width=WIDTH - 140, height=alt.Step(18)))
        told += [f"{short(question)}: {', '.join(map(_said, rows.to_dict('records')))}"]
    heading = "Errors over replicates"
    if not panels:
        return nothing(heading, "nobody was asked a main question")
    count = int(sweep["replicates"]["replicates"].max())
    return finished(
        alt.vconcat(*panels, spacing=12),
        heading,
        f"Mean error over {count} replicates, with its 95 % interval. {'; '.join(told)}.",
        subtitle=f"mean of {count} replicates with its 95 % interval; the tick is the worst day",
    )


def _said(row: Mapping[Hashable, Any]) -> str:
    if not row["worst"]:
        return f"{row['contender']} exact"
    ends = f"{percent(row['lowest'] / 100)} to {percent(row['highest'] / 100)}"
    return (
        f"{row['contender']} {percent(row['mean'] / 100)} ({ends}, worst "
        f"{percent(row['worst'] / 100)})"
    )


def by_day(sweep: Frames, setting: int = 0, question: str = "dau") -> Chart:
    """Error of a question day by day in one setting: mean and 95% interval over the replicates; a
    panel each contender."""
    rows = in_percent(sweep["replicates_by_day"], question)
    rows = rows[rows["setting"] == setting]
    off = rows.groupby("contender")["worst_relative_error"].apply(lambda worst: worst.any())
    who = contenders(sweep)
    who = who[who["contender"].isin(off.index[off])]
    heading = f"{title(question)}: error day by day"
    exact = ", ".join(sorted(off.index[~off])) or "none"
    if who.empty:
        return nothing(heading, f"exact on every day of every replicate: {exact}")
    panels = []
    for name in who["contender"]:
        base = alt.Chart(rows[rows["contender"] == name][_BY_DAY]).encode(
            x=days(rows["day"], "UTC day" if name == who["contender"].iloc[-1] else None),
            color=colour(who).legend(None),
            tooltip=[
                "contender:N",
                day_tooltip(),
                alt.Tooltip("mean:Q", title="mean error (%)", format="+.3f"),
                alt.Tooltip("lowest:Q", title="interval from (%)", format="+.3f"),
                alt.Tooltip("highest:Q", title="to (%)", format="+.3f"),
            ],
        )
        axis = alt.Axis(labelExpr=PERCENT_LABEL, tickCount=5)
        low = alt.Y("lowest:Q", title="error (%)", axis=axis)
        spread = base.mark_area(opacity=0.25).encode(y=low, y2="highest:Q")
        line = base.mark_line(point=True).encode(y="mean:Q")
        zero = alt.Chart().mark_rule(opacity=0.5).encode(y=alt.datum(0))
        panels.append(panel(zero + spread + line, str(name), width=WIDTH, height=110))
    told = "; ".join(
        f"{name} from {percent(mine['mean_relative_error'].min())} to "
        f"{percent(mine['mean_relative_error'].max())}"
        for name, mine in rows.groupby("contender", sort=False)
    )
    replicates = int(rows["replicates"].max())
    return finished(
        alt.vconcat(*panels, spacing=12),
        heading,
        f"Mean error by day over {replicates} replicates: {told}.",
        subtitle=f"mean of {replicates} replicates, with its 95 % interval; always exact: {exact}",
    )


def in_percent(rows: pd.DataFrame, question: str, segment: str = "all") -> pd.DataFrame:
    """Rows of a question and segment by each contender's plain query, with `mean`, `lowest` and
    `highest` in percent; the interval of one replicate is its mean."""
    rows = plain(rows[(rows["question"] == question) & (rows["segment"] == segment)])
    return rows.assign(
        mean=100 * rows["mean_relative_error"],
        lowest=100 * rows["low"].fillna(rows["mean_relative_error"]),
        highest=100 * rows["high"].fillna(rows["mean_relative_error"]),
    )
