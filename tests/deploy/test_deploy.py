"""What stands in deploy/ is valid, holds no secret, and is what the tests of the servers run."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from dauexp.services import InfluxDB, Telegraf
from dauexp.services.programs import GoProgram

COMPOSE = GoProgram("cmd", "2.16.2", "github.com/compose-spec/compose-go/v2/cmd", "main.version")
"""The reader of compose files that docker compose has, as a program of its own."""


@pytest.fixture(scope="module")
def deploy(checkout: Path) -> Path:
    return checkout / "deploy"


@pytest.fixture(scope="module")
def compose(deploy: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((deploy / "compose.yaml").read_text(encoding="utf-8"))
    return loaded


def test_the_versions_are_those_of_the_tests(compose: dict[str, Any]) -> None:
    images = {name: each["image"] for name, each in compose["services"].items()}
    assert images["influxdb"] == f"influxdb:{InfluxDB().program.version}"
    assert images["telegraf"] == f"telegraf:{Telegraf().program.version}"
    assert re.fullmatch(r"grafana/grafana:\d+\.\d+\.\d+", images["grafana"])


def test_every_port_is_on_loopback(compose: dict[str, Any]) -> None:
    ports = [port for each in compose["services"].values() for port in each["ports"]]
    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_every_mounted_file_is_there(compose: dict[str, Any], deploy: Path) -> None:
    volumes = [volume for each in compose["services"].values() for volume in each["volumes"]]
    files = [volume.split(":")[0] for volume in volumes if volume.startswith("./")]
    assert len(files) == 4
    assert [name for name in files if not (deploy / name).exists()] == []
    named = {volume.split(":")[0] for volume in volumes} - set(files)
    assert named == compose["volumes"].keys()


def words(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    """The texts in a tree, each with the key it stands under."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from words(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from words(inner, key)
    else:
        yield key, str(value)


def test_no_secret_is_in_a_file(deploy: Path) -> None:
    secrets = []
    for path in deploy.rglob("*.yaml"):
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
        secrets += [
            text for key, text in words(tree) if re.search("(?i)password$|(?<!account)token$", key)
        ]
    for path in deploy.rglob("*.conf"):
        lines = path.read_text(encoding="utf-8").splitlines()
        secrets += [line.partition("=")[2] for line in lines if re.match(" *password", line)]
    assert len(secrets) >= 5
    assert [secret for secret in secrets if "$" not in secret] == []


@pytest.mark.heavy
def test_docker_compose_s_own_reader_takes_the_file(deploy: Path, tmp_path: Path) -> None:
    read = [str(COMPOSE.ready()), "-no-interpolation", "-format", "json"]
    done = subprocess.run([*read, str(deploy / "compose.yaml")], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    broken = (deploy / "compose.yaml").read_text(encoding="utf-8").replace("retries:", "retrys:")
    (tmp_path / "compose.yaml").write_text(broken)
    done = subprocess.run([*read, str(tmp_path / "compose.yaml")], capture_output=True, check=False)
    assert done.returncode != 0
    assert b"healthcheck" in done.stderr


@pytest.mark.heavy
def test_telegraf_takes_its_configuration(deploy: Path, tmp_path: Path) -> None:
    check = [str(Telegraf().program.ready()), "config", "check", "--config"]
    environment = {**os.environ, "INFLUXDB_PASSWORD": "a"}
    path = deploy / "telegraf.conf"
    done = subprocess.run([*check, str(path)], env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    broken = tmp_path / "telegraf.conf"
    broken.write_text(path.read_text(encoding="utf-8").replace("percentiles", "percentils"))
    done = subprocess.run([*check, str(broken)], env=environment, capture_output=True, check=False)
    assert done.returncode != 0
    assert b"percentils" in done.stderr


@pytest.mark.heavy
def test_influxdb_takes_its_configuration(deploy: Path) -> None:
    command = [str(InfluxDB().program.ready()), "config", "-config", str(deploy / "influxdb.conf")]
    merged = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for line in (deploy / "influxdb.conf").read_text(encoding="utf-8").splitlines():
        if "=" in line:
            assert line.strip() in merged
