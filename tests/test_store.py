"""Files are whole and on the disk before they are there; scratch ones need not be on the disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dauexp.store import replacing, scratch


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    calls: list[int] = []
    monkeypatch.setattr(os, "fsync", calls.append)
    return calls


def test_a_file_is_flushed_before_it_is_in_its_place(tmp_path: Path, flushed: list[int]) -> None:
    with replacing(tmp_path / "a") as beside:
        beside.write_text("x", encoding="utf-8")
    assert len(flushed) == 1
    assert (tmp_path / "a").read_text(encoding="utf-8") == "x"


def test_a_scratch_file_is_not_flushed_and_those_after_it_are(
    tmp_path: Path, flushed: list[int]
) -> None:
    with scratch(), replacing(tmp_path / "a") as beside:
        beside.write_text("x", encoding="utf-8")
    assert flushed == []
    with replacing(tmp_path / "b") as beside:
        beside.write_text("x", encoding="utf-8")
    assert len(flushed) == 1


def test_after_an_error_files_are_flushed_again(tmp_path: Path, flushed: list[int]) -> None:
    with pytest.raises(ValueError, match="on purpose"), scratch():
        raise ValueError("on purpose")
    with replacing(tmp_path / "a") as beside:
        beside.write_text("x", encoding="utf-8")
    assert len(flushed) == 1
