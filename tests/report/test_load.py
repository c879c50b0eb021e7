"""What a load measured, in the report: tables and charts, each number with its row."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dauexp.load import CAPACITY, LOAD
from dauexp.report import plots
from dauexp.report.frames import Frames, frames
from dauexp.report.render import spec
from dauexp.report.table import Table
from dauexp.report.tables import tables
from dauexp.results import TIMED
from dauexp.store import write_table

DELAYS = {"latency_p50_us": 90.0, "latency_p99_us": 1500.0, "latency_max_us": 4000.0}
SPENT = {"emit_cpu_seconds": 12.5, "receiver_cpu_seconds": 8.0, "receiver_peak_bytes": 2e8}
HELD: dict[str, Any] = {
    "option": "glean",
    "strategy": "events",
    "settings": "",
    "receiver": "ingestion",
    "seconds": 60.0,
    "held_per_second": 31_000.0,
    "not_held_per_second": 34_000.0,
    "limit": "the sender fell behind",
    "trials": 9,
    "cores": 2,
    **DELAYS,
    **SPENT,
    "receiver_peak_bytes": 200_000_000,
}
RUST = HELD | {"settings": "glean.emitter=rust", "held_per_second": 99_000.0}
ALL_HELD = HELD | {
    "option": "custom",
    "strategy": "glean-like",
    "not_held_per_second": None,
    "limit": None,
}
LOST: dict[str, Any] = {
    "option": "statsd",
    "strategy": "counter",
    "settings": "",
    "receiver": "telegraf",
    "pace": "1x",
    "target_per_second": 3166.7,
    "sent_per_second": 3166.0,
    "sent": 190_000,
    "received": 189_990,
    "lost": 10,
    "lost_share": 10 / 190_000,
    "kernel_drops": 10,
    "cores": 2,
    **DELAYS,
    **SPENT,
    "receiver_peak_bytes": None,
}

KEPT = LOST | {
    "option": "glean",
    "strategy": "events",
    "receiver": "ingestion",
    "lost": 0,
    "lost_share": 0.0,
}
"""Measured after what was lost, of a contender that comes before it."""


@pytest.fixture(scope="module")
def run(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Frames:
    folder = Path(shutil.copytree(run_folder, tmp_path_factory.mktemp("load") / "run"))
    custom = frames(folder)["cost"].query("option == 'custom'")["strategy"].iloc[0]
    held = [HELD, RUST, ALL_HELD | {"strategy": custom}]
    write_table(folder / TIMED / "capacity.parquet", pa.Table.from_pylist(held, CAPACITY))
    lost = [LOST, KEPT, KEPT | {"settings": "glean.emitter=rust"}]
    write_table(folder / TIMED / "load.parquet", pa.Table.from_pylist(lost, LOAD))
    return frames(folder)


def table(run: Frames, name: str) -> Table:
    (found,) = (each for each in tables(run, None) if each.name == name)
    return found


def test_a_capacity_is_a_row_with_what_gave_way(run: Frames) -> None:
    made = table(run, "capacity")
    said = [[cell.text for cell in row.cells] for row in made.rows]
    assert said[0][1:7] == ["", "ingestion", "the sender fell behind", "60", "31,000", "34,000"]
    assert said[1][1] == "glean.emitter=rust"
    assert said[2][3:7] == ["none was found", "60", "31,000", "-"]
    assert "settings='glean.emitter=rust'" in made.rows[1].key


def test_a_load_is_a_row_with_its_loss(run: Frames) -> None:
    *kept, row = table(run, "load").rows
    assert [each.cells[1].text for each in kept] == ["", "glean.emitter=rust"]
    assert [cell.text for cell in row.cells][1:7] == [
        "",
        "telegraf",
        "1x",
        "3,166",
        "190,000",
        "10",
    ]
    assert row.cells[-1].text == "-"


def test_the_chart_of_capacity_shows_every_way_beside_the_record_s_volume(run: Frames) -> None:
    made = spec(plots.capacity(run))
    ways = {row["way"] for rows in made["datasets"].values() for row in rows if "way" in row}
    assert len(ways) == 3
    assert any("glean.emitter=rust" in way for way in ways)
    assert {"rate": plots.load.PRODUCTION} in [
        row for rows in made["datasets"].values() for row in rows
    ]
    assert "99,000" in made["description"]


def test_the_chart_of_loss_tells_the_share_of_every_way(run: Frames) -> None:
    told = spec(plots.loss(run))["description"]
    assert "telegraf, 1x: 0.0053 %" in told
    assert "ingestion, 1x: 0 %" in told
    assert "(glean.emitter=rust) to ingestion, 1x: 0 %" in told


def test_one_rate_alone_stands_on_an_axis_that_shows_how_high_it_is(run: Frames) -> None:
    assert run["load"]["sent_per_second"].nunique() == 1
    (x,) = (
        layer["encoding"]["x"]
        for layer in spec(plots.loss(run))["layer"]
        if layer["mark"]["type"] == "point"
    )
    low, high = x["scale"]["domain"]
    assert high > 2 * low
    assert len(x["axis"]["values"]) > 1
