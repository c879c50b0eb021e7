"""Charts of sweeps: what faults do to the answers, and whether the order of the options holds."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dauexp.measures.robustness import NONE
from dauexp.measures.sensitivity import seen_from
from dauexp.options import options
from dauexp.report.frames import USERS, Frames, contenders, display, short, title
from dauexp.report.plots.parts import (
    PERCENT_LABEL,
    WIDTH,
    colour,
    day_tooltip,
    days,
    error_axis,
    finished,
    nothing,
    panel,
    percent,
)
from dauexp.report.render import Chart

OUTCOMES = {"nearer": "#1b6ca8", "equal": "#8a8f94", "farther": "#b5402a"}
"""Colours of whether the first of two is nearer the truth, as near, or farther."""
COLUMNS = 2


def robustness(sweep: Frames, question: str = "dau") -> Chart:
    """Error of a question under each fault, by its strength: mean and 95% interval over the
    replicates, by contender; a panel each fault."""
    who = contenders(sweep)
    rows = _plain(sweep["robustness"], question)
    rows = rows.assign(
        mean=100 * rows["mean_relative_error"],
        lowest=100 * rows["low"].fillna(rows["mean_relative_error"]),
        highest=100 * rows["high"].fillna(rows["mean_relative_error"]),
    )
    none = rows[rows["fault"] == NONE].assign(step=NONE)
    axis = error_axis(alt.Y, "lowest", pd.concat([rows["mean"], rows["lowest"], rows["highest"]]))
    panels = []
    for fault in [name for name in dict.fromkeys(rows["fault"]) if name != NONE]:
        mine = rows[rows["fault"] == fault].sort_values("strength")
        mine = mine.assign(step=[f"{strength:g}" for strength in mine["strength"]])
        shown = pd.concat([none, mine])
        steps = list(dict.fromkeys(shown["step"]))
        base = alt.Chart(shown[_DRAWN]).encode(
            x=alt.X(
                "step:N",
                title=_unit(sweep, mine["setting"].iloc[0]),
                sort=steps,
                axis=alt.Axis(labelAngle=0, grid=False),
            ),
            xOffset=alt.XOffset("contender:N", sort=list(who["contender"])),
            color=colour(who),
            tooltip=[
                "contender:N",
                alt.Tooltip("step:N", title="strength"),
                alt.Tooltip("mean:Q", title="mean error (%)", format="+.3f"),
                alt.Tooltip("lowest:Q", title="interval from (%)", format="+.3f"),
                alt.Tooltip("highest:Q", title="to (%)", format="+.3f"),
            ],
        )
        spread = base.mark_rule(strokeWidth=2, opacity=0.5, clip=True).encode(
            y=axis, y2="highest:Q"
        )
        points = base.mark_point(filled=True, size=30, opacity=1).encode(y="mean:Q")
        size = {"width": WIDTH // COLUMNS - 60, "height": 150}
        panels.append(panel(spread + points, fault.replace("_", " "), **size))
    grid = alt.concat(*panels, columns=COLUMNS, spacing={"row": 18, "column": 24})
    return finished(
        grid,
        f"{title(question)} under faults",
        _told(rows, question),
        subtitle="mean over the replicates with its 95 % interval, by the strength of each fault",
    )


def by_day(sweep: Frames, setting: int = 0, question: str = "dau") -> Chart:
    """Error of a question day by day in one setting: mean and 95% interval over the replicates; a
    panel each contender."""
    rows = _plain(sweep["replicates_by_day"], question)
    rows = rows[rows["setting"] == setting]
    rows = rows.assign(
        mean=100 * rows["mean_relative_error"],
        lowest=100 * rows["low"].fillna(rows["mean_relative_error"]),
        highest=100 * rows["high"].fillna(rows["mean_relative_error"]),
    )
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


_BY_DAY = ["contender", "day", "mean", "lowest", "highest"]


def _unit(sweep: Frames, setting: int) -> str:
    """What the strength of a setting is, by the key of its parameter: `mean seconds`."""
    parameters = sweep["parameters"]
    keys = parameters[parameters["setting"] == setting]["parameter"]
    return str(keys.iloc[0]).rpartition(".")[2].replace("_", " ")


_DRAWN = ["step", "contender", "mean", "lowest", "highest"]


def _told(rows: pd.DataFrame, question: str) -> str:
    """The strongest case of each fault, in words."""
    told = []
    for fault, mine in rows.groupby("fault", sort=False):
        strongest = mine[mine["strength"] == mine["strength"].max()]
        errors = ", ".join(
            f"{row.contender} {percent(row.mean_relative_error)}" for row in strongest.itertuples()
        )
        told.append(f"{fault} {mine['strength'].max():g}: {errors}")
    return f"Mean error of {short(question)} at the greatest strength. {'; '.join(told)}."


def agreement(sweep: Frames) -> Chart:
    """In which share of the settings the first option is nearer the truth than each other
    contender, by question."""
    rows = _against_first(sweep["agreement"])
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
        f"How often {_first()} is nearer the truth",
        f"Shares of the settings. {told}.",
        subtitle=f"over {rows['settings'].max():,} scenarios drawn over the parameter space",
    )


def flips(sweep: Frames) -> Chart:
    """Which parameters foretell who is nearer, by contender and question: what the best rule of
    each gains beyond chance."""
    rows = _against_first(sweep["flips"])
    known = rows[rows["gain"] > rows["gain_by_chance"]]
    known = known.assign(points=100 * known["gain"])
    place = known[["versus", "asked", "parameter", "rule", "points", "outcome", "otherwise"]]
    most = float(place["points"].max()) if len(place) else 1.0
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
        f"What decides whether {_first()} is nearer",
        f"The parameters that foretell it best. {told}.",
        subtitle="settings that one rule foretells, beyond the most frequent outcome and chance",
    )


def _plain(rows: pd.DataFrame, question: str) -> pd.DataFrame:
    """Rows of a question as a whole, by each contender's plain query."""
    rows = rows[(rows["question"] == question) & (rows["segment"] == "all")]
    by = ["option", "strategy"]
    way = [*by, "variant", "language"]
    first = rows[way].drop_duplicates().sort_values(way).drop_duplicates(by)
    return rows.merge(first, on=way)


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
