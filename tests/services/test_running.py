from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from dauexp.errors import BadInput
from dauexp.services import Address, StatsdAddress, services
from dauexp.services.processes import Process, start
from dauexp.services.running import launch
from tests.services.conftest import Listener


def test_services_run_in_the_context_and_leave_nothing(
    listener: type[Listener], tmp_path: Path
) -> None:
    with services(["listener"], tmp_path / "there") as addresses:
        address = addresses["listener"]
        assert isinstance(address, StatsdAddress)
        assert address.answers()
        assert (tmp_path / "there" / "listener" / "log").is_file()
    assert not address.answers()
    assert not (tmp_path / "there" / "listener").exists()


def test_an_error_in_the_context_ends_them_too(listener: type[Listener]) -> None:
    def fails() -> None:
        with services(["listener"]) as addresses:
            seen.update(addresses)
            raise ZeroDivisionError

    seen: dict[str, Address] = {}
    with pytest.raises(ZeroDivisionError):
        fails()
    assert not seen["listener"].answers()


def test_one_that_the_environment_names_is_used(listener: type[Listener]) -> None:
    named = {"DAUEXP_LISTENER": "127.0.0.1:9"}
    with services(["listener"], environment=named) as addresses:
        assert addresses == {"listener": StatsdAddress("127.0.0.1", 9)}
    with services([listener()], environment=named) as addresses:
        assert addresses["listener"] != StatsdAddress("127.0.0.1", 9)


def test_one_that_ends_at_once_says_what_it_printed(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"listener ended while it started: it cannot"):
        launch(Listener('print("it cannot")'), tmp_path / "listener", {})
    assert not (tmp_path / "listener").exists()


def test_one_that_never_answers_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Listener, "patience_seconds", 0.2)
    monkeypatch.setattr("dauexp.services.running._TRIES", 1)
    before = set(psutil.Process().children())
    with pytest.raises(BadInput, match="does not answer after 0 s"):
        launch(Listener("import time; time.sleep(60)"), tmp_path / "listener", {})
    assert set(psutil.Process().children()) == before


def test_a_port_that_was_taken_meanwhile_is_another_the_next_time(tmp_path: Path) -> None:
    marker = tmp_path / "tried"
    script = f"""
import pathlib
marker = pathlib.Path({str(marker)!r})
if not marker.exists():
    marker.touch()
    raise SystemExit("address in use")
{Listener().script}
"""
    started = launch(Listener(script), tmp_path / "listener", {})
    assert started.healthy
    started.end()


def test_what_is_no_service_is_told() -> None:
    with pytest.raises(BadInput, match="'grafana' is no service: give one of influxdb, "):
        services(["grafana"]).__enter__()


def test_a_process_of_another_time_is_not_ours() -> None:
    mine = psutil.Process()
    assert Process(mine.pid, mine.create_time()).living() == mine
    assert Process(mine.pid, mine.create_time() - 60).living() is None
    Process(mine.pid, mine.create_time() - 60).end()


def test_one_that_will_not_end_is_made_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dauexp.services.processes._SECONDS_TO_END", 0.3)
    stubborn = "trap '' TERM; echo ready; while :; do sleep 1; done"
    process = start(["/bin/sh", "-c", stubborn], tmp_path / "log")
    while not (tmp_path / "log").read_text():
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGTERM)
    assert process.living() is not None
    process.end()
    assert process.living() is None
