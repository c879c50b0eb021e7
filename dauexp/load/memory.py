"""Peaks of memory, as the system tells them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def peak_bytes(process: int) -> int | None:
    """The most resident memory that a running process had so far; None where that is not told."""
    status = Path(f"/proc/{process}/status")
    with suppress(OSError):
        for line in status.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name == "VmHWM":
                return 1024 * int(value.split()[0])
    return None
