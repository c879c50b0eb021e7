"""Temporary folders: private, never in the machine's common one, and gone even after a kill."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from dauexp.database import connect
from dauexp.errors import BadInput
from dauexp.pool import Pool
from dauexp.temporary import chosen, temporary_folder, temporary_in

KILLED = """
import os
from dauexp.temporary import temporary_folder
with temporary_folder() as folder:
    (folder / "ids").write_text("hashed")
    os.kill(os.getpid(), 9)
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "dauexp" / "scratch"


def folders(top: Path) -> list[Path]:
    return [path for path in top.iterdir() if path.is_dir()]


def made_in(_: int) -> str:
    with temporary_folder() as folder:
        return str(folder)


def test_one_is_in_the_cache_private_empty_and_gone_afterwards(cache: Path) -> None:
    before = os.umask(0)
    try:
        with temporary_folder() as folder:
            assert cache in folder.parents
            assert not any(folder.iterdir())
            assert {stat.S_IMODE(each.stat().st_mode) for each in (cache, folder.parent)} == {0o700}
            (folder / "a").mkdir()
    finally:
        os.umask(before)
    assert folders(cache) == []


@pytest.mark.parametrize("processes", [1, 2])
def test_those_of_a_run_are_in_its_folder_in_every_process(
    cache: Path, tmp_path: Path, processes: int
) -> None:
    with temporary_in(tmp_path / "run"), Pool(processes) as pool:
        made = pool.each("stage", made_in, [1, 2], lambda *_: None)
    assert {Path(folder).parents[1] for folder in made} == {tmp_path / "run"}
    assert chosen() is None
    assert not cache.exists()


def test_what_a_killed_process_left_is_removed_by_the_next_and_no_one_else_s(cache: Path) -> None:
    with temporary_folder() as mine:
        (mine / "ids").touch()
        done = subprocess.run([sys.executable, "-c", KILLED], check=False)
        assert done.returncode == -signal.SIGKILL
        assert len(folders(cache)) == 2
        with temporary_folder():
            assert len(folders(cache)) == 2
        assert folders(cache) == [mine.parent]
        assert (mine / "ids").exists()


def test_where_none_can_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        temporary_in(tmp_path / "file" / "scratch"),
        pytest.raises(BadInput, match=r"scratch: no temporary folder .* set XDG_CACHE_HOME"),
        temporary_folder(),
    ):
        pass


def test_a_database_puts_nothing_aside_in_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    large = "SELECT hash(i), i::VARCHAR FROM range(1_000_000) AS t(i) ORDER BY ALL"
    with temporary_in(tmp_path / "run"), connect("30MB", threads=1) as database:
        database.sql(large).to_arrow_reader(1000).read_next_batch()
        (spilled,) = (tmp_path / "run").iterdir()
        assert any(spilled.iterdir())
    assert list((tmp_path / "here").iterdir()) == []
    assert list((tmp_path / "run").iterdir()) == []


def test_no_module_makes_anything_in_the_machine_s_common_folder(checkout: Path) -> None:
    calls = [
        (path.name, found[0])
        for path in (checkout / "dauexp").rglob("*.py")
        for found in re.finditer(
            r"\b(TemporaryDirectory|NamedTemporaryFile|mkdtemp|mkstemp)\([^)]*\)",
            path.read_text(encoding="utf-8"),
        )
    ]
    assert len(calls) >= 4
    assert [call for call in calls if "dir=" not in call[1]] == []
