"""The flow of the ledger: its stages follow from the laws, and what leaves the way is seen."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from dauexp.options import contenders, laws_of
from dauexp.report import plots
from dauexp.report.frames import Frames, frames
from dauexp.report.plots.flow import flow
from dauexp.report.render import spec, svg

COUNTS = {"generated": 100, "emitted": 100, "duplicated": 4, "lost": 7, "delivered": 97}


def laws(label: str) -> tuple[str, str]:
    (contender,) = contenders([label])
    return (contender.option.id, contender.strategy.name)


@pytest.mark.parametrize(
    ("label", "stages"),
    [
        ("glean", "generated emitted delivered live stable"),
        ("statsd:set", "generated emitted delivered aggregated points_written stored"),
        ("statsd:field", "generated emitted delivered points_written stored"),
    ],
)
def test_stages_follow_from_the_laws(label: str, stages: str) -> None:
    made = flow(COUNTS, laws_of(contenders())[laws(label)])
    assert [name for name, _ in made.stages] == stages.split()


def test_what_leaves_and_joins_is_a_band_of_its_own() -> None:
    made = flow(COUNTS, laws_of(contenders())[laws("glean")])
    beside = {
        band.account: (band.kind, band.count)
        for band in made.bands
        if band.kind in {"leaves", "joins"}
    }
    assert beside == {"lost": ("leaves", 7), "duplicated": ("joins", 4)}


def test_messages_become_points_where_no_law_leads() -> None:
    counts = {**COUNTS, "aggregated": 97, "points_written": 5, "stored": 5}
    made = flow(counts, laws_of(contenders())[laws("statsd:set")])
    (band,) = [band for band in made.bands if band.kind == "becomes"]
    assert (band.account, band.height, band.end_height) == ("points_written", 97, 5)


def test_a_loss_is_drawn_and_told(run_folder: Path) -> None:
    run: Frames = frames(run_folder)
    rows = run["ledger"]
    lost = rows[rows["account"] == "delivered"].head(1).assign(account="lost", count=1234)
    chart = plots.ledger({**run, "ledger": pd.concat([rows, lost])})
    assert "lost 1,234" in svg(chart)
    assert "lost 1,234" in spec(chart)["description"]
    assert "lost" not in svg(plots.ledger(run))
