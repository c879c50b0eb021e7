"""Charts of sweeps: what faults do to the answers, and all that a sweep has tables for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import altair as alt
import pandas as pd

from dauexp.measures.robustness import NONE
from dauexp.report.frames import Frames, contenders, short, title
from dauexp.report.plots.parts import WIDTH, colour, error_axis, finished, nothing, panel
from dauexp.report.plots.replicates import by_day, in_percent, replicates
from dauexp.report.plots.sensitivity import agreement, flips
from dauexp.report.render import Chart
from dauexp.report.words import percent

COLUMNS = 2


def robustness(sweep: Frames, question: str = "dau") -> Chart:
    """Error of a question under each fault, by its strength: mean and 95% interval over the
    replicates, by contender; a panel each fault."""
    who = contenders(sweep)
    rows = in_percent(sweep["robustness"], question)
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


CHARTS: Mapping[str, tuple[str, Callable[[Frames], Chart]]] = {
    "robustness": ("robustness", robustness),
    "replicates": ("replicates", replicates),
    "by_day": ("replicates_by_day", by_day),
    "agreement": ("agreement", agreement),
    "flips": ("flips", flips),
}
"""The charts of sweeps by name, each with the table that it is drawn from."""


def swept(sweep: Frames, *names: str) -> list[Chart]:
    """Of the charts named, those whose tables a sweep has: one of faults has others than a sample
    of scenarios. An empty one that says so where it has none of them."""
    drawn = [draw(sweep) for table, draw in map(CHARTS.__getitem__, names) if table in sweep]
    return drawn or [nothing("Sweep", f"this sweep has no table for {', '.join(names)}")]
