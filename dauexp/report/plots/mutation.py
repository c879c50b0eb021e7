"""Charts of mistakes in code by hand: who notices them, and what the silent ones bias."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import altair as alt
import pandas as pd

from dauexp.options import options
from dauexp.report.frames import Frames, short
from dauexp.report.plots.parts import LEAST, WIDTH, finished, panel
from dauexp.report.render import Chart
from dauexp.report.words import percent

NOTICED: Final = {
    "caught": "#1b6ca8",
    "rejected": "#7fb5d8",
    "visible": "#c9a227",
    "silent": "#b5402a",
    "harmless": "#8a8f94",
}
"""The verdicts on mistakes, from the earliest to the latest, each with its colour."""

TOLD: Final = {
    "caught": "caught when written",
    "rejected": "rejected at ingestion",
    "visible": "visible in monitoring",
    "silent": "silent",
    "harmless": "harmless",
}

QUESTIONS: Final = ("dau", "wau", "mau", "dau_by_platform")

SIZES: Final = ("none", "up to 1 %", "up to 10 %", "more than 10 %", "cannot be asked")
_COLOURS = ("#1b6ca8", "#7fb5d8", "#f2c9a1", "#b5402a", "#5f666d")
_INK = ("#ffffff", "#14171a", "#14171a", "#ffffff", "#ffffff")


def mistakes(run: Frames) -> Chart:
    """Mistakes by verdict for each option, and the bias of each silent one by question."""
    rows = run["mutation"].assign(who=_who(run["mutation"])).sort_values("who", kind="stable")
    counts = rows.groupby(["who", "verdict"]).size().rename("mistakes").reset_index()
    counts["share"] = counts["mistakes"] / counts.groupby("who")["mistakes"].transform("sum")
    silent = rows[rows["silent"]]
    panels: list[Chart] = [_bars(counts)]
    if len(silent):
        panels.append(_cells(silent))
    told = "; ".join(
        f"{r['who']}: {r['mistakes']} {TOLD[r['verdict']]}" for r in counts.to_dict("records")
    )
    worst = "; ".join(_sentence(row) for row in silent.to_dict("records"))
    return finished(
        alt.vconcat(*panels, spacing=22).resolve_scale(color="independent"),
        "Mistakes that a team can make, and who notices",
        f"Stacked bars of mistakes by verdict. {told}. Silent ones and their bias: {worst}.",
        subtitle="each was made in the code and sent the whole way; shares are of the catalogue",
        usermeta={LEAST: 320},
    )


def _who(rows: pd.DataFrame) -> list[str]:
    known = options()
    return [f"{known[each].letter} {each}" if each in known else each for each in rows["option"]]


def _bars(counts: pd.DataFrame) -> Chart:
    rows = counts.assign(
        told=counts["verdict"].map(TOLD), order=counts["verdict"].map(list(NOTICED).index)
    )
    scale = alt.Scale(domain=list(TOLD.values()), range=list(NOTICED.values()))
    legend = alt.Legend(orient="top", symbolOpacity=1)
    bars = (
        alt.Chart(rows)
        .mark_bar()
        .encode(
            y=alt.Y("who:N", title=None, axis=alt.Axis(ticks=False)),
            x=alt.X(
                "share:Q",
                title="share of the mistakes",
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(format="%", tickCount=5),
            ),
            color=alt.Color("told:N", title=None, scale=scale, legend=legend),
            order=alt.Order("order:Q"),
            tooltip=["who:N", alt.Tooltip("told:N", title="verdict"), "mistakes:Q"],
        )
    )
    made: Chart = bars.properties(width=WIDTH - 60, height=alt.Step(26))
    return made


def _cells(silent: pd.DataFrame) -> Chart:
    cells = pd.DataFrame(list(_each_cell(silent)))
    top = alt.Axis(orient="top", labelAngle=0, ticks=False, domain=False, labelLimit=150)
    side = alt.Axis(ticks=False, domain=False, labelLimit=300)
    base = alt.Chart(cells).encode(
        x=alt.X("asked:N", title=None, sort=list(map(short, QUESTIONS)), axis=top),
        y=alt.Y("way:N", title=None, sort=list(dict.fromkeys(cells["way"])), axis=side),
        tooltip=[
            alt.Tooltip("way:N", title="mistake"),
            alt.Tooltip("what:N", title="what is changed"),
            alt.Tooltip("thinking:N", title="thinking"),
            alt.Tooltip("asked:N", title="question"),
            alt.Tooltip("shown:N", title="mean bias"),
        ],
    )
    wide, high = alt.RelativeBandSize(band=0.98), alt.RelativeBandSize(band=0.92)
    legend = alt.Legend(orient="bottom", title="bias", titleAnchor="start")
    boxes = base.mark_rect(cornerRadius=3, width=wide, height=high).encode(
        color=alt.Color("size:N", scale=_scale(_COLOURS), legend=legend)
    )
    words = base.mark_text(fontSize=12).encode(
        text="shown:N", color=alt.Color("size:N", scale=_scale(_INK), legend=None)
    )
    return panel(
        (boxes + words).resolve_scale(color="independent"),
        "Silent mistakes: mean bias against the answers without the mistake (worst segment)",
        width=WIDTH - 260,
        height=alt.Step(24),
    )


def _scale(colours: tuple[str, ...]) -> alt.Scale:
    return alt.Scale(domain=list(SIZES), range=list(colours))


def _each_cell(silent: pd.DataFrame) -> Iterator[dict[str, object]]:
    for row in silent.to_dict("records"):
        for question in QUESTIONS:
            bias = row[f"{question}_bias"]
            limits = (0.0, 0.01, 0.10)
            asked = not pd.isna(bias)
            yield {
                "way": _way(row),
                "what": row["change"],
                "thinking": row["thinking"],
                "asked": short(question),
                "size": SIZES[sum(abs(bias) > limit for limit in limits)] if asked else SIZES[4],
                "shown": _shown(bias),
            }


def _shown(bias: float | None) -> str:
    """A bias as people read it."""
    if pd.isna(bias):
        return "\N{EN DASH}"
    return "none" if bias == 0 else percent(bias)


def _way(row: Mapping[Any, Any]) -> str:
    strategy = f":{row['strategy']}" if row["label"] != row["option"] else ""
    return f"{row['who']}{strategy}, {row['mistake'].replace('-', ' ')}"


def _sentence(row: Mapping[Any, Any]) -> str:
    biases = (f"{short(each)} {_shown(row[f'{each}_bias'])}" for each in QUESTIONS)
    return f"{_way(row)}: {', '.join(biases)}"
