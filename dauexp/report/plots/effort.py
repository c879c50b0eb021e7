"""Charts of the lines to be written, and of the claims."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dauexp.report.frames import Frames, contenders
from dauexp.report.plots.parts import WIDTH, contenders_axis, finished
from dauexp.report.render import Chart

PARTS = {
    "registry, by hand": "#3f8f8f",
    "emitter, by hand": "#7b68c8",
    "collection, by hand": "#c27a00",
    "queries, by hand": "#c264a3",
    "tests, by hand": "#2e8fc7",
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


def effort(run: Frames) -> Chart:
    """Lines of what a team carries, by contender and part, and beside them the libraries."""
    how = {"hand": "by hand", "generated": "generated"}
    rows = run["effort"].assign(what=lambda f: f["part"] + ", " + f["written"].map(how))
    lines = rows[rows["what"].isin(list(PARTS))]
    lines = lines.groupby(["contender", "what"])["lines"].sum().reset_index()
    lines["order"] = lines["what"].map(list(PARTS).index)
    others = rows[rows["part"] == "libraries"]
    with_ = {
        str(who): ", ".join(f"{row.file} {row.lines:,}" for row in mine.itertuples())
        for who, mine in others.groupby("contender")
    }
    ends = lines.groupby("contender")["lines"].sum().reset_index()
    ends["with"] = [f"+ {with_[who]}" if who in with_ else "" for who in ends["contender"]]
    told = "; ".join(f"{r.contender}, {r.what}: {r.lines}" for r in lines.itertuples())
    told += "".join(f"; {who}, libraries: {words}" for who, words in with_.items())
    y = contenders_axis(contenders(run))
    x = alt.X(
        "lines:Q",
        title="lines with code or data",
        axis=alt.Axis(tickCount=6),
        scale=alt.Scale(domain=[0, 1.3 * float(ends["lines"].max())], nice=False),
    )
    bars = (
        alt.Chart(lines)
        .mark_bar()
        .encode(
            y=y,
            x=x,
            color=_colour("what", PARTS),
            order=alt.Order("order:Q"),
            tooltip=["contender:N", "what:N", "lines:Q"],
        )
    )
    text = alt.Chart(ends).mark_text(align="left", dx=5, fontSize=11)
    words = text.encode(y=y, x=x, text="with:N")
    return finished(
        bars + words,
        "Lines that a team writes and carries",
        f"Stacked bars of lines by contender and part: {told}.",
        subtitle="counted from this package's own files; in words the libraries that it needs",
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
    legend = alt.Legend(orient="top", columns=5)
    return alt.Color(f"{field}:N", title=None, scale=scale, legend=legend)
