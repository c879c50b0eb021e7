from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator

import pytest

from dauexp.errors import BadInput
from dauexp.lines import bounded_lines, cut_lines

TEXT = b"one\n\nthree\r\nfour"


class Endless(io.RawIOBase):
    """A line that never ends, and how much of it was read."""

    read_bytes = 0

    def readline(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert 0 < size < 100
        self.read_bytes += size
        return b"x" * size


def test_lines_come_as_they_are() -> None:
    whole = [b"one\n", b"\n", b"three\r\n", b"four"]
    assert list(bounded_lines(io.BytesIO(TEXT), "x", 7)) == whole
    assert list(cut_lines(io.BytesIO(TEXT), 7)) == whole


def test_a_longer_line_is_told() -> None:
    lines = bounded_lines(io.BytesIO(TEXT), "x", 6)
    assert [next(lines), next(lines)] == [b"one\n", b"\n"]
    with pytest.raises(BadInput, match="x: line 3: longer than"):
        next(lines)
    endless = Endless()
    with pytest.raises(BadInput):
        next(bounded_lines(endless, "x", 50))  # type: ignore[arg-type]
    assert endless.read_bytes == 51


@pytest.mark.parametrize("most", range(1, 9))
def test_a_longer_line_is_cut_and_the_next_one_is_whole(most: int) -> None:
    def cut() -> Iterator[bytes]:
        for line in io.BytesIO(TEXT):
            yield line[:most]

    assert list(cut_lines(io.BytesIO(TEXT), most)) == list(cut())


@pytest.mark.parametrize("command", [["classify"], ["aggregate"]])
def test_a_filter_refuses_a_line_without_end(command: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "dauexp", *command],
        input=b"x" * 2**21,
        capture_output=True,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stderr == b"dauexp: <stdin>: line 1: longer than 1 MiB\n"
