"""Charts: each draws something, in the colours of its contenders, and says what it shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import altair as alt
import pandas as pd
import pytest

from dauexp.report import findings, plots, style
from dauexp.report.claims import judged
from dauexp.report.frames import Frames, frames
from dauexp.report.plots.parts import logarithmic_ticks
from dauexp.report.render import Chart, png, spec, svg
from dauexp.report.words import percent

BY_CONTENDER = ("answers", "errors", "platforms", "ledger", "wire")
CHARTS = (
    *BY_CONTENDER,
    "grid",
    "calibration",
    "capability",
    "classification",
    "complexity",
    "exponents",
    "growth",
    "languages",
    "rest",
    "cpu",
    "effort",
    "lateness",
    "requests_by_day",
)


@pytest.fixture(scope="module")
def run(run_folder: Path) -> Frames:
    return frames(run_folder)


@pytest.fixture(scope="module")
def charts(run: Frames) -> dict[str, Chart]:
    made = {name: getattr(plots, name)(run) for name in CHARTS}
    made["verdicts"] = plots.verdicts(findings.verdict_counts(judged(run)))
    return made


def rows(made: dict[str, Any]) -> int:
    return sum(map(len, made["datasets"].values()))


@pytest.mark.parametrize("name", [*CHARTS, "verdicts"])
def test_a_chart_has_data_a_title_and_words_for_those_who_do_not_see_it(
    charts: dict[str, Chart], name: str
) -> None:
    made = spec(charts[name])
    assert rows(made) > 0
    assert made["title"]["text"]
    assert len(made["description"]) > 20


@pytest.mark.parametrize("name", [*CHARTS, "verdicts"])
def test_every_axis_of_numbers_has_a_title_and_no_label_is_left_empty(
    charts: dict[str, Chart], name: str
) -> None:
    for encoding in encodings(spec(charts[name])):
        for channel in ("x", "y"):
            axis = encoding.get(channel, {})
            if axis.get("type") == "quantitative" and axis.get("axis", {}) is not None:
                assert axis["title"]


def encodings(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        if "encoding" in part:
            yield part["encoding"]
        for value in part.values():
            yield from encodings(value)
    elif isinstance(part, list):
        for value in part:
            yield from encodings(value)


@pytest.mark.parametrize("name", BY_CONTENDER)
def test_a_contender_is_drawn_in_its_own_colour(charts: dict[str, Chart], name: str) -> None:
    drawn = svg(charts[name]).lower()
    for label in ("glean", "custom", "statsd:counter", "statsd:set", "statsd:field"):
        assert style.colours([])[label] in drawn


def test_marks_are_drawn_where_there_are_rows(charts: dict[str, Chart]) -> None:
    for chart in charts.values():
        marks = [
            element
            for element in ET.fromstring(svg(chart)).iter()  # noqa: S314 - our own SVG
            if element.get("aria-roledescription") in {"bar", "rect mark", "point", "line mark"}
        ]
        assert marks


def test_the_grid_tells_what_each_contender_was_found_to_be(run: Frames) -> None:
    (cells,) = [data for data in spec(plots.grid(run))["datasets"].values() if "class" in data[0]]
    shown = {(cell["way"], cell["asked"]): (cell["shown"], cell["class"]) for cell in cells}
    assert shown["A glean", "DAU"] == ("exact", "exact")
    assert shown["C statsd:set", "DAU"] == ("+400 %", "more than 10 % off")
    assert shown["C statsd:set", "WAU"] == ("impossible", "impossible")
    assert shown["C statsd:counter", "MAU"] == ("+3.0 %", "within 10 %")
    assert shown["C statsd:field", "MAU"][1] == "within 1 %"
    assert len(shown) == 15


def test_answers_far_apart_are_on_a_logarithmic_axis_and_others_are_not(run: Frames) -> None:
    panels = spec(plots.answers(run))["vconcat"]
    kinds = [
        {layer["encoding"]["y"]["scale"].get("type", "linear") for layer in panel["layer"]}
        for panel in panels
    ]
    assert kinds == [{"log"}, {"linear"}, {"linear"}]


def test_the_same_run_gives_the_same_chart(run: Frames) -> None:
    for name in CHARTS:
        once, again = (spec(getattr(plots, name)(run)) for _ in range(2))
        assert once == again


def test_a_plug_in_gets_a_colour_that_no_one_has() -> None:
    colours = style.colours(["glean", "mine", "yours:way"])
    assert len(set(colours.values())) == len(colours)
    assert colours["glean"] == style.colours([])["glean"]


def test_colours_are_seen_on_light_and_on_dark_paper() -> None:
    for colour in style.colours(["mine", "yours", "theirs", "d", "e", "f"]).values():
        for paper in (style.LIGHT_PAPER, style.DARK_PAPER):
            assert contrast(colour, paper) >= 3, (colour, paper)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2."""
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_text_takes_the_ink_it_is_given(charts: dict[str, Chart]) -> None:
    drawn = svg(charts["wire"], ink="currentColor", paper=None)
    assert "currentColor" in drawn
    assert style.LIGHT_INK not in drawn


def test_a_png_is_a_png(charts: dict[str, Chart]) -> None:
    assert png(charts["wire"]).startswith(b"\x89PNG\r\n")


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (0.0, "exact"),
        (4.123, "+412 %"),
        (-0.0604, "\N{MINUS SIGN}6.0 %"),
        (0.0004, "+0.04 %"),
        (9e-8, "<0.001 %"),
        (float("nan"), "no answer"),
        (None, "no answer"),
    ],
)
def test_errors_read_as_people_write_them(error: float | None, shown: str) -> None:
    assert percent(error) == shown


def test_logarithmic_ticks_are_round_numbers_within() -> None:
    assert logarithmic_ticks(180, 2300) == [200, 500, 1000, 2000]
    assert logarithmic_ticks(0.5, 2e6) == [10.0**n for n in range(7)]


def test_charts_of_traffic_draw_what_they_are_given() -> None:
    hours = pd.DataFrame({"day": ["2026-01-05"] * 24, "hour": range(24), "requests": range(24)})
    assert rows(spec(plots.requests_by_hour(hours))) == 24
    users = pd.DataFrame({"requests": [1, 2], "users": [3, 1], "share": [1.0, 0.25]})
    assert rows(spec(plots.requests_per_user(users))) == 2


def test_lateness_is_told_by_how_many_documents_and_how_late(run: Frames) -> None:
    told = spec(plots.lateness(run))["description"]
    assert "A glean, 100% late by 1 s: exact" in told
    assert "A glean, 100% late by 10 min: +2.0 %" in told


def test_an_estimate_under_drift_is_told_beside_its_closed_form(run: Frames) -> None:
    made = spec(plots.calibration(run))
    told = made["description"]
    assert "no drift +1.0 % (expected exact)" in told
    assert "client with 1.2 times the requests +21.0 % (expected +20.0 %)" in told
    assert rows(made) == 6
    assert rows(spec(plots.calibration(run, "mau"))) == 0


def test_a_picture_has_ids_of_its_own_whatever_was_drawn_before() -> None:
    points = pd.DataFrame({"x": [1, 2], "y": [1, 2]})
    one, other = (
        alt.Chart(points, title=title).mark_point(clip=True).encode(x="x:Q", y="y:Q")
        for title in ("one", "other")
    )
    drawn = svg(one)
    ids = set(re.findall(r'id="(clip[^"]*)"', drawn))
    assert ids
    assert svg(one) == drawn
    assert not ids & set(re.findall(r'id="(clip[^"]*)"', svg(other)))
    assert all(f"url(#{each})" in drawn for each in ids)
