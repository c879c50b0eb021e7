"""Processes that run in the background: started, watched, ended, and told from strangers.

A process is known by its id and the moment it started: an id alone may have been given anew.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec
import psutil

from dauexp.errors import BadInput

LOOPBACK = "127.0.0.1"
_SECONDS_TO_END = 10.0
_LOOKS_EACH_SECOND = 20
_TOLD_BYTES = 600


class Process(msgspec.Struct, frozen=True):
    """A process that was started here."""

    pid: int
    created: float
    """When it started, in seconds since the epoch."""

    def living(self) -> psutil.Process | None:
        """The process, if it still is that one and runs."""
        with suppress(psutil.NoSuchProcess):
            found = psutil.Process(self.pid)
            same = abs(found.create_time() - self.created) < 1
            if same and found.status() != psutil.STATUS_ZOMBIE:
                return found
        return None

    def end(self) -> None:
        """Ends it, by force if it does not end by itself; done when it is gone."""
        found = self.living()
        if found is None:
            with suppress(ChildProcessError):
                os.waitpid(self.pid, os.WNOHANG)
            return
        with suppress(psutil.NoSuchProcess):
            found.terminate()
            try:
                found.wait(_SECONDS_TO_END)
            except psutil.TimeoutExpired:
                found.kill()
                found.wait(_SECONDS_TO_END)


def start(command: Sequence[str], log: Path) -> Process:
    """Starts a program that outlives this one, in a session of its own; what it prints is appended
    to `log`."""
    pid = os.posix_spawn(
        command[0],
        [*command],
        dict(os.environ),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    return Process(pid, psutil.Process(pid).create_time())


def wait_until(
    answers: Callable[[], bool], process: Process, name: str, log: Path, seconds: float
) -> None:
    """Waits for a process to answer. Raises BadInput where it ends, or takes too long."""
    end = time.monotonic() + seconds
    while not answers():
        if process.living() is None:
            raise BadInput(f"{name} ended while it started: {tail(log)}")
        if time.monotonic() > end:
            raise BadInput(f"{name} does not answer after {seconds:.0f} s: {tail(log)}")
        time.sleep(1 / _LOOKS_EACH_SECOND)


def bound_to(port: int, kind: Literal["tcp", "udp"]) -> Iterator[psutil.Process]:
    """The processes that have bound a UDP port, or listen at a TCP port, as far as is seen."""
    for each in psutil.net_connections(kind):
        ours = each.laddr and each.laddr.port == port
        if ours and each.pid and (kind == "udp" or each.status == psutil.CONN_LISTEN):
            yield psutil.Process(each.pid)


def tail(log: Path) -> str:
    """The end of what a process printed, on one line."""
    with suppress(OSError):
        return " ".join(log.read_text(errors="replace")[-_TOLD_BYTES:].split())
    return "it printed nothing"


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port of the loopback address on which nobody listens. Another may take it meanwhile: then
    the service that it is for does not start, and is tried again on another."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
