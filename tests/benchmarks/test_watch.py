"""What is seen of a run that goes on meanwhile."""

from __future__ import annotations

import os
import shutil
import threading
import time
from pathlib import Path

import pytest

from benchmarks import watch
from benchmarks.watch import on_disk


def test_a_file_of_several_names_counts_once(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    before = on_disk(tmp_path)
    (tmp_path / "below" / "one").write_bytes(b"x" * 100_000)
    os.link(tmp_path / "below" / "one", tmp_path / "another")
    assert 100_000 <= on_disk(tmp_path) - before < 200_000


def test_what_is_gone_meanwhile_is_passed_over(tmp_path: Path) -> None:
    ended = threading.Event()

    def comes_and_goes() -> None:
        while not ended.is_set():
            for name in "abcdefgh":
                (tmp_path / name / "b" / "c").mkdir(parents=True, exist_ok=True)
            for name in "abcdefgh":
                shutil.rmtree(tmp_path / name)

    other = threading.Thread(target=comes_and_goes)
    other.start()
    try:
        for _ in range(100):
            assert on_disk(tmp_path) >= 0
    finally:
        ended.set()
        other.join()


def test_looks_that_take_long_come_seldom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[float] = []

    def slow(_: Path) -> int:
        looks.append(time.monotonic())
        time.sleep(0.02)
        return 0

    monkeypatch.setattr(watch, "on_disk", slow)
    monkeypatch.setattr(watch, "LOOK", 0.01)
    with watch.Watch(tmp_path):
        time.sleep(1.5)
    assert len(looks) <= 3, "a look takes no more than a fiftieth of the time"
