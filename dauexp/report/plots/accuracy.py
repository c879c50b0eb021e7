"""Charts of the answers and of how far they are from the truth."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from dauexp.report import style
from dauexp.report.frames import Frames, contenders, main_questions, short, title
from dauexp.report.plots.parts import (
    NUMBER,
    WIDTH,
    colour,
    day_tooltip,
    days,
    error_axis,
    finished,
    logarithmic_ticks,
    nothing,
    panel,
)
from dauexp.report.render import Chart
from dauexp.report.words import percent

CLASSES = ("exact", "within 1 %", "within 10 %", "more than 10 % off", "impossible")
CLASS_COLOURS = ("#1b6ca8", "#7fb5d8", "#f2c9a1", "#b5402a", "#5f666d")
CLASS_INK = ("#ffffff", "#14171a", "#14171a", "#ffffff", "#ffffff")


def grid(run: Frames) -> Chart:
    """Every contender against every question: the mean error over the days, in a coloured cell.

    Of a query that is written in several ways, the first: the table of errors has the others."""
    questions = main_questions(run)
    cells = pd.DataFrame(_cells(run, questions))
    top = alt.Axis(orient="top", labelAngle=0, ticks=False, domain=False, labelLimit=220)
    side = alt.Axis(ticks=False, domain=False, labelLimit=220)
    base = alt.Chart(cells).encode(
        x=alt.X("asked:N", title=None, sort=list(map(short, questions)), axis=top),
        y=alt.Y("way:N", title=None, sort=list(dict.fromkeys(cells["way"])), axis=side),
        tooltip=[
            alt.Tooltip("way:N", title="contender"),
            alt.Tooltip("asked:N", title="question"),
            alt.Tooltip("shown:N", title="mean error"),
            alt.Tooltip("lowest:N", title="lowest"),
            alt.Tooltip("highest:N", title="highest"),
            alt.Tooltip("days:Q", title="days answered"),
        ],
    )
    legend = alt.Legend(orient="bottom", title="on the worst day", titleAnchor="start")
    wide, high = alt.RelativeBandSize(band=0.98), alt.RelativeBandSize(band=0.92)
    boxes = base.mark_rect(cornerRadius=3, width=wide, height=high).encode(
        color=alt.Color("class:N", scale=_class_scale(CLASS_COLOURS), legend=legend)
    )
    words = base.mark_text(fontSize=13).encode(
        text="shown:N", color=alt.Color("class:N", scale=_class_scale(CLASS_INK), legend=None)
    )
    return finished(
        (boxes + words).resolve_scale(color="independent"),
        "How far each answer is from the exact truth",
        _sentence(cells),
        subtitle="mean error over the days of the run",
        width=WIDTH - 60,
        height=alt.Step(38),
    )


def _class_scale(colours: Sequence[str]) -> alt.Scale:
    return alt.Scale(domain=list(CLASSES), range=list(colours))


def _cells(run: Frames, questions: Sequence[str]) -> list[dict[str, object]]:
    summary = run["accuracy_summary"]
    wanted = (summary["segment"] == "all") & (summary["variant"] == "")
    summary = summary[wanted & summary["question"].isin(questions)]
    cells: list[dict[str, object]] = []
    for contender in contenders(run).itertuples():
        mine = summary[summary["contender"] == contender.contender]
        several = mine.groupby("question")["query"].nunique().max() > 1
        for query in sorted(set(mine["query"])) if several else [None]:
            asked = mine if query is None else mine[mine["query"] == query]
            way = f"{contender.contender}, {query}" if query else contender.contender
            found = {row["question"]: row for row in asked.to_dict("records")}
            cells += [_cell(way, question, found.get(question)) for question in questions]
    return cells


def _cell(way: object, question: str, found: Mapping[Hashable, Any] | None) -> dict[str, object]:
    place: dict[str, object] = {"way": way, "asked": short(question)}
    if found is None or not found["days_answered"]:
        return {**place, "class": CLASSES[4], "shown": CLASSES[4], "days": 0}
    worst = found["worst_absolute_error"]
    return {
        **place,
        "class": error_class(worst),
        "shown": "exact" if worst == 0 else percent(found["mean_relative_error"]),
        "lowest": percent(found["lowest_relative_error"]),
        "highest": percent(found["highest_relative_error"]),
        "days": found["days_answered"],
    }


def error_class(worst: float) -> str:
    """The one of `CLASSES` that an error belongs to, as a fraction; the last but one if unknown."""
    return CLASSES[sum(not worst <= limit for limit in (0.0, 0.01, 0.10))]


def _sentence(cells: pd.DataFrame) -> str:
    rows = [
        f"{way}: " + ", ".join(f"{row.asked} {row.shown}" for row in mine.itertuples())
        for way, mine in cells.groupby("way", sort=False)
    ]
    return "Mean error against the truth. " + "; ".join(rows) + "."


def answers(run: Frames) -> Chart:
    """The answers of every contender beside the truth, day by day, one panel a question."""
    questions = main_questions(run)
    asked = run["answers"]
    asked = asked[asked["question"].isin(questions) & (asked["segment"] == "all")]
    truth = run["truth"]
    truth = truth[truth["question"].isin(questions) & (truth["segment"] == "all")]
    return finished(
        _panels(run, asked, truth, "question", {each: title(each) for each in questions}),
        "Active users by every contender, and the truth (wide grey line)",
        f"Lines over days of {', '.join(map(short, questions))} by each contender; the truth is a "
        "wide grey line.",
        subtitle="lines on one another agree, and are seen as stripes",
    )


def platforms(run: Frames, question: str = "dau_by_platform") -> Chart:
    """The answers to a question by segments beside the truth, one panel a segment."""
    asked = run["answers"]
    asked = asked[asked["question"] == question]
    truth = run["truth"]
    truth = truth[truth["question"] == question]
    totals = truth.groupby("segment")["value"].sum().sort_values(ascending=False)
    seen = [str(name) for name, total in totals.items() if total > 0]
    if not seen:
        return nothing(title(question), "no segment has enough users to be shown")
    return finished(
        _panels(run, asked, truth, "segment", {each: each for each in seen}),
        f"{title(question)}, and the truth (wide grey line)",
        f"Lines over days of {short(question)} by each contender, for {', '.join(seen)}; the truth "
        "is a wide grey line.",
        subtitle="segments as Sync finds them from user agents",
    )


def _panels(
    run: Frames, asked: pd.DataFrame, truth: pd.DataFrame, by: str, names: Mapping[str, str]
) -> Any:
    """One panel for each value of the column `by` that has a name, the last with the days."""
    exact = truth[["day", "value", by]].assign(contender="truth", query="truth")
    together = pd.concat([exact, asked[["contender", "query", "day", "value", by]]])
    last = list(names)[-1]
    panels = [
        panel(
            _lines(run, together[together[by] == key], "UTC day" if key == last else None),
            name,
            width=WIDTH,
            height=130,
        )
        for key, name in names.items()
    ]
    return alt.vconcat(*panels, spacing=14).resolve_scale(color="shared")


def _lines(run: Frames, rows: pd.DataFrame, x_title: str | None) -> Chart:
    """The truth and the contenders' answers as lines, on a logarithmic axis where they are far
    apart. Lines grow thinner in the order of the contenders, so that those on one another are all
    seen."""
    who = contenders(run)
    x = days(run["truth"]["day"], x_title)
    y, rows = _users_axis(rows)
    truth = alt.Chart(rows[rows["contender"] == "truth"])
    layers = [truth.mark_line(color=style.TRUTH, opacity=0.5, strokeWidth=12).encode(x=x, y=y)]
    tooltip = [
        alt.Tooltip("contender:N"),
        alt.Tooltip("query:N"),
        day_tooltip(),
        alt.Tooltip("value:Q", title="users", format=",.1f"),
    ]
    widths = np.linspace(7, 1.6, len(who))
    for contender, width in zip(who["contender"], widths, strict=True):
        mine = rows[rows["contender"] == contender]
        if mine.empty:
            continue
        line = alt.Chart(mine).mark_line(
            strokeWidth=float(width), point=alt.OverlayMarkDef(size=16)
        )
        layers.append(line.encode(x=x, y=y, color=colour(who), detail="query:N", tooltip=tooltip))
    return alt.layer(*layers)


def _users_axis(rows: pd.DataFrame) -> tuple[alt.Y, pd.DataFrame]:
    """The axis of users for some values, and the rows that can be drawn on it."""
    positive = rows[rows["value"] > 0]
    low, high = positive["value"].min(), positive["value"].max()
    if not high > 4 * low:
        axis = alt.Axis(tickCount=4, format=NUMBER)
        return alt.Y("value:Q", title="users", scale=alt.Scale(zero=False), axis=axis), rows
    low, high = low / 1.25, high * 1.25
    axis = alt.Axis(values=logarithmic_ticks(low, high), format=NUMBER)
    scale = alt.Scale(type="log", domain=[low, high], nice=False)
    return alt.Y("value:Q", title="users (log)", scale=scale, axis=axis), positive


def errors(run: Frames) -> Chart:
    """The relative error of every contender day by day, one panel a question. Rings shrink in the
    order of the contenders, so that those on one another are all seen."""
    questions = main_questions(run)
    rows = run["accuracy"]
    rows = rows[rows["question"].isin(questions) & (rows["segment"] == "all")]
    rows = rows.dropna(subset=["relative_error"]).assign(error=lambda f: 100 * f["relative_error"])
    who = contenders(run)
    sizes = np.linspace(110, 20, len(who))
    rows["size"] = rows["contender"].map(dict(zip(who["contender"], sizes, strict=True)))
    columns = ["contender", "query", "day", "error", "answer", "truth", "size"]
    panels = []
    for question in questions:
        base = alt.Chart(rows[rows["question"] == question][columns]).encode(
            x=days(run["truth"]["day"], "UTC day" if question == questions[-1] else None),
            y=error_axis(alt.Y, "error", rows["error"]),
            color=colour(who),
            detail="query:N",
        )
        points = base.mark_point(filled=False, strokeWidth=2, opacity=0.9).encode(
            size=alt.Size("size:Q", scale=None),
            tooltip=[
                alt.Tooltip("contender:N"),
                alt.Tooltip("query:N"),
                day_tooltip(),
                alt.Tooltip("answer:Q", format=",.1f"),
                alt.Tooltip("truth:Q", format=",.0f"),
                alt.Tooltip("error:Q", title="error (%)", format="+.3~g"),
            ],
        )
        lines = base.mark_line(strokeWidth=1, opacity=0.35)
        panels.append(panel(lines + points, title(question), width=WIDTH, height=150))
    return finished(
        alt.vconcat(*panels, spacing=14).resolve_scale(color="shared"),
        "Error of every contender, day by day",
        "Signed relative error in percent over days, for each contender and question.",
        subtitle="symmetric logarithmic axis: zero is the truth; rings on one another agree",
    )


def classification(run: Frames) -> Chart:
    """How far the segments that Sync finds from user agents are from the true ones."""
    rows = run["classification"]
    rows = rows[rows["question"].isin(["dau_by_platform", "dau_by_device_family"])]
    means = rows.groupby(["question", "segment"])[["classified", "truly"]].mean().reset_index()
    means = means[(means["classified"] > 0) | (means["truly"] > 0)]
    if means.empty:
        return nothing("Segments by user agent", "no segment has enough users to be shown")
    means["by"] = means["question"].str.removeprefix("dau_").str.replace("_", " ")
    hows = {"truly": "true", "classified": "as Sync classifies"}
    long = means.melt(["by", "segment"], list(hows), "how", "users")
    long["how"] = long["how"].map(hows)
    scale = alt.Scale(domain=list(hows.values()), range=[style.TRUTH, "#7b68c8"])
    axis = alt.Axis(format=NUMBER, tickCount=6)
    panels = [
        panel(
            alt.Chart(mine)
            .mark_bar()
            .encode(
                y=alt.Y("segment:N", title=None, sort="-x", axis=alt.Axis(ticks=False)),
                yOffset=alt.YOffset("how:N", sort=list(hows.values())),
                x=alt.X("users:Q", title="daily active users, mean over the days", axis=axis),
                color=alt.Color("how:N", title=None, scale=scale, legend=alt.Legend(orient="top")),
                tooltip=["segment:N", "how:N", alt.Tooltip("users:Q", format=",.1f")],
            ),
            str(by),
            width=WIDTH,
            height=alt.Step(16),
        )
        for by, mine in long.groupby("by", sort=True)
    ]
    told = ", ".join(
        f"{r.segment} {r.classified:,.0f} for {r.truly:,.0f}" for r in means.itertuples()
    )
    return finished(
        alt.vconcat(*panels, spacing=14).resolve_scale(x="shared", color="shared"),
        "Segments that Sync finds from user agents, beside the true ones",
        f"Bars of mean daily active users as classified and in truth: {told}.",
        subtitle="an error of the classification, which every option inherits",
    )
