"""The chart of changes: how many lines, and what falls short."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from dauexp.experiments.evolution import EVOLUTION
from dauexp.report import plots
from dauexp.report.frames import frames
from dauexp.report.plots.evolution import PARTS, SHARES
from dauexp.report.render import spec, svg


def test_lines_are_drawn_and_what_falls_short_is_told(
    make_run: Callable[..., Path], tmp_path: Path
) -> None:
    all_well = dict.fromkeys(SHARES, 1.0)
    row = {"change": "new_string", **dict.fromkeys(PARTS, 4), **all_well, "told": ""}
    row |= {"files_touched": 2, "new_query_rows": 9}
    rows = [
        {"option": "glean", "strategy": "events", **row, "filled_share": 0.0},
        {"option": "statsd", "strategy": "field", **row, "filled_share": None},
        {"option": "glean", "strategy": "events", **row, "change": "second_ping"},
    ]
    table = pa.Table.from_pylist(rows, EVOLUTION)
    run = frames(make_run(tmp_path / "run", {"results/evolution": table}))
    chart = plots.evolution(run)
    made = spec(chart)
    assert [panel["title"]["text"] for panel in made["vconcat"]] == ["new string", "second ping"]
    assert "new string, A glean: 16 lines, filled 0 %" in made["description"]
    assert "new string, C statsd:field: 16 lines;" in made["description"]
    drawn = svg(chart)
    assert "filled 0 %" in drawn
    assert all(colour in drawn for _, colour in PARTS.values())
