"""Charts of how complex the queries are."""

from __future__ import annotations

import altair as alt

from dauexp.questions import catalogue
from dauexp.report.frames import Frames, contenders, short
from dauexp.report.plots.parts import LEAST, WIDTH, contenders_axis, finished
from dauexp.report.render import Chart

LANGUAGES = {"sql": "#1b6ca8", "flux": "#c264a3", "influxql": "#3f8f8f"}
"""The languages that can be measured, each with its colour."""

OUTSIDE = "*"
"""What marks a query with steps outside the database."""


def complexity(run: Frames) -> Chart:
    """Halstead difficulty of each query, by contender and question, in a coloured cell; of several
    the easiest of those with the fewest steps outside the database."""
    rows = run["complexity"].sort_values(["outside_steps", "difficulty"], kind="stable")
    cells = rows.drop_duplicates(["contender", "question"])
    cells = cells.sort_index().assign(asked=cells["question"].map(short))
    cells["shown"] = [
        f"{row.difficulty:.0f}{OUTSIDE if row.outside_steps else ''}" for row in cells.itertuples()
    ]
    columns = ["contender", "asked", "shown", "language", "difficulty", "volume_bits"]
    columns += ["outside_steps", "constants"]
    asked = [short(each) for each in catalogue() if each in set(cells["question"])]
    middle = float(cells["difficulty"].min() + cells["difficulty"].max()) / 2
    top = alt.Axis(orient="top", labelAngle=-40, ticks=False, domain=False, labelLimit=180)
    side = alt.Axis(ticks=False, domain=False)
    base = alt.Chart(cells[columns]).encode(
        x=alt.X("asked:N", title=None, sort=asked, axis=top),
        y=contenders_axis(contenders(run)).axis(side),
        tooltip=[
            "contender:N",
            alt.Tooltip("asked:N", title="question"),
            "language:N",
            alt.Tooltip("difficulty:Q", format=".1f"),
            alt.Tooltip("volume_bits:Q", title="volume (bits)", format=".0f"),
            alt.Tooltip("outside_steps:Q", title="steps outside the database"),
            alt.Tooltip("constants:Q", title="constants to be known"),
        ],
    )
    wide, high = alt.RelativeBandSize(band=0.96), alt.RelativeBandSize(band=0.92)
    shade = alt.Color("difficulty:Q", scale=alt.Scale(scheme="purples"), legend=None)
    boxes = base.mark_rect(cornerRadius=3, width=wide, height=high).encode(color=shade)
    dark = alt.datum.difficulty > middle
    words = base.mark_text(fontSize=12).encode(
        text="shown:N",
        color=alt.condition(dark, alt.value("#ffffff"), alt.value("#14171a")),
    )
    told = "; ".join(
        f"{who}: " + ", ".join(f"{row.asked} {row.shown}" for row in mine.itertuples())
        for who, mine in cells.groupby("contender", sort=False)
    )
    return finished(
        boxes + words,
        "How difficult each query is to read",
        f"Halstead difficulty by contender and question. {told}.",
        subtitle=f"Halstead difficulty of the easiest query file; {OUTSIDE} with steps outside the "
        "database; an empty cell cannot be asked",
        width=WIDTH - 60,
        height=alt.Step(34),
        usermeta={LEAST: 560},
    )


def languages(run: Frames) -> Chart:
    """The volume of every query file, by contender and language, and their means."""
    rows = run["complexity"]
    rows = rows[rows["language"].isin(list(LANGUAGES))]
    means = rows.groupby(["contender", "language"])["volume_bits"].mean().reset_index()
    base = alt.Chart(rows[["contender", "question", "query", "language", "volume_bits"]]).encode(
        y=contenders_axis(contenders(run)),
        yOffset=alt.YOffset("language:N", sort=list(LANGUAGES)),
        color=alt.Color(
            "language:N",
            title=None,
            scale=alt.Scale(domain=list(LANGUAGES), range=list(LANGUAGES.values())),
            legend=alt.Legend(orient="top", symbolOpacity=1),
        ),
    )
    x = alt.X("volume_bits:Q", title="Halstead volume (bits)", axis=alt.Axis(tickCount=6))
    tooltip = [
        "contender:N",
        "question:N",
        "query:N",
        alt.Tooltip("volume_bits:Q", title="volume (bits)", format=",.0f"),
    ]
    each = base.mark_tick(thickness=2, opacity=0.45, height=9).encode(x=x, tooltip=tooltip)
    mean = base.mark_point(filled=True, size=70, opacity=1).properties(data=means).encode(x=x)
    told = ", ".join(
        f"{row.contender} in {row.language} {row.volume_bits:,.0f}" for row in means.itertuples()
    )
    return finished(
        each + mean,
        "How much there is to read, by language",
        f"Halstead volume of the query files. Means in bits: {told}.",
        subtitle="each line a query file, each point the mean; a contender that can be asked less "
        "has fewer lines",
        width=WIDTH - 60,
        height=alt.Step(13),
    )
