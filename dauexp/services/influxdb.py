"""InfluxDB: line 1.8, in Go alone, and line 2, whose Flux is in Rust."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import tomli_w
from influxdb_client.domain.onboarding_request import OnboardingRequest
from influxdb_client.service.setup_service import SetupService

from dauexp.errors import BadInput
from dauexp.services.addresses import Address, InfluxAddress, influx_from
from dauexp.services.influxd2 import Influxd2
from dauexp.services.processes import LOOPBACK, free_port
from dauexp.services.programs import GoProgram, Program
from dauexp.services.service import Plan, Service


@dataclass(frozen=True)
class InfluxDB(Service):
    """InfluxDB 1.8, with Flux; databases are made as they are needed."""

    index: Literal["tsi1", "inmem"] = "tsi1"
    """The index on disk, or that in memory, which is the default and obeys the limits."""
    max_series: int = 0
    """`max-series-per-database` of inmem; 0 is no limit, its default is 1,000,000."""
    max_values_per_tag: int = 0
    """`max-values-per-tag` of inmem; 0 is no limit, its default is 100,000."""

    name: ClassVar[str] = "influxdb"
    patience_seconds: ClassVar[float] = 60
    summary: ClassVar[str] = "InfluxDB 1.8, database of points"
    variables: ClassVar[Mapping[str, str]] = {
        "DAUEXP_INFLUXDB_URL": "http://HOST:PORT",
        "DAUEXP_INFLUXDB_TOKEN": "USER:PASSWORD, if it asks for one",
        "DAUEXP_INFLUXDB_TOKEN_FILE": "or a file that holds it",
    }

    @property
    def program(self) -> Program:
        """influxd, in pure Go."""
        return GoProgram(
            "influxd", "1.8.10", "github.com/influxdata/influxdb/cmd/influxd", "main.version"
        )

    def given(self, environment: Mapping[str, str]) -> InfluxAddress | None:
        """The one at DAUEXP_INFLUXDB_URL."""
        return influx_from(environment, "DAUEXP_INFLUXDB")

    def plan(self, program: Path, folder: Path, others: Mapping[str, Address]) -> Plan:
        """Everything on loopback and in the folder; nothing is reported to anyone. Points are
        written to the files that queries read as soon as no more come, not ten minutes later."""
        del others
        port = free_port()
        configuration = {
            "reporting-disabled": True,
            "bind-address": f"{LOOPBACK}:{free_port()}",
            "meta": {"dir": str(folder / "meta"), "logging-enabled": False},
            "data": {
                "dir": str(folder / "data"),
                "wal-dir": str(folder / "wal"),
                "index-version": self.index,
                "max-series-per-database": self.max_series,
                "max-values-per-tag": self.max_values_per_tag,
                "query-log-enabled": False,
                "cache-snapshot-write-cold-duration": "2s",
            },
            "monitor": {"store-enabled": False},
            "http": {
                "bind-address": f"{LOOPBACK}:{port}",
                "flux-enabled": True,
                "log-enabled": False,
                "max-body-size": 0,
            },
        }
        path = folder / "influxdb.conf"
        path.write_text(tomli_w.dumps(configuration), encoding="utf-8")
        address = InfluxAddress(f"http://{LOOPBACK}:{port}")
        return Plan([str(program), "-config", str(path)], address)


@dataclass(frozen=True)
class InfluxDB2(Service):
    """InfluxDB 2. It is started only where it is asked for by name: to build it takes long."""

    name: ClassVar[str] = "influxdb2"
    summary: ClassVar[str] = "InfluxDB 2, database of points"
    variables: ClassVar[Mapping[str, str]] = {
        "DAUEXP_INFLUXDB2_URL": "http://HOST:PORT",
        "DAUEXP_INFLUXDB2_ORG": "the organisation",
        "DAUEXP_INFLUXDB2_BUCKET": "the bucket",
        "DAUEXP_INFLUXDB2_TOKEN": "the token",
        "DAUEXP_INFLUXDB2_TOKEN_FILE": "or a file that holds it",
    }
    patience_seconds: ClassVar[float] = 60
    usual: ClassVar[bool] = False

    @property
    def program(self) -> Program:
        """influxd, in Go and Rust."""
        return Influxd2("influxd2", "2.7.12")

    def given(self, environment: Mapping[str, str]) -> InfluxAddress | None:
        """The one at DAUEXP_INFLUXDB2_URL. Raises BadInput where one of the others is not set."""
        address = influx_from(environment, "DAUEXP_INFLUXDB2")
        if address is not None and (address.organisation == "-" or not address.bucket):
            raise BadInput("DAUEXP_INFLUXDB2_ORG and DAUEXP_INFLUXDB2_BUCKET: set both with _URL")
        return address

    def plan(self, program: Path, folder: Path, others: Mapping[str, Address]) -> Plan:
        """Everything on loopback and in the folder, a token of its own too; nothing is reported."""
        del others
        port = free_port()
        token = folder / "token"
        token.touch(mode=0o600)
        token.write_text(secrets.token_urlsafe(32), encoding="utf-8")
        command = [
            *(str(program), "--http-bind-address", f"{LOOPBACK}:{port}", "--reporting-disabled"),
            *(
                "--bolt-path",
                str(folder / "meta.bolt"),
                "--sqlite-path",
                str(folder / "meta.sqlite"),
            ),
            *("--engine-path", str(folder / "engine"), "--log-level", "error"),
        ]
        url, source = f"http://{LOOPBACK}:{port}", f"file:{token}"
        return Plan(command, InfluxAddress(url, "dauexp", "dauexp", source))

    def prepare(self, address: Address) -> Address:
        """Makes its first user, organisation and bucket, and lets the token in."""
        assert isinstance(address, InfluxAddress)
        with address.client() as client:
            SetupService(client.api_client).post_setup(  # type: ignore[no-untyped-call]
                OnboardingRequest(  # type: ignore[no-untyped-call]
                    username="dauexp",
                    password=secrets.token_urlsafe(32),
                    org=address.organisation,
                    bucket=address.bucket,
                    token=address.token,
                )
            )
        return address
