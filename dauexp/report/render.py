"""Charts as SVG and PNG, without a browser and without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

from dauexp.report import style
from dauexp.store import replacing

Chart = alt.Chart | alt.LayerChart | alt.FacetChart | alt.HConcatChart | alt.VConcatChart


def spec(chart: Chart) -> dict[str, Any]:
    """The chart as Vega-Lite, without any look of its own. The same chart gives the same spec."""
    with alt.theme.enable("none"):
        made: dict[str, Any] = chart.to_dict()
    return made


def svg(chart: Chart, *, ink: str = style.LIGHT_INK, paper: str | None = style.LIGHT_PAPER) -> str:
    """The chart as SVG, with its text in `ink` on `paper`."""
    drawn: str = vl_convert.vegalite_to_svg(spec(chart), config=style.config(ink, paper))
    return drawn


def png(chart: Chart, *, ink: str = style.LIGHT_INK, paper: str = style.LIGHT_PAPER) -> bytes:
    """The chart as PNG, two pixels to each of the chart."""
    drawn: bytes = vl_convert.vegalite_to_png(spec(chart), config=style.config(ink, paper), scale=2)
    return drawn


def write_svg(chart: Chart, path: Path) -> None:
    """Writes the chart as an SVG file, whole or not at all."""
    with replacing(path) as beside:
        beside.write_text(svg(chart), encoding="utf-8")
