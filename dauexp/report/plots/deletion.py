"""Charts of opt-out and of a change of the secret: what remains, and what the answers become."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from dauexp.report.frames import Frames, contenders, ordered, short, title
from dauexp.report.plots.parts import (
    LEAST,
    PERCENT_LABEL,
    WIDTH,
    colour,
    finished,
    panel,
)
from dauexp.report.render import Chart
from dauexp.report.words import percent

CLASSES = {
    "as it should be": "#1b6ca8",
    "not quite": "#f2c9a1",
    "not at all": "#b5402a",
    "does not apply": "#5f666d",
}
"""How well something is deleted, each with its colour."""
_INK = ("#ffffff", "#14171a", "#ffffff", "#ffffff")
_CLOSE = 0.01

COLUMNS = (
    "deletes by",
    "ids in its tables",
    "ids in its log",
    "DAU, an id a device",
    "DAU, an id a user",
)


def deletion(run: Frames) -> Chart:
    """What each contender can delete, what remains, and how far DAU is from those who remain."""
    cells = pd.DataFrame(_cells(run))
    top = alt.Axis(orient="top", labelAngle=0, ticks=False, domain=False, labelLimit=150)
    side = alt.Axis(ticks=False, domain=False, labelLimit=240)
    base = alt.Chart(cells).encode(
        x=alt.X("column:N", title=None, sort=list(COLUMNS), axis=top),
        y=alt.Y("way:N", title=None, sort=list(dict.fromkeys(cells["way"])), axis=side),
        tooltip=[
            alt.Tooltip("way:N", title="contender"),
            alt.Tooltip("column:N", title="what"),
            alt.Tooltip("shown:N", title="found"),
            alt.Tooltip("told:N", title="more"),
        ],
    )
    wide, high = alt.RelativeBandSize(band=0.98), alt.RelativeBandSize(band=0.92)
    legend = alt.Legend(orient="bottom", title=None)
    boxes = base.mark_rect(cornerRadius=3, width=wide, height=high).encode(
        color=alt.Color("class:N", scale=_scale(list(CLASSES.values())), legend=legend)
    )
    words = base.mark_text(fontSize=12).encode(
        text="shown:N", color=alt.Color("class:N", scale=_scale(_INK), legend=None)
    )
    rows = (
        f"{way}: " + ", ".join(f"{row.column} {row.shown}" for row in mine.itertuples())
        for way, mine in cells.groupby("way", sort=False)
    )
    return finished(
        (boxes + words).resolve_scale(color="independent"),
        "What is left of devices whose users opted out",
        f"By contender: {'; '.join(rows)}.",
        subtitle="ids before and after deletion; error of DAU against the devices that remain",
        width=WIDTH - 60,
        height=alt.Step(34),
        usermeta={LEAST: 520},
    )


def _scale(colours: Sequence[str]) -> alt.Scale:
    return alt.Scale(domain=list(CLASSES), range=list(colours))


def _cells(run: Frames) -> Iterator[dict[str, Any]]:
    rows, remains = ordered(run, "deletion"), run["remains"]
    several = rows.groupby("contender")["way"].nunique()
    for _, both in rows.groupby(["contender", "way"], sort=False):
        by = {row["identity"]: row for row in both.to_dict("records")}
        row = by["per-device"]
        who: str = row["contender"]
        name = f"{who}, {row['way']}" if several.to_dict()[who] > 1 else who
        log = remains[
            (remains["contender"] == who)
            & (remains["identity"] == "per-device")
            & (remains["place"] == "log")
            & (remains["when"] == "after")
        ]["ids_found"].sum()
        found = (
            _by(row),
            _tables(row),
            (f"{log:,}", "not at all", "") if log else ("none", "as it should be", ""),
            _dau(row),
            _dau(by["placeholder"]),
        )
        for column, (shown, verdict, told) in zip(COLUMNS, found, strict=True):
            yield {"way": name, "column": column, "shown": shown, "class": verdict, "told": told}


def _by(row: dict[Any, Any]) -> tuple[str, str, str]:
    if not row["possible"]:
        return "cannot", "not at all", row["reason"]
    count = row["statements"]
    verdict = "as it should be" if row["named"] == "device" else "not quite"
    return f"{row['named']} ({count:,})", verdict, row["statement"]


def _tables(row: dict[Any, Any]) -> tuple[str, str, str]:
    if not row["requests_asked"]:
        return "none sent", "does not apply", "the devices that asked had sent nothing"
    if not row["ids_before"]:
        return "none kept", "does not apply", "no id is stored, and nothing can be deleted"
    verdict = "not at all" if row["ids_remaining"] else "as it should be"
    return f"{row['ids_before']:,} \N{RIGHTWARDS ARROW} {row['ids_remaining']:,}", verdict, ""


def _dau(row: dict[Any, Any]) -> tuple[str, str, str]:
    """The error that deletion leaves; what it was before is told."""
    after, before = row["relative_error_after"], row["relative_error_before"]
    if pd.isna(after) or pd.isna(before):
        return "no answer", "does not apply", ""
    if not row["possible"]:
        return "unchanged", "not at all", f"against the exact DAU: {percent(after)}"
    made = (1 + after) / (1 + before) - 1
    verdict = "as it should be" if abs(made) < _CLOSE / 5 else "not quite"
    return (
        percent(made),
        verdict,
        f"against the exact DAU: {percent(before)} before, {percent(after)} after",
    )


def rotation(run: Frames) -> Chart:
    """The error of every question after the secret was changed, a panel a question."""
    rows = run["rotation"]
    rows = rows[rows["question"].isin(["wau", "mau"])].dropna(subset=["relative_error"])
    rows = rows[rows["days_after"] >= -7].assign(error=lambda f: 100 * f["relative_error"])
    who = contenders(run)
    who = who[who["contender"].isin(rows["contender"])]
    # Thinner in the order of the contenders, so that those on one another are all seen.
    widths = np.linspace(5, 1.6, len(who)).tolist()
    panels = []
    for question in dict.fromkeys(rows["question"].sort_values(ascending=False)):
        mine = rows[rows["question"] == question]
        layers = [
            _line(mine[mine["contender"] == name], who, int(rows["days_after"].max()), width)
            for name, width in zip(who["contender"], widths, strict=True)
        ]
        panels.append(panel(alt.layer(*layers), title(str(question)), width=WIDTH - 40, height=150))
    worst = rows.groupby(["contender", "question"])["error"].max().reset_index()
    told = "; ".join(
        f"{row['contender']}, {short(row['question'])} up to {percent(row['error'] / 100)}"
        for row in worst.to_dict("records")
    )
    return finished(
        alt.vconcat(*panels, spacing=14).resolve_scale(color="shared"),
        "After the secret of the hashes was changed",
        f"Lines of errors over days: {told}.",
        subtitle="who is active on both sides of the change counts twice",
    )


def _line(rows: pd.DataFrame, who: pd.DataFrame, last: int, width: float) -> alt.Chart:
    """The errors of one contender from a week before the change to the day `last` after it."""
    line: alt.Chart = (
        alt.Chart(rows)
        .mark_line(strokeWidth=width)
        .encode(
            x=alt.X(
                "days_after:Q",
                title="days after the change",
                scale=alt.Scale(domain=[-7, last], nice=False),
            ),
            y=alt.Y(
                "error:Q",
                title="error against the truth (%)",
                axis=alt.Axis(labelExpr=PERCENT_LABEL, tickCount=5),
            ),
            color=colour(who),
            tooltip=["contender:N", "days_after:Q", alt.Tooltip("error:Q", format="+.1f")],
        )
    )
    return line
