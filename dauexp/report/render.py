"""Charts as SVG and PNG, without a browser and without a network."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

from dauexp.report import style
from dauexp.store import replacing

Chart = alt.Chart | alt.LayerChart | alt.FacetChart | alt.HConcatChart | alt.VConcatChart


_COUNTED = re.compile(r"\b(clip|gradient_)\d+\b")


def spec(chart: Chart) -> dict[str, Any]:
    """The chart as Vega-Lite, without any look of its own. The same chart gives the same spec."""
    with alt.theme.enable("none"):
        made: dict[str, Any] = chart.to_dict()
    return made


def svg(chart: Chart, *, ink: str = style.LIGHT_INK, paper: str | None = style.LIGHT_PAPER) -> str:
    """The chart as SVG, with its text in `ink` on `paper`."""
    made = spec(chart)
    drawn: str = vl_convert.vegalite_to_svg(made, config=style.config(ink, paper))
    return _own_ids(drawn, made)


def _own_ids(drawn: str, made: dict[str, Any]) -> str:
    """The SVG with ids of its own: Vega counts them through a process, so that they would depend on
    what was drawn before, and those of two pictures on one page could be the same."""
    digest = hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()[:8]
    names: dict[str, str] = {}

    def renamed(found: re.Match[str]) -> str:
        return names.setdefault(found[0], f"{found[1]}{len(names)}-{digest}")

    return _COUNTED.sub(renamed, drawn)


def png(chart: Chart, *, ink: str = style.LIGHT_INK, paper: str = style.LIGHT_PAPER) -> bytes:
    """The chart as PNG, two pixels to each of the chart."""
    drawn: bytes = vl_convert.vegalite_to_png(spec(chart), config=style.config(ink, paper), scale=2)
    return drawn


def write_svg(chart: Chart, path: Path) -> None:
    """Writes the chart as an SVG file, whole or not at all."""
    with replacing(path) as beside:
        beside.write_text(svg(chart), encoding="utf-8")
