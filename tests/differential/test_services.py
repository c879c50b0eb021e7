"""The real servers, started and ended by the command line, and connected with each other."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from dauexp.cache import cache_folder
from dauexp.services import Telegraf
from dauexp.services.telegraf import DATABASE
from tests.differential.conftest import Servers
from tests.differential.test_packets import send
from tests.differential.test_points import Database

pytestmark = pytest.mark.heavy


def dauexp(*arguments: str) -> list[dict[str, Any]]:
    """The rows that a command of `dauexp services` prints."""
    done = subprocess.run(
        [sys.executable, "-m", "dauexp", "services", *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def test_up_status_down(servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with servers("influxdb", "telegraf", "statsd"):
        pass  # so that they are built
    there = cache_folder("services")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cache_folder("services").mkdir(parents=True)
    for program in there.glob("*-*"):
        (cache_folder("services") / program.name).symlink_to(program)
    up = dauexp("up", "influxdb", "telegraf", "statsd", "--json")
    assert [each["service"] for each in up] == ["influxdb", "telegraf", "statsd"]
    status = dauexp("status", "--json")
    assert {each["state"] for each in status} == {"running"}
    assert [each["address"] for each in status] == [each["address"] for each in up]
    state = json.loads((cache_folder("services") / "running" / "state.json").read_text())
    processes = [psutil.Process(each["process"]["pid"]) for each in state.values()]
    for process in processes:
        sockets = process.net_connections(kind="inet")
        assert {each.laddr.ip for each in sockets} == {"127.0.0.1"}
    dauexp("down")
    assert dauexp("status", "--json") == []
    assert not any(process.is_running() for process in processes)
    assert not (cache_folder("services") / "running").exists()


def test_packets_arrive_in_influxdb_through_telegraf(servers: Servers) -> None:
    packets = [f"users,host=a:u{number % 300}|s".encode() for number in range(1000)]
    with servers("influxdb", Telegraf(flush_seconds=1, keep=frozenset({"set"}))) as addresses:
        send(addresses["telegraf"], packets)
        database = Database(addresses["influxdb"], DATABASE)
        end = time.monotonic() + 30
        while not (found := database.query('SELECT max("value") FROM "users"')):
            assert time.monotonic() < end
            time.sleep(0.2)
        time.sleep(1.5)
        found = database.query('SELECT max("value") FROM "users" GROUP BY "host"')
    assert found[0]["tags"] == {"host": "a"}
    assert found[0]["values"][0][1] == 300
