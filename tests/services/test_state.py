from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from dauexp.errors import BadInput
from dauexp.services import StatsdAddress, state
from dauexp.services.doctor import doctor, status
from dauexp.services.programs import GoProgram, NodeProgram
from tests.services.conftest import Listener


def test_up_stays_and_down_leaves_nothing(listener: type[Listener], cache: Path) -> None:
    assert [each.state for each in doctor()] == ["ready"]
    assert status() == []
    addresses = state.up()
    assert addresses["listener"].answers()
    assert [each.state for each in status()] == ["running"]
    assert state.up(["listener"]) == addresses
    assert state.down() == ["listener"]
    assert not addresses["listener"].answers()
    assert not (cache / "services" / "running").exists()
    assert state.down() == []


def test_what_is_written_down_is_checked_against_what_runs(
    listener: type[Listener], cache: Path
) -> None:
    before = state.up()["listener"]
    file = cache / "services" / "running" / "state.json"
    pid = json.loads(file.read_text())["listener"]["process"]["pid"]
    os.kill(pid, signal.SIGKILL)
    while before.answers():
        time.sleep(0.01)
    (found,) = status()
    assert found.state == "stopped"
    assert "log" in found.advice
    after = state.up()["listener"]
    assert after.answers()
    assert [each.state for each in status()] == ["running"]


def test_a_file_that_cannot_be_read_is_told(listener: type[Listener], cache: Path) -> None:
    folder = cache / "services" / "running"
    folder.mkdir(parents=True)
    (folder / "state.json").write_text("{")
    with pytest.raises(BadInput, match=r"state.json: what runs cannot be read"):
        status()
    (folder / "state.json").unlink()


def test_the_environment_goes_before_what_was_started(listener: type[Listener]) -> None:
    named = {"DAUEXP_LISTENER": "127.0.0.1:9"}
    assert state.up([], named) == {"listener": StatsdAddress("127.0.0.1", 9)}
    assert state.written_down() == {}
    (found,) = status(named)
    assert (found.state, found.unwell) == ("unreachable", True)
    (found,) = status({"DAUEXP_LISTENER": "nowhere"})
    assert (found.state, found.unwell) == ("misnamed", True)


def test_the_doctor_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    findings = {each.service: each for each in doctor({})}
    assert {each.state for each in findings.values()} == {"missing"}
    assert findings["influxdb"].advice.startswith("install go (Go 1")
    assert "npm" in findings["statsd"].advice
    assert "DAUEXP_INFLUXDB2_URL" in findings["influxdb2"].advice


def fake(folder: Path, name: str, script: str) -> None:
    """A command of this name that does what the script says."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


GO = GoProgram("thing", "1.2.3", "example.test/thing", "main.version", "a,b")


def test_a_program_is_built_once(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin:/usr/bin")
    fake(tmp_path / "bin", "go", 'echo "$@" > "$GOBIN/thing"')
    assert GO.found() is None
    built = GO.ready()
    assert built == cache / "services" / "thing-1.2.3" / "thing"
    assert built.read_text().split()[-1] == "example.test/thing@v1.2.3"
    assert "main.version=1.2.3" in built.read_text()
    fake(tmp_path / "bin", "go", "exit 1")
    assert GO.ready() == built


def test_one_of_its_version_on_the_path_serves_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin")
    fake(tmp_path / "bin", "thing", "echo thing v1.2.4")
    assert GO.found() is None
    fake(tmp_path / "bin", "thing", "echo thing v1.2.3")
    assert GO.ready() == tmp_path / "bin" / "thing"


def test_a_builder_that_fails_is_told_in_its_words(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin")
    fake(tmp_path / "bin", "npm", "echo no such package >&2; exit 1")
    fake(tmp_path / "bin", "node", "")
    with pytest.raises(BadInput, match=r"thing 1 cannot be built: no such package"):
        NodeProgram("thing", "1", "x.js", "Node").ready()
    assert not (cache / "services" / "thing-1").exists()


def test_a_missing_builder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BadInput, match=r"thing 1.2.3 is not there, and to build it needs go \(Go"):
        GO.ready()
