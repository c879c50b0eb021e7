"""Chart of what drift of requests per user does to who estimates users from requests."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dauexp.experiments.calibration import EARLIER, SAME
from dauexp.report.frames import Frames, short
from dauexp.report.plots.parts import PERCENT_LABEL, WIDTH, finished
from dauexp.report.render import Chart
from dauexp.report.words import percent

COLOURS = {EARLIER: "#b5402a", SAME: "#8a8f94"}

WORDS = {
    "none": "no drift",
    "weekends": "{:g} times the requests at weekends",
    "users join": "{:.0%} of the users join",
    "requests grow": "{:g} times the requests each day",
    "changed client": "client with {:g} times the requests",
}
"""How a drift is told, by its name, of its strength."""


def drift_of(drift: str, strength: float) -> str:
    """A drift in words: `client with 1.2 times the requests`."""
    return WORDS.get(drift, f"{drift} {{:g}}").format(strength)


def calibration(run: Frames, question: str = "dau") -> Chart:
    """Error of a question under each drift, calibrated on the earlier period and on the same days:
    mean and 95% interval over the replicates, and what the closed form expects in the mean and on
    the day farthest from 0."""
    rows = run["calibration_errors"]
    rows = rows[rows["question"] == question]
    rows = rows.assign(
        case=[drift_of(*each) for each in zip(rows["drift"], rows["strength"], strict=True)],
        mean=100 * rows["mean_relative_error"],
        lowest=100 * rows["low"],
        highest=100 * rows["high"],
        expected=100 * rows["expected_relative_error"],
        worst=100 * rows["expected_worst_relative_error"],
    )
    several = len(set(rows["contender"])) > 1
    rows["shown"] = rows["contender"] + ", " + rows["case"] if several else rows["case"]
    axis = alt.Axis(labelExpr=PERCENT_LABEL, tickCount=6)
    base = alt.Chart(rows[_DRAWN]).encode(
        y=alt.Y(
            "shown:N",
            title=None,
            sort=list(dict.fromkeys(rows["shown"])),
            axis=alt.Axis(ticks=False, labelLimit=260),
        ),
        yOffset=alt.YOffset("calibrated_on:N", sort=list(COLOURS)),
        color=alt.Color(
            "calibrated_on:N",
            title="calibrated on the",
            scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values())),
            legend=alt.Legend(orient="top"),
        ),
        tooltip=[
            "shown:N",
            "calibrated_on:N",
            *(
                alt.Tooltip(f"{name}:Q", title=f"{title} (%)", format="+.2f")
                for name, title in (
                    ("mean", "mean error"),
                    ("lowest", "interval from"),
                    ("highest", "to"),
                    ("expected", "expected"),
                    ("worst", "expected on the worst day"),
                )
            ),
        ],
    )
    low, mean, expected, worst = (
        alt.X(f"{name}:Q", title="error against the truth (%)", axis=axis)
        for name in ("lowest", "mean", "expected", "worst")
    )
    chart = (
        base.mark_rule(strokeWidth=3, opacity=0.5).encode(x=low, x2="highest:Q")
        + base.mark_point(filled=True, size=50, opacity=1).encode(x=mean)
        + base.mark_tick(thickness=2, size=9).encode(x=expected)
        + base.mark_point(filled=False, size=40, opacity=1).encode(x=worst)
    )
    return finished(
        chart,
        f"{short(question)} from requests, when requests per user drift",
        f"Mean error of {short(question)}, calibrated on the earlier period: {_told(rows)}.",
        subtitle="mean with its 95 % interval; ticks: the closed form; circles: its worst day",
        width=WIDTH - 220,
        height=alt.Step(12),
    )


_DRAWN = ["shown", "calibrated_on", "mean", "lowest", "highest", "expected", "worst"]


def _told(rows: pd.DataFrame) -> str:
    return "; ".join(
        f"{row['shown']} {percent(row['mean'] / 100)} (expected {percent(row['expected'] / 100)})"
        for row in rows[rows["calibrated_on"] == EARLIER].to_dict("records")
    )
