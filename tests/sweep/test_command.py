"""`dauexp sweep` as people and scripts call it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from dauexp.cli import main

FILE = """
name = "tiny"
replicates = 2
[changes]
traffic.users = 10
traffic.days = 1
[grid]
strategies = [["custom"], ["custom", "statsd:tag"]]
"""


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


Sweep = Callable[..., Done]


@pytest.fixture
def sweep(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Sweep:
    """Calls the command in this process, in the folder of the files."""

    def call(*arguments: str) -> Done:
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", ["dauexp", "sweep", *arguments, "-j", "1"])
        with pytest.raises(SystemExit) as left:
            main()
        return Done(int(left.value.code or 0), *capsys.readouterr())

    return call


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sweeps")
    (folder / "tiny.toml").write_text(FILE, encoding="utf-8")
    broken = FILE.replace('["custom", "statsd:tag"]', '["nonsense"]')
    (folder / "broken.toml").write_text(broken, encoding="utf-8")
    return folder


def test_the_plan_lists_the_points_and_runs_none(sweep: Sweep, folder: Path) -> None:
    done = sweep("tiny.toml", "--plan", "--json", "--set", "traffic.users=3")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["setting"], row["replicate"], row["seed"]) for row in rows] == [
        (0, 0, 1),
        (0, 1, 2),
        (1, 0, 1),
        (1, 1, 2),
    ]
    assert not (folder / "runs").exists()


def test_people_get_a_table_and_scripts_numbers(sweep: Sweep, folder: Path) -> None:
    told = sweep("tiny.toml")
    assert told.returncode == 0, told.stderr
    assert "Mean error of daily active users (%)" in told.stdout
    assert "exact" in told.stdout
    assert (folder / told.stdout.splitlines()[-1].split()[-1] / "manifest.json").is_file()
    numbers = sweep("tiny.toml", "--json")
    rows = [json.loads(line) for line in numbers.stdout.splitlines()]
    assert {row["replicates"] for row in rows} == {2}
    assert {row["mean_relative_error"] for row in rows} == {0.0}


def test_points_that_fail_end_in_one_sentence_and_exit_code_1(sweep: Sweep) -> None:
    done = sweep("broken.toml", "--json")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "2 of 4 points failed, the first: 'nonsense' is no option or strategy" in done.stderr
    assert len(done.stdout.splitlines()) >= 1


def test_a_file_that_makes_no_sense_ends_in_exit_code_2(sweep: Sweep) -> None:
    done = sweep("missing.toml")
    assert done.returncode == 2
    assert done.stderr == (
        "dauexp: missing.toml: no such file; give a sweep's file or one of "
        "faults, glimpse, sensitivity\n"
    )
