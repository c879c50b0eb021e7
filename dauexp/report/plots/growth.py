"""Charts of how the cost of queries grows with the data."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from dauexp.questions import catalogue
from dauexp.report.frames import Frames, contenders, short, title
from dauexp.report.plots.parts import (
    NUMBER,
    WIDTH,
    colour,
    finished,
    logarithmic_ticks,
    nothing,
    panel,
)
from dauexp.report.render import Chart

MEASURES = {
    "time_seconds": "time (s)",
    "rows_read": "rows read",
    "bytes_read": "bytes read",
    "memory_bytes": "most memory held (bytes)",
    "bytes_at_rest": "bytes at rest",
}
"""What is measured of a query, and how it is told."""

FACTORS = {
    "users": "users",
    "days": "days",
    "events": "events a user and day",
}
"""What is made to grow, and how it is told."""

PLAIN = "direct"
"""The way of a query that has no variant."""

LEAST, MOST = -1.0, 3.0
"""The exponents that are shown: intervals beyond are cut."""

_STEPS = 24  # points of a line, which is straight in logarithms whatever their number


def growth(run: Frames, question: str = "", measure: str = "time_seconds") -> Chart:
    """A measure of a question's queries at each level, with the spread of its repeats, and the
    power law through them; a panel each factor. Without a question, of the one with the longest
    window that was asked; bytes at rest are of none."""
    if measure == "bytes_at_rest":
        question = ""
    elif not question:
        known = [each for each in catalogue() if each in set(run["growth"]["question"])]
        question = max(known, key=lambda each: catalogue()[each].window)
    points = _of(run["growth"], question, measure)
    if points.empty:
        return nothing(f"{title(question)} as the data grows", "no run was asked this question")
    laws = _of(run["growth_fit"], question, measure)
    who = contenders(run)
    who = who[who["contender"].isin(points["contender"])]
    low, high = float(points["minimum"].min()), float(points["maximum"].max())
    y = alt.Y(
        "median:Q",
        title=MEASURES[measure],
        scale=alt.Scale(type="log", domain=[low / 1.2, high * 1.2], nice=False),
        axis=alt.Axis(
            values=logarithmic_ticks(low / 1.2, high * 1.2),
            format=NUMBER if measure == "time_seconds" else "~s",
        ),
    )
    varied = [factor for factor in FACTORS if factor in set(points["factor"])]
    panels = [_panel(points, laws, who, factor, y) for factor in varied]
    told = "; ".join(
        f"{row.contender} {row.query} by {row.factor} {_exponent(row)}" for row in laws.itertuples()
    )
    about = f"{title(question)}: " if question else ""
    return finished(
        alt.hconcat(*panels, spacing=14).resolve_scale(y="shared", color="shared"),
        f"{about}{MEASURES[measure]} as the data grows",
        f"Points and fitted power laws, exponents with 95 % intervals: {told}.",
        subtitle="median of the repeats, with their range, and the power law through the medians",
    )


def _of(rows: pd.DataFrame, question: str, measure: str) -> pd.DataFrame:
    mine = rows[(rows["question"] == question) & (rows["measure"] == measure)]
    return mine.assign(way=[_way(variant) for variant in mine["variant"]])


def _way(variant: str) -> str:
    return variant.replace("_", " ") or PLAIN


def _panel(
    points: pd.DataFrame, laws: pd.DataFrame, who: pd.DataFrame, factor: str, y: alt.Y
) -> Chart:
    mine = points[points["factor"] == factor]
    measure = mine["measure"].iloc[0]
    levels = sorted(set(mine["level"]))
    width = (WIDTH - 180) // 3
    ways = sorted(set(points["way"]), key=[PLAIN, *points["way"]].index)
    dashes = alt.Scale(domain=ways, range=[[1, 0], [5, 3], [2, 2]][: len(ways)])
    key = alt.Legend(orient="top", title=None) if len(ways) > 1 else None
    x = alt.X(
        "level:Q",
        title=FACTORS[factor],
        scale=alt.Scale(type="log", domain=[levels[0] / 1.15, levels[-1] * 1.15], nice=False),
        axis=alt.Axis(values=_few(levels), format=",.2~r" if levels[0] < 1 else NUMBER, grid=False),
    )
    columns = ["contender", "query", "level", "minimum", "median", "maximum"]
    base = alt.Chart(mine[columns]).encode(x=x, color=colour(who))
    least = alt.Y("minimum:Q", title=MEASURES[measure])
    spread = base.mark_rule(opacity=0.6).encode(y=least, y2="maximum:Q")
    dots = base.mark_point(filled=True, size=36, opacity=1).encode(
        y=y,
        tooltip=[
            "contender:N",
            "query:N",
            alt.Tooltip("level:Q", title=FACTORS[factor], format=",.3~f"),
            alt.Tooltip("median:Q", format=",.4~g"),
            alt.Tooltip("minimum:Q", format=",.4~g"),
            alt.Tooltip("maximum:Q", format=",.4~g"),
        ],
    )
    lines = alt.Chart(_lines(laws[laws["factor"] == factor], levels)).mark_line(
        strokeWidth=1.5, opacity=0.7
    )
    dash = alt.StrokeDash("way:N", scale=dashes, legend=key)
    drawn = lines.encode(x=x, y=y, color=colour(who), strokeDash=dash, detail="language:N")
    return panel(drawn + spread + dots, f"by {FACTORS[factor]}", width=width, height=220)


def _few(levels: list[float]) -> list[float]:
    """The first, the middle and the last: more would lie on one another."""
    return [levels[0], levels[len(levels) // 2], levels[-1]] if len(levels) > 2 else levels


def _lines(laws: pd.DataFrame, levels: list[float]) -> pd.DataFrame:
    """The laws as points on lines."""
    at = np.geomspace(levels[0], levels[-1], _STEPS)
    parts = [
        pd.DataFrame(
            {
                "contender": law["contender"],
                "language": law["language"],
                "way": law["way"],
                "level": at,
                "median": law["coefficient"] * at ** law["exponent"],
            }
        )
        for law in laws.to_dict("records")
    ]
    columns = ["contender", "language", "way", "level", "median"]
    return pd.concat(parts) if parts else pd.DataFrame(columns=columns)


def exponents(run: Frames, factor: str = "users") -> Chart:
    """The exponents with which the measures of each query grow with a factor, and their
    intervals; a panel each measure. 1 is in proportion."""
    laws = run["growth_fit"]
    laws = laws[(laws["factor"] == factor) & (laws["question"] != "")]
    laws = laws.assign(
        asked=[
            short(question) + (f", {_way(variant)}" if variant else "")
            for question, variant in zip(laws["question"], laws["variant"], strict=True)
        ],
        what=laws["measure"].map(MEASURES).str.partition(" (")[0],
        least=laws["low"].fillna(laws["exponent"]).clip(LEAST, MOST),
        most=laws["high"].fillna(laws["exponent"]).clip(LEAST, MOST),
    )
    who = contenders(run)
    who = who[who["contender"].isin(laws["contender"])]
    columns = ["contender", "asked", "query", "what", "exponent", "least", "most"]
    base = alt.Chart().encode(
        y=alt.Y("asked:N", title=None, sort=list(dict.fromkeys(laws["asked"]))),
        yOffset=alt.YOffset("contender:N", sort=list(who["contender"])),
        color=colour(who),
        tooltip=["contender:N", "asked:N", "query:N", alt.Tooltip("exponent:Q", format=".2f")],
    )
    low, high = min(0.0, laws["least"].min()), max(1.0, laws["most"].max())
    x = alt.X(
        "least:Q",
        title="exponent",
        scale=alt.Scale(domain=[low, high], nice=False, padding=6),
        axis=alt.Axis(values=list(range(int(LEAST), int(MOST) + 1)), format="d"),
    )
    spread = base.mark_rule(strokeWidth=2, opacity=0.5).encode(x=x, x2="most:Q")
    middle = alt.X("exponent:Q", title="exponent")
    dots = base.mark_point(filled=True, size=45, opacity=1, clip=True).encode(x=middle)
    whats = [name for name in laws["what"].unique() if name]
    chart = (
        alt.layer(spread, dots, data=laws[columns])
        .properties(width=(WIDTH - 180) // 2, height=alt.Step(11))
        .facet(facet=alt.Facet("what:N", title=None, sort=whats), columns=2)
    )
    told = "; ".join(
        f"{row.contender}, {row.asked}, {row.what}: {_exponent(row)}" for row in laws.itertuples()
    )
    return finished(
        chart,
        f"How the cost of a query grows with {FACTORS[factor]}",
        f"Exponents of power laws with 95 % intervals: {told}.",
        subtitle="exponent of a power law with its 95 % interval: 1 is in proportion, 2 the square",
    )


def _exponent(row: object) -> str:
    low, high = getattr(row, "low", None), getattr(row, "high", None)
    told = f"{getattr(row, 'exponent', 0.0):.2f}"
    return told if low is None or pd.isna(low) else f"{told} ({low:.2f} to {high:.2f})"
