"""Charts of how complex the queries are, of the lines to be written, and of the claims."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dauexp.questions import catalogue
from dauexp.report.frames import Frames, contenders, short
from dauexp.report.plots.parts import WIDTH, contenders_axis, finished
from dauexp.report.render import Chart

PARTS = {
    "registry, by hand": "#3f8f8f",
    "emitter, by hand": "#7b68c8",
    "queries, by hand": "#c264a3",
    "emitter, generated": "#8a8f94",
}
"""The parts of what a team carries, each with its colour."""

VERDICTS = {
    "supported": "#1b6ca8",
    "mixed": "#7fb5d8",
    "refuted": "#b5402a",
    "open": "#c9a227",
    "cannot be measured here": "#8a8f94",
}
"""The verdicts on claims in the order of the bars, each with its colour."""


def complexity(run: Frames) -> Chart:
    """Halstead difficulty of each query, by contender and question, in a coloured cell."""
    rows = run["complexity"]
    asked = [short(each) for each in catalogue() if each in set(rows["question"])]
    measures = ["difficulty", "volume_bits"]
    cells = rows.groupby(["contender", "question"])[measures].min().reset_index()
    cells["asked"] = cells["question"].map(short)
    middle = float(cells["difficulty"].min() + cells["difficulty"].max()) / 2
    top = alt.Axis(orient="top", labelAngle=0, ticks=False, domain=False, labelLimit=150)
    side = alt.Axis(ticks=False, domain=False)
    base = alt.Chart(cells).encode(
        x=alt.X("asked:N", title=None, sort=asked, axis=top),
        y=contenders_axis(contenders(run)).axis(side),
        tooltip=[
            "contender:N",
            alt.Tooltip("asked:N", title="question"),
            alt.Tooltip("difficulty:Q", format=".1f"),
            alt.Tooltip("volume_bits:Q", title="volume (bits)", format=".0f"),
        ],
    )
    wide, high = alt.RelativeBandSize(band=0.98), alt.RelativeBandSize(band=0.92)
    shade = alt.Color("difficulty:Q", scale=alt.Scale(scheme="purples"), legend=None)
    boxes = base.mark_rect(cornerRadius=3, width=wide, height=high).encode(color=shade)
    dark = alt.datum.difficulty > middle
    words = base.mark_text(fontSize=13).encode(
        text=alt.Text("difficulty:Q", format=".1f"),
        color=alt.condition(dark, alt.value("#ffffff"), alt.value("#14171a")),
    )
    told = "; ".join(f"{r.contender}, {r.question} {r.difficulty:.1f}" for r in cells.itertuples())
    return finished(
        boxes + words,
        "How difficult each query is to read",
        f"Halstead difficulty by contender and question: {told}.",
        subtitle="Halstead difficulty of the easiest query file; an empty cell cannot be asked",
        width=WIDTH - 60,
        height=alt.Step(38),
    )


def effort(run: Frames) -> Chart:
    """Lines of what a team carries, by contender and part."""
    how = {"hand": "by hand", "generated": "generated"}
    rows = run["effort"].assign(what=lambda f: f["part"] + ", " + f["written"].map(how))
    lines = rows.groupby(["contender", "what"])["lines"].sum().reset_index()
    lines["order"] = lines["what"].map(list(PARTS).index)
    told = "; ".join(f"{r.contender}, {r.what}: {r.lines}" for r in lines.itertuples())
    return finished(
        alt.Chart(lines)
        .mark_bar()
        .encode(
            y=contenders_axis(contenders(run)),
            x=alt.X("lines:Q", title="lines with code or data", axis=alt.Axis(tickCount=6)),
            color=_colour("what", PARTS),
            order=alt.Order("order:Q"),
            tooltip=["contender:N", "what:N", "lines:Q"],
        ),
        "Lines that a team writes and carries",
        f"Stacked bars of lines by contender and part: {told}.",
        subtitle="counted from this package's own files",
        width=WIDTH - 40,
        height=alt.Step(24),
    )


def verdicts(counts: pd.DataFrame) -> Chart:
    """How many claims of each kind have which verdict. Columns: about, verdict, claims."""
    rows = counts.assign(order=counts["verdict"].map(list(VERDICTS).index))
    told = "; ".join(f"{r.about}: {r.claims} {r.verdict}" for r in counts.itertuples())
    about = list(dict.fromkeys(counts["about"]))
    return finished(
        alt.Chart(rows)
        .mark_bar()
        .encode(
            y=alt.Y("about:N", title=None, sort=about, axis=alt.Axis(ticks=False)),
            x=alt.X("claims:Q", title="claims", axis=alt.Axis(tickMinStep=1)),
            color=_colour("verdict", VERDICTS),
            order=alt.Order("order:Q"),
            tooltip=["about:N", "verdict:N", "claims:Q"],
        ),
        "What the run says of the record's claims",
        f"Stacked bars of claims by verdict. {told}.",
        width=WIDTH - 40,
        height=alt.Step(26),
    )


def _colour(field: str, colours: dict[str, str]) -> alt.Color:
    scale = alt.Scale(domain=list(colours), range=list(colours.values()))
    return alt.Color(f"{field}:N", title=None, scale=scale, legend=alt.Legend(orient="top"))
