"""The capability matrix: every contender against every question."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dauexp.questions import catalogue
from dauexp.report.frames import Frames, contenders, short
from dauexp.report.plots.accuracy import CLASS_COLOURS, CLASS_INK, CLASSES, error_class
from dauexp.report.plots.parts import LEAST, WIDTH, contenders_axis, finished
from dauexp.report.render import Chart
from dauexp.report.words import percent

UNASKED = "not asked in this run"
_COLOURS = dict(zip((*CLASSES, UNASKED), (*CLASS_COLOURS, "#d3d7db"), strict=True))
_INK = dict(zip((*CLASSES, UNASKED), (*CLASS_INK, "#14171a"), strict=True))


def capability(run: Frames) -> Chart:
    """Every contender against every question, in a coloured cell: exact, approximate with its
    largest error, or impossible; of several queries, by the best."""
    cells = pd.DataFrame(
        [
            {"contender": who, "asked": short(str(question)), **_cell(rows)}
            for (who, question), rows in run["capability"].groupby(["contender", "question"])
        ]
    )
    asked = [short(each) for each in catalogue() if short(each) in set(cells["asked"])]
    top = alt.Axis(orient="top", labelAngle=-40, ticks=False, domain=False, labelLimit=180)
    side = alt.Axis(ticks=False, domain=False)
    base = alt.Chart(cells).encode(
        x=alt.X("asked:N", title=None, sort=asked, axis=top),
        y=contenders_axis(contenders(run)).axis(side),
        tooltip=[
            "contender:N",
            alt.Tooltip("asked:N", title="question"),
            alt.Tooltip("told:N", title="largest error"),
            alt.Tooltip("languages:N", title="can be asked in"),
            alt.Tooltip("reason:N", title="if not, why"),
        ],
    )
    wide, high = alt.RelativeBandSize(band=0.96), alt.RelativeBandSize(band=0.92)
    legend = alt.Legend(orient="bottom", title="on the worst day and segment", columns=3)
    known = [each for each in _COLOURS if each in CLASSES or each in set(cells["class"])]
    boxes = base.mark_rect(cornerRadius=3, width=wide, height=high).encode(
        color=alt.Color("class:N", scale=_scale(known, _COLOURS), legend=legend)
    )
    words = base.mark_text(fontSize=10).encode(
        text="shown:N", color=alt.Color("class:N", scale=_scale(known, _INK), legend=None)
    )
    told = "; ".join(
        f"{who}: " + ", ".join(f"{row.asked} {row.told}" for row in rows.itertuples())
        for who, rows in cells.groupby("contender", sort=False)
    )
    return finished(
        (boxes + words).resolve_scale(color="independent"),
        "What each contender can be asked, and how exactly it answers",
        f"Largest error by contender and question. {told}.",
        subtitle="largest error of any day and segment, by the best query",
        width=WIDTH - 60,
        height=alt.Step(34),
        usermeta={LEAST: 560},
    )


def _scale(classes: list[str], colours: dict[str, str]) -> alt.Scale:
    return alt.Scale(domain=classes, range=[colours[each] for each in classes])


def _cell(rows: pd.DataFrame) -> dict[str, str]:
    """What is shown of the queries of a contender and question."""
    possible = rows[rows["possible"]]
    found = possible[possible["found"].notna()]
    place = {
        "languages": ", ".join(dict.fromkeys(possible["language"])) or "none",
        "reason": "; ".join(dict.fromkeys(rows[~rows["possible"]]["reason"])),
    }
    if found.empty:
        told = UNASKED if len(possible) else CLASSES[-1]
        return {**place, "class": told, "told": told, "shown": "" if len(possible) else "no"}
    if (found["found"] == "exact").any():
        return {**place, "class": CLASSES[0], "told": "exact", "shown": "exact"}
    worst = float(found["worst_absolute_error"].min())
    told = percent(worst).lstrip("+")
    shown = told.replace("below ", "<").replace(" ", "")
    return {**place, "class": error_class(worst), "told": told, "shown": shown}
