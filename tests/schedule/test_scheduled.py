"""Scheduled runs: the folder, the summaries, the thresholds. How one ends badly: `test_ends.py`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from dauexp import manifest, schedule
from dauexp.errors import BadInput
from dauexp.history import Entry, add, history, read
from dauexp.scenario import Scenario, load
from dauexp.schedule import Summary, scheduled
from dauexp.schedule.folders import dated, link_latest, next_folder, prune
from dauexp.schedule.thresholds import check, crossed

TINY = (
    "traffic.users=30",
    "traffic.days=2",
    "strategies=['custom','statsd:set']",
    "experiments.run=[]",
    "report.notebooks=[]",
)


def of(*changes: str) -> Scenario:
    return load("quick", [*TINY, *changes])


@pytest.fixture
def no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "make", lambda *_: None)


def test_a_fine_run_leaves_folder_link_and_history(tmp_path: Path, no_report: None) -> None:
    first = scheduled(of(), tmp_path, keep=1, processes=1)
    assert (first.status, first.exit_code) == ("fine", 0)
    assert "custom 0.00%" in first.line
    assert "\n" not in first.line
    folder = Path(first.folder)
    assert json.loads((folder / "summary.json").read_text())["status"] == "fine"
    assert (tmp_path / "latest").resolve() == folder
    second = scheduled(of("thresholds.error={custom=0, 'statsd:set'=0.0001}"), tmp_path, 1, 1)
    assert (second.status, second.exit_code) == ("crossed", 1)
    assert "error statsd:set is" in second.line
    assert "custom" not in second.line
    assert not folder.exists()
    assert (tmp_path / "latest").resolve() == Path(second.folder)
    assert len(read(tmp_path)) == 2
    entries = history(tmp_path)
    assert len({entry.comparable for entry in entries}) == 1
    assert entries[0].measures["error custom"] == 0
    assert entries[1].measures["wire bytes custom"] > 100


def test_a_folder_is_later_than_the_last_one_whatever_the_clock_says(tmp_path: Path) -> None:
    (tmp_path / "20300101T235959Z").mkdir()
    (tmp_path / "20309999T999999Z").mkdir()  # No moment: not of this schedule.
    now = datetime(2030, 1, 1, 23, 59, 59, tzinfo=UTC)
    for early in (now, now - timedelta(days=1)):
        assert next_folder(tmp_path, "any", now=early).name == "20300102T000000Z"
        removed = next_folder(tmp_path, "any", ["20300103T000000Z", "20290101T000000Z"], early)
        assert removed.name == "20300103T000001Z"
    later = now + timedelta(hours=1)
    assert next_folder(tmp_path, "any", now=later).name == "20300102T005959Z"


def test_a_run_that_was_stopped_goes_on_in_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_report: None
) -> None:
    def stop(stage: str, done: int, steps: int) -> None:
        if (stage, done) == ("settle", 1):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scheduled(of(), tmp_path, keep=3, processes=1, progress=stop)
    (stopped,) = dated(tmp_path)
    later = datetime.now(UTC) + timedelta(days=1)
    assert next_folder(tmp_path, "another", now=later) != stopped
    assert Path(scheduled(of(), tmp_path, keep=3, processes=1).folder) == stopped
    assert manifest.path(stopped).exists()
    assert next_folder(tmp_path, "another", now=later) == tmp_path / f"{later:%Y%m%dT%H%M%SZ}"


def test_one_that_was_stopped_in_its_report_goes_on_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(schedule, "make", stop)
    with pytest.raises(KeyboardInterrupt):
        scheduled(of(), tmp_path, keep=3, processes=1)
    (stopped,) = dated(tmp_path)
    assert manifest.path(stopped).exists()
    assert read(tmp_path) == []
    monkeypatch.setattr(schedule, "make", lambda *_: None)
    summary = scheduled(of(), tmp_path, keep=3, processes=1)
    assert Path(summary.folder) == stopped
    assert [each.run for each in read(tmp_path)] == [stopped.name]


def test_one_that_was_stopped_before_its_summary_is_not_compared_with_itself(
    tmp_path: Path, no_report: None
) -> None:
    once = of("thresholds.slowdown=1", "thresholds.fewest_runs=1")
    (stopped,) = [Path(scheduled(once, tmp_path, keep=3, processes=1).folder)]
    (stopped / "summary.json").unlink()
    (mine,) = read(tmp_path)
    faster = {name: value / 2 for name, value in mine.measures.items()}
    add(tmp_path, msgspec.structs.replace(mine, measures=faster))
    summary = scheduled(once, tmp_path, keep=3, processes=1)
    assert Path(summary.folder) == stopped
    assert summary.status == "fine"
    assert read(tmp_path) == [mine]


def test_two_scheduled_runs_at_once(tmp_path: Path, no_report: None) -> None:
    def meanwhile(stage: str, done: int, steps: int) -> None:
        if (stage, done) == ("traffic", 1):
            with pytest.raises(BadInput, match="another scheduled run is at it"):
                scheduled(of(), tmp_path, keep=3, processes=1)

    scheduled(of(), tmp_path, keep=3, processes=1, progress=meanwhile)


def test_only_dated_folders_are_pruned_and_the_oldest_first(tmp_path: Path) -> None:
    names = [f"2026010{day}T000000Z" for day in range(1, 6)]
    for name in [*reversed(names), "mine", "20260101"]:
        (tmp_path / name).mkdir()
    link_latest(tmp_path / names[-1])
    link_latest(tmp_path / names[-1])
    assert [path.name for path in prune(tmp_path, 2)] == names[:3]
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {*names[3:], "mine", "20260101", "latest"}
    assert prune(tmp_path, 2) == []


def entry(cpu: float, errors: Mapping[str, float] | None = None) -> Entry:
    measures = {"cpu seconds": cpu, **{f"error {k}": v for k, v in (errors or {}).items()}}
    return Entry("run", "2026-01-01T00:00:00Z", "quick", "like", "1", measures)


def test_slowness_is_told_against_the_median_of_like_runs_only() -> None:
    limits = of("thresholds.slowdown=2", "thresholds.fewest_runs=3")
    earlier = [entry(10), entry(11), entry(900)]
    assert list(crossed(limits, entry(22), earlier)) == []
    (slow,) = crossed(limits, entry(23), earlier)
    assert str(slow) == "cpu seconds is 23, more than 22"
    assert list(crossed(limits, entry(23), earlier[:2])) == []


def test_an_error_that_no_one_knows_crosses_its_threshold() -> None:
    limits = of("thresholds.error={custom=0.5}")
    assert list(crossed(limits, entry(1, {"custom": 0.5}), [])) == []
    assert [each.measure for each in crossed(limits, entry(1), [])] == ["error custom"]


def test_a_threshold_of_no_contender_is_named() -> None:
    with pytest.raises(BadInput, match="runs no 'glean': give one of custom, statsd:set"):
        check(of("thresholds.error={glean=0.5}"))


@pytest.mark.parametrize(
    ("change", "code"),
    [pytest.param("", 0, marks=pytest.mark.heavy), ("thresholds.error={nobody=1}", 2)],
)
def test_the_command_line(tmp_path: Path, change: str, code: int) -> None:
    changes = [word for each in (*TINY, change) if each for word in ("--set", each)]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "dauexp", "run", "quick", *changes),
            *("--schedule-dir", str(tmp_path), "--keep", "2", "--json", "-j", "1"),
        ],
        capture_output=True,
        check=False,
        env={**os.environ, "COLUMNS": "200"},
        timeout=240,
    )
    assert done.returncode == code, done.stderr.decode()
    if code:
        assert b"thresholds.error: the scenario runs no 'nobody'" in done.stderr
    else:
        told = json.loads(done.stdout)
        assert told["status"] == "fine"
        assert (tmp_path / "latest" / "report.html").is_file()
        assert set(Summary.__struct_fields__) >= set(told)
