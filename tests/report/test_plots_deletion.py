"""Charts of opt-out and rotation say what their tables say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dauexp.experiments.deletion import DELETION, REMAINS
from dauexp.experiments.rotation import ROTATION
from dauexp.report import plots
from dauexp.report.frames import Frames, frames
from dauexp.report.render import spec, svg

ROW = {
    "way": "sql",
    "possible": True,
    "reason": "",
    "named": "device",
    "statement": "DELETE",
    "statements": 3,
    "devices_asked": 9,
    "ids_asked": 9,
    "ids_before": 9,
    "ids_remaining": 0,
    "requests_asked": 90,
    "rows_deleted": 90,
    "dau_before": 100.0,
    "dau_after": 95.0,
    "dau_due": 95.0,
    "relative_error_before": 0.0,
    "relative_error_after": 0.0,
}
REFUSED = {"way": "by field", "possible": False, "reason": "no", "named": "user"}
LOG = {"way": "sql", "place": "log", "kept": False, "when": "after", "files": 1, "rows": None}


def deletion() -> list[dict[str, Any]]:
    rows = []
    for identity in ("per-device", "placeholder"):
        glean = {"option": "glean", "strategy": "events", "identity": identity}
        field = {"option": "statsd", "strategy": "field", "identity": identity}
        error = -0.04 if identity == "placeholder" else 0.0
        rows += [
            {**ROW, **glean, "relative_error_after": error},
            {**ROW, **field, **REFUSED, "ids_remaining": 9, "relative_error_after": 0.05},
            {**ROW, **field, "way": "point by point", "named": "point", "statements": 1234},
        ]
    return rows


@pytest.fixture(scope="module")
def run(make_run: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Frames:
    log = {"option": "glean", "strategy": "events", "identity": "per-device", **LOG}
    remains = [{**log, "ids_found": 7, "id_bytes_found": 224}]
    rotated = [
        {"option": "glean", "strategy": "events", "question": question, "days_after": day}
        | {"answer": 2.0, "truth": 1.0, "relative_error": 1.0 if 0 <= day < 6 else 0.0}
        for question in ("wau", "mau")
        for day in range(-7, 28)
    ]
    added = {
        "results/deletion": pa.Table.from_pylist(deletion(), DELETION),
        "results/remains": pa.Table.from_pylist(remains, REMAINS),
        "results/rotation": pa.Table.from_pylist(rotated, ROTATION),
    }
    return frames(make_run(tmp_path_factory.mktemp("deletion") / "run", added))


def test_what_is_left_is_told_by_contender_and_way(run: Frames) -> None:
    (cells,) = [
        data for data in spec(plots.deletion(run))["datasets"].values() if "class" in data[0]
    ]
    told = {(cell["way"], cell["column"]): (cell["shown"], cell["class"]) for cell in cells}
    assert told["A glean", "deletes by"] == ("device (3)", "as it should be")
    assert told["A glean", "ids in its tables"] == ("9 → 0", "as it should be")
    assert told["A glean", "ids in its log"] == ("7", "not at all")
    assert told["A glean", "DAU, an id a user"] == ("\N{MINUS SIGN}4.0 %", "not quite")
    assert told["C statsd:field, by field", "deletes by"] == ("cannot", "not at all")
    assert told["C statsd:field, by field", "ids in its tables"] == ("9 → 9", "not at all")
    assert told["C statsd:field, point by point", "deletes by"] == ("point (1,234)", "not quite")
    assert len(told) == 15


def test_rotation_has_a_panel_for_each_window(run: Frames) -> None:
    chart = plots.rotation(run)
    titles = [panel["title"]["text"] for panel in spec(chart)["vconcat"]]
    assert titles == ["Weekly active users", "Monthly active users (28 days)"]
    assert "WAU up to +100 %" in spec(chart)["description"]
    assert "line mark" in svg(chart)
