"""A service that starts in a moment, and a cache of one's own."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from dauexp.services import running, state
from dauexp.services.addresses import Address, StatsdAddress, statsd_from
from dauexp.services.processes import LOOPBACK, free_port
from dauexp.services.programs import Program
from dauexp.services.service import Plan, Service

LISTENER = """
import socket, sys
listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
listener.bind(("127.0.0.1", int(sys.argv[1])))
while True:
    listener.recv(1024)
"""


@dataclass(frozen=True)
class Interpreter(Program):
    """This very interpreter as the program of a service."""

    @property
    def built(self) -> Path:
        return Path(sys.executable)

    @property
    def tools(self) -> Mapping[str, str]:
        return {}

    def build(self, folder: Path) -> None:
        pytest.fail("this very interpreter is there: nothing is to be built")


@dataclass(frozen=True)
class Listener(Service):
    """A service that listens, or whatever its script does."""

    script: str = LISTENER

    name: ClassVar[str] = "listener"
    summary: ClassVar[str] = "listens"
    variables: ClassVar[Mapping[str, str]] = {"DAUEXP_LISTENER": "HOST:PORT"}
    patience_seconds: ClassVar[float] = 5

    @property
    def program(self) -> Program:
        return Interpreter("listener", "1")

    def given(self, environment: Mapping[str, str]) -> StatsdAddress | None:
        return statsd_from(environment, "DAUEXP_LISTENER")

    def plan(self, program: Path, folder: Path, others: Mapping[str, Address]) -> Plan:
        port = free_port(socket.SOCK_DGRAM)
        (folder / "script.py").write_text(self.script, encoding="utf-8")
        command = [str(program), str(folder / "script.py"), str(port)]
        return Plan(command, StatsdAddress(LOOPBACK, port))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache, an empty folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "dauexp"


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Listener]]:
    """The listener as the only service there is; it is ended if the test did not."""
    for module in (running, state):
        monkeypatch.setattr(module, "SERVICES", {"listener": Listener})
    monkeypatch.setattr("dauexp.services.doctor.SERVICES", {"listener": Listener})
    yield Listener
    state.down()
