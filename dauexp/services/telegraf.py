"""Telegraf: a StatsD server whose flushes go to a file, and to InfluxDB where one runs."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

import tomli_w

from dauexp.services.addresses import Address, InfluxAddress, StatsdAddress, statsd_from
from dauexp.services.processes import LOOPBACK, free_port
from dauexp.services.programs import GoProgram, Program
from dauexp.services.service import Plan, Service

DATABASE: Final = "dauexp"
"""The database of InfluxDB that it writes to."""

_TAGS: Final = (
    "custom,inputs.statsd,outputs.influxdb,outputs.influxdb_v2,outputs.file,serializers.influx"
)
Kind = Literal["counter", "gauge", "set", "timing"]

_KEPT: Final[Mapping[Kind, str]] = {
    "counter": "delete_counters",
    "gauge": "delete_gauges",
    "set": "delete_sets",
    "timing": "delete_timings",
}


@dataclass(frozen=True)
class Telegraf(Service):
    """Telegraf with `inputs.statsd` alone, sized to lose nothing that reaches it."""

    flush_seconds: int = 10
    """The interval between flushes."""
    dogstatsd: bool = False
    """Read DogStatsD tags, `datadog_extensions`."""
    keep: frozenset[Kind] = frozenset()
    """Kinds that a flush does not clear."""
    read_buffer_bytes: int = 8 * 1024 * 1024
    """Of its socket; 0: what the system gives, as by default."""
    pending_messages: int = 1_000_000
    """Packets that wait to be parsed; 10,000 by default."""
    workers: int = 5
    """Threads that parse; with more than one, packets are not taken in the order they arrive."""

    name: ClassVar[str] = "telegraf"
    summary: ClassVar[str] = "Telegraf, StatsD server that writes to InfluxDB"
    variables: ClassVar[Mapping[str, str]] = {"DAUEXP_TELEGRAF": "HOST:PORT of its UDP socket"}

    @property
    def program(self) -> Program:
        """Telegraf with the few plug-ins that are used."""
        return GoProgram(
            "telegraf",
            "1.37.2",
            "github.com/influxdata/telegraf/cmd/telegraf",
            "github.com/influxdata/telegraf/internal.Version",
            _TAGS,
        )

    def given(self, environment: Mapping[str, str]) -> StatsdAddress | None:
        """The one at DAUEXP_TELEGRAF."""
        return statsd_from(environment, "DAUEXP_TELEGRAF")

    def plan(self, program: Path, folder: Path, others: Mapping[str, Address]) -> Plan:
        """Flushes as line protocol to a file, and to the InfluxDB among the others."""
        address = StatsdAddress(
            LOOPBACK, free_port(socket.SOCK_DGRAM), output=str(folder / "flushes.influx")
        )
        path = folder / "telegraf.conf"
        path.write_text(tomli_w.dumps(self._configuration(address, others)), encoding="utf-8")
        return Plan([str(program), "--config", str(path)], address)

    def _configuration(
        self, address: StatsdAddress, others: Mapping[str, Address]
    ) -> dict[str, Any]:
        interval = f"{self.flush_seconds}s"
        statsd = {
            "protocol": "udp",
            "service_address": f"{address.host}:{address.port}",
            "datadog_extensions": self.dogstatsd,
            "percentiles": [],
            "number_workers_threads": self.workers,
            "allowed_pending_messages": self.pending_messages,
            "read_buffer_size": self.read_buffer_bytes,
            **{option: kind not in self.keep for kind, option in _KEPT.items()},
        }
        outputs: dict[str, Any] = {"file": [{"files": [address.output], "data_format": "influx"}]}
        influxdb = others.get("influxdb")
        if isinstance(influxdb, InfluxAddress):
            outputs["influxdb"] = [{"urls": [influxdb.url], "database": DATABASE}]
        agent = {
            "interval": interval,
            "flush_interval": interval,
            "flush_jitter": "0s",
            "metric_buffer_limit": 1_000_000,
            "omit_hostname": True,
        }
        return {"agent": agent, "inputs": {"statsd": [statsd]}, "outputs": outputs}
