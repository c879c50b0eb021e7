"""The chart of A's trailing windows in two ways: what the answer of a day costs."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dauexp.growth.lastseen import DIRECT, INCREMENTAL, with_steps
from dauexp.questions import catalogue
from dauexp.report.frames import title
from dauexp.report.plots.growth import MEASURES
from dauexp.report.plots.parts import WIDTH, day_tooltip, days, finished
from dauexp.report.render import Chart

NAMES = {DIRECT: "documents of the window", INCREMENTAL: "table of days seen, with its step"}
COLOURS = ["#7b68c8", "#3f8f8f"]


def days_seen(costs: pd.DataFrame, measure: str = "rows_read") -> Chart:
    """A measure of the answer of each day, by both ways, of the question with the longest window of
    those in the table `days_seen_cost`."""
    question = longest(costs)
    rows = both(costs, question)
    rows = rows.assign(of=rows["way"].map(NAMES))
    line = (
        alt.Chart(rows[["day", "of", measure]])
        .mark_line(point=True)
        .encode(
            x=days(rows["day"]),
            y=alt.Y(f"{measure}:Q", title=MEASURES[measure], axis=alt.Axis(format="~s")),
            color=alt.Color(
                "of:N",
                title=None,
                scale=alt.Scale(domain=list(NAMES.values()), range=COLOURS),
                legend=alt.Legend(orient="top"),
            ),
            tooltip=[day_tooltip(), "of:N", alt.Tooltip(f"{measure}:Q", format=",")],
        )
    )
    last = rows[rows["day"] == rows["day"].max()]
    told = "; ".join(f"{row['of']}: {row[measure]:,.4g}" for row in last.to_dict("records"))
    return finished(
        line,
        f"{title(question)}, day by day: {MEASURES[measure]}",
        f"On the last day, by way: {told}.",
        subtitle="the step from day to day is counted in, though all questions share it",
        width=WIDTH,
        height=200,
    )


def longest(costs: pd.DataFrame) -> str:
    """The question with the longest window; of equal ones, the first of the catalogue."""
    known = [name for name in catalogue() if name in set(costs["question"])]
    return max(known, key=lambda name: catalogue()[name].window)


def both(costs: pd.DataFrame, question: str) -> pd.DataFrame:
    """The rows of a question by both ways, the step counted into those of the second."""
    rows = pd.DataFrame(with_steps(costs.to_dict("records")))
    return rows[rows["question"] == question]
