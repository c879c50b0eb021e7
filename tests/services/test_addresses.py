from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from dauexp.errors import BadInput
from dauexp.services import InfluxAddress, InfluxDB, InfluxDB2, StatsdAddress, Telegraf
from dauexp.services.sockets import receiving, send_patiently


def test_the_environment_names_an_influxdb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert InfluxDB().given({}) is None
    named = {"DAUEXP_INFLUXDB_URL": "http://db:8086/"}
    monkeypatch.setenv("DAUEXP_INFLUXDB_TOKEN", "me:secret")
    address = InfluxDB().given(named)
    assert address is not None
    assert (address.url, address.organisation, address.token) == (
        "http://db:8086",
        "-",
        "me:secret",
    )
    assert "secret" not in repr(address)
    (tmp_path / "token").write_text("from a file\n")
    address = InfluxDB().given(named | {"DAUEXP_INFLUXDB_TOKEN_FILE": str(tmp_path / "token")})
    assert address is not None
    assert address.token == "from a file"  # noqa: S105 - a test's
    (tmp_path / "token").unlink()
    with pytest.raises(BadInput, match="the token cannot be read: No such file"):
        _ = address.token


def test_influxdb_2_needs_all_of_its_names() -> None:
    named = {"DAUEXP_INFLUXDB2_URL": "https://db", "DAUEXP_INFLUXDB2_ORG": "us"}
    with pytest.raises(BadInput, match="DAUEXP_INFLUXDB2_BUCKET: set both"):
        InfluxDB2().given(named)
    address = InfluxDB2().given(named | {"DAUEXP_INFLUXDB2_BUCKET": "b"})
    assert address == InfluxAddress("https://db", "us", "b", "env:DAUEXP_INFLUXDB2_TOKEN")


@pytest.mark.parametrize("text", ["db", "db:", ":1", "db:x", "db:0", "db:70000"])
def test_what_is_no_address_is_told(text: str) -> None:
    with pytest.raises(BadInput, match=r"DAUEXP_TELEGRAF is '.*': give HOST:PORT"):
        Telegraf().given({"DAUEXP_TELEGRAF": text})


@pytest.mark.parametrize("url", ["db:8086", "udp://db", "http://"])
def test_what_is_no_url_is_told(url: str) -> None:
    with pytest.raises(BadInput, match=r"DAUEXP_INFLUXDB_URL is '.*': give http://HOST:PORT"):
        InfluxDB().given({"DAUEXP_INFLUXDB_URL": url})


def test_whether_someone_listens_is_seen() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        assert StatsdAddress("127.0.0.1", port).answers()
    assert not StatsdAddress("127.0.0.1", port).answers()
    assert not StatsdAddress("127.0.0.1", port, management=port).answers()
    assert not InfluxAddress(f"http://127.0.0.1:{port}").answers()


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells")
def test_what_the_kernel_drops_is_counted() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))
        listener.setblocking(False)
        port = listener.getsockname()[1]
        sender.connect(("127.0.0.1", port))
        assert receiving(port) == (0, 0)
        for _ in range(200):
            sender.send(b"x" * 100)
        waiting, dropped = receiving(port)
        arrived = 0
        while waiting:
            listener.recv(200)
            arrived += 1
            waiting = receiving(port).waiting_bytes
        assert arrived + dropped == 200
        assert dropped > 0
        assert send_patiently(sender, port, []) == 0
    with pytest.raises(BadInput, match=f"no UDP socket is bound to port {port}"):
        receiving(port)
