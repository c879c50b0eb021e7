"""Files are whole and on the disk before they are there; scratch ones need not be on the disk."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from dauexp.store import remove_parts, replacing, scratch


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, list[str]]]:
    """What is flushed: its inode, and what stands in the folder `out` at that moment."""
    calls: list[tuple[int, list[str]]] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        opened = os.fstat(descriptor)
        names = os.listdir(descriptor) if stat.S_ISDIR(opened.st_mode) else []
        calls.append((opened.st_ino, names))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    return calls


def test_a_file_is_flushed_before_it_is_in_its_place_and_its_name_afterwards(
    tmp_path: Path, flushed: list[tuple[int, list[str]]]
) -> None:
    with replacing(tmp_path / "a") as beside:
        beside.write_text("x", encoding="utf-8")
        assert flushed == []
    file = (tmp_path / "a").stat().st_ino
    assert flushed == [(file, []), (tmp_path.stat().st_ino, ["a"])]
    assert (tmp_path / "a").read_text(encoding="utf-8") == "x"


def test_a_scratch_file_is_not_flushed_and_those_after_it_are(
    tmp_path: Path, flushed: list[tuple[int, list[str]]]
) -> None:
    with scratch(), replacing(tmp_path / "a") as beside:
        beside.write_text("x", encoding="utf-8")
    assert flushed == []
    with replacing(tmp_path / "b") as beside:
        beside.write_text("x", encoding="utf-8")
    assert len(flushed) == 2


def test_after_an_error_files_are_flushed_again_and_nothing_is_left(
    tmp_path: Path, flushed: list[tuple[int, list[str]]]
) -> None:
    with pytest.raises(FileNotFoundError), scratch(), replacing(tmp_path / "a") as beside:
        beside.with_name("nowhere").replace(beside)
    assert list(tmp_path.iterdir()) == []
    with replacing(tmp_path / "a") as beside:
        beside.write_text("x", encoding="utf-8")
    assert len(flushed) == 2


def test_no_one_else_can_foresee_or_enter_the_place_of_writing(tmp_path: Path) -> None:
    places = []
    for _ in range(2):
        with replacing(tmp_path / "a") as beside:
            places.append(beside.parent.name)
            assert stat.S_IMODE(beside.parent.stat().st_mode) == 0o700
            assert not any(beside.parent.iterdir())
            beside.write_text("x", encoding="utf-8")
    assert str(os.getpid()) not in places[0]
    assert places[0] != places[1]


def test_a_link_in_its_place_is_replaced_and_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("kept", encoding="utf-8")
    (tmp_path / "a").symlink_to(other)
    with replacing(tmp_path / "a") as beside:
        beside.write_text("x", encoding="utf-8")
    assert not (tmp_path / "a").is_symlink()
    assert other.read_text(encoding="utf-8") == "kept"


def test_the_umask_decides_who_may_read_a_file(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with replacing(tmp_path / "a") as beside:
            beside.write_text("x", encoding="utf-8")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    code = (
        "import os, pathlib; from dauexp.store import replacing\n"
        "with replacing(pathlib.Path('table', 'a.parquet')) as beside:\n"
        "    beside.write_text('half'); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False)
    assert done.returncode == -signal.SIGKILL
    assert list(tmp_path.rglob("part"))
    remove_parts(tmp_path)
    assert list((tmp_path / "table").iterdir()) == []
