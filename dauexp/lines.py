"""Lines of a stream that somebody else writes, one of which may be without end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from dauexp.errors import BadInput


def bounded_lines(stream: IO[bytes], name: str, most: int) -> Iterator[bytes]:
    """The lines of a stream, each with its end. Raises BadInput, which calls the stream `name`,
    at one of more than `most` bytes, before it is in memory."""
    number = 0
    while line := stream.readline(most + 1):
        number += 1
        if len(line) > most:
            raise BadInput(f"{name}: line {number}: longer than {most // 2**20} MiB")
        yield line


def cut_lines(stream: IO[bytes], most: int) -> Iterator[bytes]:
    """The lines of a stream, each with its end; of a longer one only the first `most` bytes."""
    while line := stream.readline(most):
        yield line
        while len(line) == most and not line.endswith(b"\n"):
            line = stream.readline(most)
