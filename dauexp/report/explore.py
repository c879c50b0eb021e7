"""To play with: change faults, hosts or the flush interval, and see what DAU becomes at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import altair as alt
import ipywidgets as widgets
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from IPython.display import display

from dauexp.experiments.trial import trial
from dauexp.options import contenders
from dauexp.report import style
from dauexp.report.frames import named
from dauexp.report.plots.parts import WIDTH, colour, days, error_axis, finished
from dauexp.report.render import Chart
from dauexp.report.words import Found, percent
from dauexp.scenario import Scenario, load
from dauexp.temporary import temporary_folder

DAYS: Final = 4
"""Enough to see a day after another, few enough to answer in a second or two."""

SHOWN: Final = ("glean", "statsd:counter", "statsd:set", "statsd:field", "statsd:sketch")


def scenario_of(changes: Mapping[str, Any]) -> Scenario:
    """A scenario of few users and days, with changes by key."""
    small = {"traffic.users": 100, "traffic.days": DAYS, "traffic.block_users": 10_000, **changes}
    return load("quick", [f"{key}={value}" for key, value in small.items()])


def tried(scenario: Scenario, labels: Sequence[str] = SHOWN) -> pd.DataFrame:
    """DAU of each contender by day, beside the truth: the table `accuracy`, named."""
    tables = []
    with temporary_folder() as scratch:
        for number, contender in enumerate(contenders(labels)):
            place = scratch / str(number)
            table = trial(scenario, contender, place, questions=("dau",)).accuracy
            tables.append(table.filter(pc.field("language") == "sql"))
    return named(pa.concat_tables(tables))


def chart(accuracy: pd.DataFrame) -> Chart:
    """The error of each contender by day."""
    who = accuracy[["option", "strategy", "label", "contender"]].drop_duplicates()
    rows = accuracy.assign(error=100 * accuracy["relative_error"])
    marks = alt.Chart(rows[["contender", "day", "error"]]).encode(
        x=days(rows["day"], "UTC day"),
        y=error_axis(alt.Y, "error", rows["error"]),
        color=colour(who),
        tooltip=["contender:N", "day:N", alt.Tooltip("error:Q", title="error (%)", format="+.2f")],
    )
    told = "; ".join(told_of(accuracy))
    return finished(
        marks.mark_line(opacity=0.6) + marks.mark_point(filled=True, size=80, opacity=1),
        "Error of DAU, with these settings",
        f"Error of DAU by day and contender: {told}.",
        width=WIDTH - 160,
        height=240,
    )


def told_of(accuracy: pd.DataFrame) -> list[str]:
    """Each contender's worst day in words."""
    worst = {
        str(who): max(errors, key=abs)
        for who, errors in accuracy.groupby("contender", sort=False)["relative_error"]
    }
    return [f"{who}: {percent(error)} on its worst day" for who, error in worst.items()]


CONTROLS: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "traffic.users": ("users", {"value": 100, "min": 20, "max": 400, "step": 20}),
    "traffic.hosts.count": ("hosts", {"value": 3, "min": 1, "max": 12}),
    "statsd.flush_seconds": ("flush (s)", {"value": 10, "min": 1, "max": 3600}),
    "faults.loss.rate": ("lost", {"value": 0.0, "min": 0.0, "max": 0.5, "step": 0.01}),
    "faults.duplication.rate": ("twice", {"value": 0.0, "min": 0.0, "max": 0.5, "step": 0.01}),
    "faults.delay.rate": ("late by 10 min", {"value": 0.0, "min": 0.0, "max": 1.0, "step": 0.05}),
    "seed": ("seed", {"value": 1, "min": 1, "max": 20}),
}
"""What can be changed: the key of the scenario, its name on the slider, and the slider's range."""


class Explorer(widgets.VBox):  # type: ignore[misc]
    """Sliders, and below them the chart and the sentences that follow from their values."""

    def __init__(self) -> None:
        self.sliders = {key: _slider(*of) for key, of in CONTROLS.items()}
        self.shown = widgets.Output()
        for slider in self.sliders.values():
            slider.observe(self._changed, names="value")
        columns = widgets.GridBox(
            list(self.sliders.values()),
            layout=widgets.Layout(grid_template_columns="repeat(2, 360px)"),
        )
        super().__init__([columns, self.shown])
        self._changed()

    @property
    def scenario(self) -> Scenario:
        """The scenario that the sliders say."""
        return scenario_of({key: slider.value for key, slider in self.sliders.items()})

    def _changed(self, _: object = None) -> None:
        style.enable()
        with self.shown:
            self.shown.clear_output(wait=True)
            found = tried(self.scenario)
            display(chart(found), Found(*told_of(found)))  # type: ignore[no-untyped-call]


def _slider(name: str, of: Mapping[str, Any]) -> Any:
    whole = all(isinstance(value, int) for value in of.values())
    kind = widgets.IntSlider if whole else widgets.FloatSlider
    wide = {"description_width": "110px"}
    return kind(description=name, continuous_update=False, style=wide, **of)
