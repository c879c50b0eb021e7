"""The statsd daemon of npm: the StatsD server after which all others are made."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from dauexp.services.addresses import Address, StatsdAddress, statsd_from
from dauexp.services.processes import LOOPBACK, free_port
from dauexp.services.programs import NodeProgram, Program
from dauexp.services.service import Plan, Service

BACKEND: Final = Path(__file__).with_name("flushes.js")
"""Its own console backend shortens what it prints; this one appends each flush as JSON."""


@dataclass(frozen=True)
class StatsdDaemon(Service):
    """The daemon, its flushes as JSON in a file; what was idle since the last flush is left out."""

    flush_seconds: int = 10
    """The interval between flushes."""

    name: ClassVar[str] = "statsd"
    summary: ClassVar[str] = "the statsd daemon of Node.js"
    variables: ClassVar[Mapping[str, str]] = {"DAUEXP_STATSD": "HOST:PORT of its UDP socket"}

    @property
    def program(self) -> Program:
        """The daemon's script, which node runs."""
        return NodeProgram("statsd", "0.9.0", "stats.js", "Node.js 18 to 22")

    def given(self, environment: Mapping[str, str]) -> StatsdAddress | None:
        """The one at DAUEXP_STATSD."""
        return statsd_from(environment, "DAUEXP_STATSD")

    def plan(self, program: Path, folder: Path, others: Mapping[str, Address]) -> Plan:
        """Both of its sockets on loopback."""
        del others
        address = StatsdAddress(
            LOOPBACK, free_port(socket.SOCK_DGRAM), free_port(), str(folder / "flushes.json")
        )
        configuration = {
            "address": address.host,
            "port": address.port,
            "mgmt_address": address.host,
            "mgmt_port": address.management,
            "flushInterval": 1000 * self.flush_seconds,
            "deleteIdleStats": True,
            "backends": [str(BACKEND)],
            "flushes": address.output,
        }
        path = folder / "statsd.js"
        path.write_text(f"({json.dumps(configuration, indent=2)})\n", encoding="utf-8")
        return Plan([str(shutil.which("node")), str(program), str(path)], address)
