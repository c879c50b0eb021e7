"""Transports: what is sent is what the receiver counts, and what it did not get is lost."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dauexp.audit import audit
from dauexp.errors import BadInput
from dauexp.load import LOAD, load, paces
from dauexp.load.packets import counted
from dauexp.options import Contender, contenders
from dauexp.results import result


@pytest.fixture
def run(small_run: Path, tmp_path: Path) -> Path:
    """A finished run that can be added to."""
    return Path(shutil.copytree(small_run, tmp_path / "run"))


def contender(label: str) -> Contender:
    (found,) = contenders([label])
    return found


def measured(
    run: Path, label: str, multiples: str, server: str = "telegraf"
) -> list[dict[str, Any]]:
    table = load(run, contender(label), paces("2000/s", multiples), 0.5, server)
    assert table.schema == LOAD
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def test_a_pipe_loses_nothing_and_its_reader_ingests_every_line(run: Path) -> None:
    (row,) = measured(run, "custom", "1")
    assert (row["sent"], row["received"], row["lost"]) == (1000, 1000, 0)
    assert row["receiver"] == "ingestion"
    assert row["kernel_drops"] is None
    assert result(run, "load").to_pylist() == [row]
    assert audit(run) == []


@pytest.mark.heavy
def test_a_load_takes_the_place_of_an_earlier_one_alike(run: Path) -> None:
    measured(run, "custom", "1")
    measured(run, "custom", "1,2")
    assert result(run, "load")["pace"].to_pylist() == ["1x", "2x"]


@pytest.mark.heavy
def test_requests_come_again_where_a_run_has_fewer(run: Path) -> None:
    generated = result(run, "ledger").to_pandas()
    mine = generated[(generated["option"] == "custom") & (generated["account"] == "generated")]
    table = load(run, contender("custom"), paces("40000/s", "1"), 1, "telegraf")
    assert mine["count"].sum() < 40_000
    assert table["received"].to_pylist() == [40_000]


@pytest.mark.parametrize(
    ("label", "multiples", "server", "told"),
    [
        ("statsd:set", "1", "telegraf", "statsd:set: what reaches its server cannot be counted"),
        ("statsd:counter", "1", "graphite", "--server 'graphite': give one of telegraf"),
        ("custom", "unpaced", "telegraf", "give at least one multiple"),
    ],
)
def test_what_cannot_be_loaded_is_told(
    run: Path, label: str, multiples: str, server: str, told: str
) -> None:
    with pytest.raises(BadInput, match=told):
        measured(run, label, multiples, server)


def test_a_counter_is_summed_over_tags_and_flushes(tmp_path: Path) -> None:
    flushes = tmp_path / "flushes"
    assert counted(flushes, "sync_requests") == 0
    flushes.write_text(
        "sync_requests,metric_type=counter,platform=fenix value=3i 10\n"
        "sync_requests,metric_type=counter value=4i 20\n"
        "sync_requests_other,metric_type=counter value=50i 20\n"
        "sync_requests,metric_type=counter value=9"
    )
    assert counted(flushes, "sync_requests") == 7
    flushes.write_text(
        "".join(
            json.dumps({"counters": each}) + "\n"
            for each in (
                {"sync.requestsplatform=fenix": 3, "statsd.other": 9},
                {"sync.requests": 4},
            )
        )
    )
    assert counted(flushes, "sync_requests") == 7


@pytest.mark.heavy
@pytest.mark.parametrize("server", ["telegraf", "telegraf-tuned", "statsd"])
def test_a_real_server_counts_what_was_sent_at_a_moderate_rate(run: Path, server: str) -> None:
    (row,) = measured(run, "statsd:counter", "1", server)
    assert row["sent"] == 1000
    assert row["lost"] == row["kernel_drops"]
    assert row["received"] > 900


@pytest.mark.heavy
def test_what_a_real_server_loses_is_what_the_kernel_dropped(run: Path) -> None:
    pace = paces("40000/s", "1,unpaced")
    table = load(run, contender("statsd:counter"), pace, 1, "telegraf")
    unpaced = table.to_pylist()[-1]
    assert unpaced["lost"] == unpaced["kernel_drops"]
    assert pa.compute.all(pa.compute.greater_equal(table["lost"], 0)).as_py()
