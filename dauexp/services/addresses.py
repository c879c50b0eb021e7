"""Where services are reached, and how the environment names those that run already."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from influxdb_client.client.influxdb_client import InfluxDBClient

from dauexp.errors import BadInput

PATIENCE_SECONDS = 2.0
"""How long a service may take to answer that it is there."""


class InfluxAddress(msgspec.Struct, frozen=True, tag="influxdb"):
    """An InfluxDB over HTTP."""

    url: str
    organisation: str = "-"
    """InfluxDB 1 has none, and takes `-`."""
    bucket: str = ""
    """The bucket given for use; empty: databases are made as they are needed."""
    token_source: str = ""
    """`env:VARIABLE` or `file:PATH`, where the token is; the token itself is nowhere kept."""

    @property
    def token(self) -> str:
        """The token, `user:password` for InfluxDB 1, read at each use; empty where there is none.

        Raises BadInput where it is to be in a file that cannot be read.
        """
        kind, _, where = self.token_source.partition(":")
        if kind != "file":
            return os.environ.get(where, "")
        try:
            return Path(where).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise BadInput(f"{where}: the token cannot be read: {error.strerror}") from error

    def client(self, timeout_seconds: float = 60) -> InfluxDBClient:
        """A client of it; use it as a context manager."""
        return InfluxDBClient(
            self.url,
            token=self.token,
            org=self.organisation,
            timeout=round(1000 * timeout_seconds),
            enable_gzip=False,
        )

    def answers(self) -> bool:
        """Whether it says that it is well."""
        with self.client(PATIENCE_SECONDS) as client:
            return bool(client.ping())


class StatsdAddress(msgspec.Struct, frozen=True, tag="statsd"):
    """A StatsD server over UDP."""

    host: str
    port: int
    management: int = 0
    """The TCP port of the statsd daemon's management; 0: it has none."""
    output: str = ""
    """The file that its flushes are appended to; empty: it has none."""

    def answers(self) -> bool:
        """Whether someone listens. UDP itself says only that nobody does, and on loopback alone;
        an empty line, which counts for nothing, is sent twice to learn it."""
        if self.management:
            return self._managed()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            try:
                sender.connect((self.host, self.port))
                for _ in range(2):
                    sender.send(b"\n")
                    time.sleep(0.02)
            except OSError:
                return False
        return True

    def _managed(self) -> bool:
        with (
            suppress(OSError),
            socket.create_connection((self.host, self.management), PATIENCE_SECONDS) as line,
        ):
            line.sendall(b"health\n")
            return b"up" in line.recv(1024)
        return False


Address = InfluxAddress | StatsdAddress
"""Where a service answers."""


def influx_from(environment: Mapping[str, str], prefix: str) -> InfluxAddress | None:
    """The InfluxDB that `PREFIX_URL` names, with `_ORG`, `_BUCKET` and `_TOKEN` or `_TOKEN_FILE`.

    Raises BadInput where the URL is none.
    """
    url = environment.get(f"{prefix}_URL", "")
    if not url:
        return None
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise BadInput(f"{prefix}_URL is {url!r}: give http://HOST:PORT")
    file = environment.get(f"{prefix}_TOKEN_FILE", "")
    return InfluxAddress(
        url.rstrip("/"),
        environment.get(f"{prefix}_ORG", "-"),
        environment.get(f"{prefix}_BUCKET", ""),
        f"file:{file}" if file else f"env:{prefix}_TOKEN",
    )


def statsd_from(environment: Mapping[str, str], variable: str) -> StatsdAddress | None:
    """The StatsD server that a variable names as HOST:PORT. Raises BadInput where it is none."""
    text = environment.get(variable, "")
    if not text:
        return None
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise BadInput(f"{variable} is {text!r}: give HOST:PORT, for example 127.0.0.1:8125")
    return StatsdAddress(host, int(port))
