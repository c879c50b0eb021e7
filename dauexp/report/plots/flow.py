"""The ledger as a flow: from the requests through the stages of each contender, and what leaves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import altair as alt
import numpy as np
import pandas as pd

from dauexp.ledger import Law
from dauexp.options import contenders as all_contenders
from dauexp.options import laws_of
from dauexp.report import style
from dauexp.report.frames import Frames, contenders
from dauexp.report.plots.parts import LEAST, WIDTH, finished, panel
from dauexp.report.render import Chart

LEAVES = "#b5402a"
"""The colour of what leaves the way."""
JOINS = "#8a8f94"
"""The colour of what joins it."""
BAR = 0.05
"""Width of a stage's bar, as a share of the way to the next."""
THINNEST = 0.015
"""Least height of a band, as a share of the whole, so that a single request lost is seen."""
HEAD, PIXELS = 0.62, 36
"""Room for words above a flow, as a share of its height, and that height in pixels."""
STEPS = 9
"""Points of a band's edge."""


@dataclass(frozen=True)
class Band:
    """A band between two stages, or to and from beside the way: heights are counts, downwards."""

    kind: str
    account: str
    count: int
    begin: tuple[float, float]
    """Where it begins: x, and its upper edge."""
    end: tuple[float, float]
    height: float
    end_height: float


@dataclass(frozen=True)
class Flow:
    """The way through the stages of one contender."""

    stages: Sequence[tuple[str, int]]
    bands: Sequence[Band]


def flow(counts: Mapping[str, int], laws: Sequence[Law]) -> Flow:
    """The stages in order, and the bands that the laws of the ledger say are between them.

    A law leads from its first account on the left to its first on the right; its other accounts
    join and leave there. Where no law leads from one stage to the next (many messages become one
    point), the band is `becomes`.
    """
    stages = ["generated"]
    bands: list[Band] = []
    whole = max([*counts.values(), 1])
    for law in laws:
        first, then = law.left[0], law.right[0]
        if first != stages[-1]:
            bands.append(_between("becomes", len(stages) - 1, first, counts, stages[-1]))
            stages.append(first)
        bands.append(_between("goes on", len(stages) - 1, then, counts, first))
        bands += _beside(law, len(stages) - 1, counts, whole)
        stages.append(then)
    return Flow([(name, counts.get(name, 0)) for name in stages], bands)


def _between(kind: str, at: int, account: str, counts: Mapping[str, int], before: str) -> Band:
    begin, end = counts.get(before, 0), counts.get(account, 0)
    height = begin if kind == "becomes" else min(begin, end)
    end_height = end if kind == "becomes" else height
    return Band(kind, account, end, (at + BAR, 0), (at + 1, 0), height, end_height)


def _beside(law: Law, at: int, counts: Mapping[str, int], whole: int) -> Iterator[Band]:
    """What joins and what leaves the way at a law, below the band that goes on."""
    below, lower = 1.25 * whole, 1.62 * whole
    leaving, joining = counts.get(law.right[0], 0), counts.get(law.left[0], 0)
    aside = at + 0.35
    for account in law.right[1:]:
        count = counts.get(account, 0)
        if count:
            high = max(count, THINNEST * whole)
            yield Band("leaves", account, count, (at + BAR, leaving), (aside, below), high, high)
            leaving, aside = leaving + count, aside + 0.25
    aside = at + 0.82
    for account in law.left[1:]:
        count = counts.get(account, 0)
        if count:
            high = max(count, THINNEST * whole)
            yield Band("joins", account, count, (aside, lower), (at + 1, joining), high, high)
            joining += count


def ledger(run: Frames) -> Chart:
    """Where the requests of all days went, one flow a contender, all to one scale."""
    by = ["option", "strategy", "contender", "account"]
    rows: pd.DataFrame = run["ledger"].groupby(by)["count"].sum().reset_index()
    laws = laws_of(all_contenders())
    who = contenders(run)
    colours = style.colours(who["label"])
    panels = []
    for each in who.itertuples():
        mine = rows[rows["contender"] == each.contender]
        counts = dict(zip(mine["account"], mine["count"].astype(int), strict=True))
        made = flow(counts, laws.get((str(each.option), str(each.strategy)), ()))
        panels.append(_panel(made, str(each.contender), colours[str(each.label)]))
    return finished(
        alt.vconcat(*panels, spacing=10),
        "The ledger: where every request went",
        _told(rows, list(who["contender"])),
        subtitle="requests, messages and points of all days; what leaves the way, in red, in words",
        usermeta={LEAST: 560},
    )


