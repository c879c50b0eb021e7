"""Small segments are left out of tables, page, appendix and notebooks, and cannot be computed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from dauexp.report import plots
from dauexp.report.content import content
from dauexp.report.frames import frames, whole_frames
from dauexp.report.page import page
from dauexp.report.render import spec
from dauexp.report.suppression import left_out, told, without_small


def truth(**segments: list[int]) -> dict[str, pd.DataFrame]:
    rows = [
        {"question": "dau_by_x", "segment": segment, "day": day, "value": value}
        for segment, values in segments.items()
        for day, value in enumerate(values)
    ]
    total = [{"question": "dau", "segment": "all", "day": 0, "value": 3}]
    return {"truth": pd.DataFrame([*rows, *total])}


@pytest.mark.parametrize(
    ("segments", "out"),
    [
        ({"a": [90, 90], "b": [80, 80], "c": [70, 70]}, []),
        ({"a": [90, 90], "b": [80, 80], "c": [9, 70]}, ["b", "c"]),  # c alone could be computed
        ({"a": [90, 90], "b": [9, 9], "c": [8, 8]}, ["b", "c"]),
        ({"a": [90, 90], "b": [80, 80], "c": [0, 0]}, []),  # no one is no one's secret
        ({"a": [90, 90], "b": [80, 80], "c": [0, 1]}, ["b", "c"]),
        ({"a": [3]}, ["a"]),
    ],
)
def test_which_segments_are_left_out(segments: dict[str, list[int]], out: list[str]) -> None:
    assert left_out(truth(**segments), 10).get("dau_by_x", []) == out
    assert left_out(truth(**segments), 0) == {}


def test_a_segment_that_is_small_by_any_way_of_counting_is_left_out() -> None:
    tables = truth(a=[90], b=[80], c=[70])
    columns = {"question": "dau_by_x", "segment": ["a", "b", "c"], "day": 0}
    true = pd.DataFrame({**columns, "classified": [90, 80, 70], "truly": [90, 5, 145]})
    assert left_out({**tables, "classification": true}, 10) == {"dau_by_x": ["a", "b"]}


def test_tables_lose_the_rows_and_nothing_else() -> None:
    tables = truth(a=[90, 90], b=[9, 9], c=[8, 8])
    tables["calibration"] = pd.DataFrame({"segment": ["all", "a", "b"], "requests": [1, 2, 3]})
    tables["cost"] = pd.DataFrame({"option": ["glean"]})
    shown = without_small(tables, 10)
    assert set(shown["truth"]["segment"]) == {"all", "a"}
    assert list(shown["calibration"]["segment"]) == ["all", "a"]
    assert shown["cost"].equals(tables["cost"])
    assert "dau_by_x b, c" in told(tables, 10)
    assert not told(tables, 1)


@pytest.fixture(scope="module")
def protected(make_run: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run whose report must not show segments of fewer than 15 users."""
    folder = make_run(tmp_path_factory.mktemp("protected") / "run")
    path = folder / "scenario.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("min_segment = 0", "min_segment = 15"), encoding="utf-8")
    return folder


def test_what_a_report_and_a_notebook_read_has_no_small_segment(protected: Path) -> None:
    out = left_out(whole_frames(protected), 15)
    assert "other" in out["dau_by_platform"]
    assert len(out["dau_by_platform"]) < 4
    for name, table in frames(protected).items():
        if {"question", "segment"} <= set(table):
            for question, segments in out.items():
                assert not (table["segment"].isin(segments) & (table["question"] == question)).any()
        assert len(table), name


def test_the_page_and_the_appendix_say_what_is_left_out_and_do_not_show_it(protected: Path) -> None:
    made = content(protected)
    assert "fewer than 15 users" in made.left_out
    assert "fewer than 15 users" in page(made)
    out = left_out(whole_frames(protected), 15)["dau_by_platform"]
    (drawn,) = [figure for figure in made.figures if figure.name == "platforms"]
    segments = {
        row.get("segment") for data in spec(drawn.chart)["datasets"].values() for row in data
    }
    assert segments
    assert not segments & set(out)
    rows = [row.cells for row in made.tables["errors"].rows]
    errors = {cells[2].text for cells in rows if cells[1].text == "dau_by_platform"}
    assert errors
    assert not errors & set(out)


def test_where_no_segment_is_left_the_charts_say_so(protected: Path) -> None:
    tables = without_small(whole_frames(protected), 10**6)
    for chart in (plots.platforms(tables), plots.classification(tables)):
        assert "enough users" in spec(chart)["description"]
