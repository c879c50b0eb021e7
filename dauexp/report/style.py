"""One look for every chart: colours, type and grid, on light and on dark pages.

The colours are those of Okabe and Ito, which people with any colour vision tell apart, the light
ones darkened until each has a contrast of 3:1 or more on white and on `DARK_PAPER`. So a contender
has one colour everywhere, and text and lines alone take the ink of the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import altair as alt
import pandas as pd
import vl_convert

FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
LIGHT_INK, LIGHT_PAPER = "#1b1f24", "#ffffff"
DARK_INK, DARK_PAPER = "#e6e8ea", "#14171a"
PAGE_INK = "currentColor"
"""The ink of a chart within a page: whatever the page's text has."""

SVG = "image/svg+xml"
TRUTH = "#8a8f94"

_KNOWN: Mapping[str, str] = {
    "glean": "#0072b2",
    "custom": "#c27a00",
    "statsd:counter": "#009e73",
    "statsd:set": "#d55e00",
    "statsd:field": "#c264a3",
    "statsd:daily-set": "#2e8fc7",
    "statsd:sampled": "#8f8200",
    "statsd:tag": "#a0522d",
    "statsd:sketch": "#7b68c8",
}
_NEXT = ("#5d8a3a", "#c2506a", "#3f8f8f", "#8c6d4f", "#6d79a8", "#a86d8f")


def colours(labels: Iterable[str]) -> dict[str, str]:
    """The colour of each contender of a run, by its label; those of plug-ins get the next ones.

    Give all labels of the run, so that a contender has the same colour in all its charts.
    """
    others = sorted({label for label in labels if label not in _KNOWN})
    return {**_KNOWN, **{label: _NEXT[n % len(_NEXT)] for n, label in enumerate(others)}}


def config(ink: str = LIGHT_INK, paper: str | None = LIGHT_PAPER) -> dict[str, Any]:
    """Vega-Lite's configuration: text in `ink`, on `paper`; None: the page's."""
    text = {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"}
    inked = {"labelColor": ink, "titleColor": ink}
    return {
        "font": FONT,
        "background": paper or "transparent",
        "padding": 8,
        "title": {
            "anchor": "start",
            "fontSize": 15,
            "fontWeight": "bold",
            "color": ink,
            "subtitleColor": ink,
            "subtitleFontSize": 12,
            "subtitlePadding": 4,
            "offset": 12,
            "frame": "bounds",
        },
        "axis": {
            **text,
            **inked,
            "domainColor": ink,
            "tickColor": ink,
            "domainOpacity": 0.5,
            "tickOpacity": 0.5,
            "gridColor": ink,
            "gridOpacity": 0.12,
            "labelPadding": 4,
            "titlePadding": 8,
        },
        "header": {**text, **inked, "labelFontWeight": "bold", "labelAnchor": "start"},
        "legend": {
            **text,
            **inked,
            "symbolStrokeWidth": 2.5,
            "symbolBaseFillColor": ink,
            "labelLimit": 260,
        },
        "text": {"color": ink, "fontSize": 12},
        "rule": {"color": ink},
        "view": {"stroke": None},
        "line": {"strokeWidth": 2},
        "point": {"size": 36, "filled": True},
        "bar": {"discreteBandSize": {"band": 0.8}},
    }


@alt.theme.register("dauexp", enable=False)
def _theme() -> alt.theme.ThemeConfig:
    return alt.theme.ThemeConfig(config=config())  # type: ignore[typeddict-item]


def enable() -> None:
    """For notebooks: every chart has this look and is shown as SVG, which a page keeps, with what
    it shows in words for those who do not see it; a table shows the whole of a sentence."""
    pd.set_option("display.max_colwidth", None)
    alt.theme.enable("dauexp")
    alt.renderers.register("dauexp", _shown)
    alt.renderers.enable("dauexp")


def _shown(chart: dict[str, Any]) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """A chart as a notebook takes it: the data by their types, and what is said of each."""
    words = str(chart.get("description", "chart"))
    drawn: str = vl_convert.vegalite_to_svg(chart)
    return {SVG: drawn, "text/plain": words}, {SVG: {"alt": words}}
