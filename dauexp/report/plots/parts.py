"""What the charts share: scales, axes and the tooltips of numbers."""

from __future__ import annotations

import math
from typing import Any, Literal

import altair as alt
import pandas as pd

from dauexp.report import style
from dauexp.report.render import Chart
from dauexp.report.words import MINUS

WIDTH = 660
"""Width of a panel in pixels; a narrow page makes it narrower."""

LEAST = "least"
"""In a chart's `usermeta`: the least width in pixels at which it can be read. Where a page is
narrower, the chart is not made narrower, and scrolls."""

LEGEND_COLUMNS = 5
"""Contenders in a row of a legend: as many as fit above a panel."""

ERROR_TICKS = (-100, -10, -1, -0.1, 0, 0.1, 1, 10, 100, 1000, 10_000)
"""Ticks of a symmetric logarithmic axis of errors, in percent."""


def colour(contenders: pd.DataFrame, field: str = "contender") -> alt.Color:
    """The colours of the contenders, in the order of the data frame (columns label, contender)."""
    of = style.colours(contenders["label"])
    scale = alt.Scale(
        domain=list(contenders["contender"]), range=[of[label] for label in contenders["label"]]
    )
    legend = alt.Legend(orient="top", symbolOpacity=1, symbolSize=90, columns=LEGEND_COLUMNS)
    return alt.Color(f"{field}:N", title=None, scale=scale, legend=legend)


def days(all_days: pd.Series[Any], title: str | None = None) -> alt.X:
    """The axis of UTC days, from the first to the last of `all_days`: the same in every panel."""
    every: Literal["week", "day"] = "week" if all_days.nunique() > 10 else "day"
    axis = alt.Axis(format="%-d %b", tickCount=every, labelOverlap=True, grid=False)
    domain = [str(all_days.min()), str(all_days.max())]
    return alt.X(
        "day:T", title=title, axis=axis, scale=alt.Scale(type="utc", domain=domain, padding=8)
    )


def logarithmic_ticks(low: float, high: float) -> list[float]:
    """Round numbers between two: 1, 2 and 5 times powers of ten, or the powers alone if many."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if high < 1000 * low else (1,)
    return [m * 10.0**p for p in powers for m in steps if low <= m * 10.0**p <= high]


NUMBER = ",~f"
"""How an axis writes numbers: 2,000 and 0.5."""


def day_tooltip() -> alt.Tooltip:
    """The UTC day, written out. Dates without a time are UTC to Vega."""
    return alt.Tooltip("day:N", title="UTC day")


def contenders_axis(contenders: pd.DataFrame) -> alt.Y:
    """The contenders, one row each, in the order of the data frame."""
    return alt.Y(
        "contender:N", title=None, sort=list(contenders["contender"]), axis=alt.Axis(ticks=False)
    )


def error_axis(channel: type[alt.X | alt.Y], field: str, errors: pd.Series[Any]) -> Any:
    """A symmetric logarithmic axis of errors in percent: linear within 0.01 % of none at all."""
    bound = max(float(errors.abs().max()) if len(errors.dropna()) else 0.0, 0.05) * 1.6
    low = -bound if float(errors.min()) < 0 else -0.05
    high = bound if float(errors.max()) > 0 else 0.05
    ticks = [tick for tick in ERROR_TICKS if low <= tick <= high]
    axis = alt.Axis(values=ticks, labelExpr=PERCENT_LABEL, labelOverlap=False, tickCount=len(ticks))
    scale = alt.Scale(type="symlog", constant=0.01, domain=[max(low, -150), high], nice=False)
    return channel(f"{field}:Q", title="error against the truth (%)", scale=scale, axis=axis)


PERCENT_LABEL = (
    f"(datum.value > 0 ? '+' : datum.value < 0 ? '{MINUS}' : '') + abs(datum.value) + ' %'"
)


def finished(chart: Any, title: str, told: str, *, subtitle: str = "", **size: Any) -> Chart:
    """The chart with its title, what it shows in words (for those who do not see it), and size."""
    heading = alt.Title(title, subtitle=subtitle) if subtitle else alt.Title(title)
    made: Chart = chart.properties(title=heading, description=told, **size)
    return made


def nothing(title: str, reason: str) -> Chart:
    """A chart that has nothing to show, and says why."""
    words = alt.Chart(pd.DataFrame({"reason": [reason]})).mark_text(align="left", x=0)
    return finished(
        words.encode(text="reason:N"), title, f"Empty: {reason}.", width=WIDTH, height=20
    )


def panel(chart: Any, title: str, **size: Any) -> Chart:
    """A chart that is one of several, with the small title of its own."""
    heading = alt.Title(title, fontSize=12, offset=4, frame="group")
    made: Chart = chart.properties(title=heading, **size)
    return made
