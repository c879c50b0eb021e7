"""The history of runs: what it tells, and how seldom its rule of drift gives a false alarm."""

from __future__ import annotations

import json
import re
import runpy
import shutil
from html import unescape
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from dauexp.commands import making
from dauexp.errors import BadInput
from dauexp.history import FILE, Entry, add, history, measured
from dauexp.history.drift import drifting, drifts
from dauexp.history.page import TITLES, page, split

Floats = npt.NDArray[np.float64]


def entries(values: Floats, comparable: str = "like", since: int = 0) -> list[Entry]:
    return [
        Entry(f"r{n:04}", f"{2000 + n}-01-01", "quick", comparable, "1", {"cpu seconds": float(v)})
        for n, v in enumerate(values, since)
    ]


def test_the_alarms_in_the_docs_are_what_the_simulation_prints(checkout: Path) -> None:
    printed = runpy.run_path(str(checkout / "benchmarks" / "drift_alarms.py"))["table"]()
    assert printed in (checkout / "docs" / "schedule.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in printed.splitlines()[2:]]
    assert len(rows) == 4
    for noise, false, found in rows:
        assert int(false) < 10_000 / 300, noise
        assert float(found.rstrip("%")) > 95, noise


def test_histories_side_by_side_are_told_as_each_on_its_own() -> None:
    values = 1 + np.random.default_rng(3).standard_t(2, (40, 50))
    together = drifting(values)
    assert together.any()
    assert (together == [drifting(each) for each in values]).all()


def test_a_step_is_no_drift_at_its_first_run() -> None:
    values = np.r_[np.ones(20), np.full(5, 5.0)]
    assert not drifting(values)[20]
    assert drifting(values)[21]


def test_one_that_stands_out_alone_and_a_change_of_less_than_a_percent_are_none() -> None:
    alone = np.ones(30)
    alone[15] = 9
    assert not drifting(alone).any()
    assert not drifting(np.where(np.arange(30) < 15, 1, 1.009)).any()
    assert drifting(np.where(np.arange(30) < 15, 1, 1.011))[16]
    zigzag = np.ones(30)
    zigzag[15:17] = 9, -9
    assert not drifting(zigzag).any()


def test_too_few_runs_before_tell_nothing() -> None:
    assert not drifting(np.array([1.0] * 7 + [5.0] * 2)).any()
    assert drifting(np.array([1.0] * 8 + [5.0] * 2))[9]


def test_only_like_runs_are_compared() -> None:
    before, after = np.ones(12), np.full(4, 5.0)
    assert drifts([*entries(before), *entries(after, "other", 12)]) == []
    found = drifts([*entries(before), *entries(after, since=12)])
    assert [(each.run, each.usual) for each in found[:2]] == [("r0013", 1.0), ("r0014", 1.0)]


def test_a_finished_run_is_measured_and_an_entry_outlives_its_run(
    small_run: Path, tmp_path: Path
) -> None:
    shutil.copytree(small_run, tmp_path / "run")
    (entry,) = history(tmp_path)
    assert entry == measured(tmp_path / "run")
    assert entry.measures["error glean"] == 0
    assert entry.measures["error statsd:counter"] > 0.01
    assert entry.measures["wire bytes glean"] > entry.measures["wire bytes statsd:counter"] > 30
    assert entry.measures["complexity glean"] > 50
    assert {split(name)[0] for name in entry.measures} == set(TITLES)
    add(tmp_path, entry)
    shutil.rmtree(tmp_path / "run")
    assert history(tmp_path) == [entry]


@pytest.mark.parametrize(("line", "said"), [(b"{}\n", "not a history"), (None, "no finished run")])
def test_a_broken_or_empty_history_is_named(tmp_path: Path, line: bytes | None, said: str) -> None:
    if line is not None:
        (tmp_path / FILE).write_bytes(line)
    with pytest.raises(BadInput, match=said):
        history(tmp_path)
    with pytest.raises(BadInput, match="no such folder"):
        history(tmp_path / "nowhere")


def test_the_command_prints_rows_and_writes_a_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    steady = entries(np.r_[np.ones(12), np.full(3, 5.0)])
    for each in steady:
        add(tmp_path, each)
    making.history(str(tmp_path), tmp_path / "page.html", as_json=True)
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["run"] for row in rows if row["drifts_from"] is not None] == ["r0013", "r0014"]
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert text == page(steady)
    assert re.search(r"<th[^>]*>r0013</th><td[^>]*>cpu seconds</td><td[^>]*>5</td>", text)
    assert len(re.findall(r"<script>", text)) == 1
    assert re.search(r"default-src 'none'; script-src 'sha256-.*; base-uri 'none'", unescape(text))
    assert re.findall(r"<script[^>]* src=", text.partition("<script>")[0]) == []
    making.history(str(tmp_path), None, as_json=False)
    assert "drifts from 1" in " ".join(capsys.readouterr().out.replace("│", " ").split())