def _panel(made: Flow, contender: str, colour: str) -> Chart:
    most = max([count for _, count in made.stages] + [1])
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, 5.75], nice=False))
    beside = [band for band in made.bands if band.kind in ("leaves", "joins")]
    lowest = [max(band.begin[1] + band.height, band.end[1] + band.end_height) for band in beside]
    deep = max([1.02 * most, *(low + 0.15 * most for low in lowest)])
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[-HEAD * most, deep], reverse=True))
    stages = pd.DataFrame(
        [
            {
                "x": n,
                "x2": n + BAR,
                "y": 0.0,
                "y2": max(count, 0.01 * most),
                "account": name.replace("_", " "),
                "count": count,
            }
            for n, (name, count) in enumerate(made.stages)
        ]
    )
    tooltip = [alt.Tooltip("account:N", title="stage"), alt.Tooltip("count:Q", format=",")]
    bars = alt.Chart(stages).mark_rect(color=colour)
    layers: list[Any] = [bars.encode(x=x, x2="x2", y=y, y2="y2", tooltip=tooltip)]
    words = alt.Chart(stages).mark_text(align="left", fontSize=11)
    layers += [
        words.encode(x=x, y=y, text="account:N").mark_text(align="left", dy=-17, fontSize=11),
        words.encode(x=x, y=y, text=alt.Text("count:Q", format=",")).mark_text(
            align="left", dy=-5, fontSize=11, fontWeight="bold"
        ),
    ]
    inks = {"goes on": colour, "becomes": colour, "leaves": LEAVES, "joins": JOINS}
    opacities = {"goes on": 0.45, "becomes": 0.18, "leaves": 0.8, "joins": 0.8}
    for kind in dict.fromkeys(band.kind for band in made.bands):
        bands = [band for band in made.bands if band.kind == kind]
        edges = pd.DataFrame([row for n, band in enumerate(bands) for row in _edges(n, band)])
        area = alt.Chart(edges).mark_area(color=inks[kind], opacity=opacities[kind], line=False)
        layers.append(area.encode(x=x, y=y, y2="y2", detail="band:N", tooltip=tooltip))
    layers += _beside_words(beside, x, y)
    height = round(PIXELS * (HEAD + deep / most))
    return panel(alt.layer(*layers), contender, width=WIDTH, height=height)


def _edges(number: int, band: Band) -> Iterator[dict[str, object]]:
    """The edges of a band, as smooth steps from its begin to its end."""
    along = np.linspace(0, 1, STEPS)
    smooth = along * along * (3 - 2 * along)
    for share, step in zip(along, smooth, strict=True):
        y = band.begin[1] + (band.end[1] - band.begin[1]) * step
        height = band.height + (band.end_height - band.height) * step
        yield {
            "band": number,
            "x": round(float(band.begin[0] + (band.end[0] - band.begin[0]) * share), 4),
            "y": round(float(y), 2),
            "y2": round(float(y + height), 2),
            "account": band.account.replace("_", " "),
            "count": band.count,
        }


def _beside_words(bands: Sequence[Band], x: alt.X, y: alt.Y) -> list[Any]:
    """What joins and leaves, in words beside where it ends or begins."""
    if not bands:
        return []
    places = [
        (band.end, band.end_height) if band.kind == "leaves" else (band.begin, band.height)
        for band in bands
    ]
    rows = pd.DataFrame(
        [
            {
                "x": place[0],
                "y": place[1] + high / 2,
                "told": f"{band.account.replace('_', ' ')} {band.count:,}",
                "side": band.kind,
            }
            for band, (place, high) in zip(bands, places, strict=True)
        ]
    )
    sides: tuple[tuple[str, Literal["left", "right"], int], ...] = (
        ("leaves", "left", 4),
        ("joins", "right", -4),
    )
    return [
        alt.Chart(rows[rows["side"] == side])
        .mark_text(align=align, dx=dx, fontSize=11)
        .encode(x=x, y=y, text="told:N")
        for side, align, dx in sides
        if (rows["side"] == side).any()
    ]


def _told(rows: pd.DataFrame, who: list[str]) -> str:
    told = []
    for contender in who:
        mine = rows[rows["contender"] == contender]
        counts = ", ".join(f"{r['account']} {r['count']:,}" for r in mine.to_dict("records"))
        told.append(f"{contender}: {counts}")
    return "Counts by stage. " + "; ".join(told) + "."
