"""The user's cache is the user's own."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from dauexp.cache import cache_folder


@pytest.mark.parametrize("was_there", [False, True])
def test_no_one_else_may_enter_it_whatever_the_umask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, was_there: bool
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    before = os.umask(0)
    try:
        if was_there:
            (tmp_path / "cache" / "dauexp").mkdir(parents=True)
        folder = cache_folder("glean", "x")
        folder.mkdir(parents=True)
    finally:
        os.umask(before)
    assert folder == tmp_path / "cache" / "dauexp" / "glean" / "x"
    assert stat.S_IMODE((tmp_path / "cache" / "dauexp").stat().st_mode) == 0o700


def test_where_none_can_be_made_its_name_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert cache_folder("glean") == tmp_path / "file" / "dauexp" / "glean"
