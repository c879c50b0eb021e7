from __future__ import annotations

import json

import pytest

from dauexp.commands import servers
from dauexp.errors import DauexpError
from tests.services.conftest import Listener


def test_up_status_doctor_down_print_what_there_is(
    listener: type[Listener], capsys: pytest.CaptureFixture[str]
) -> None:
    servers.status(everything=True, as_json=True)
    assert json.loads(capsys.readouterr().out)["state"] == "ready"
    servers.up(["listener"], as_json=True)
    address = json.loads(capsys.readouterr().out)["address"]
    servers.status(everything=False, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["service"], told["state"], told["address"]) == ("listener", "running", address)
    servers.down([])
    assert capsys.readouterr().out == "ended: listener\n"
    servers.status(everything=False, as_json=True)
    assert capsys.readouterr().out == ""
    servers.down([])
    assert capsys.readouterr().out == "nothing ran\n"


def test_one_that_should_answer_and_does_not_is_an_error(
    listener: type[Listener],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DAUEXP_LISTENER", "127.0.0.1:9")
    with pytest.raises(DauexpError, match="not well: listener; the table says what to do") as told:
        servers.status(everything=False, as_json=False)
    assert told.value.exit_code == 1
    assert "unset" in capsys.readouterr().out
