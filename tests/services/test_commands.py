from __future__ import annotations

import json

import pytest

from dauexp import commands
from dauexp.errors import DauexpError
from tests.services.conftest import Listener


def test_up_status_doctor_down_print_what_there_is(
    listener: type[Listener], capsys: pytest.CaptureFixture[str]
) -> None:
    commands.services_status(everything=True, as_json=True)
    assert json.loads(capsys.readouterr().out)["state"] == "ready"
    commands.services_up(["listener"], as_json=True)
    address = json.loads(capsys.readouterr().out)["address"]
    commands.services_status(everything=False, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["service"], told["state"], told["address"]) == ("listener", "running", address)
    commands.services_down([])
    assert capsys.readouterr().out == "ended: listener\n"
    commands.services_status(everything=False, as_json=True)
    assert capsys.readouterr().out == ""
    commands.services_down([])
    assert capsys.readouterr().out == "nothing ran\n"


def test_one_that_should_answer_and_does_not_is_an_error(
    listener: type[Listener],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DAUEXP_LISTENER", "127.0.0.1:9")
    with pytest.raises(DauexpError, match="not well: listener; the table says what to do") as told:
        commands.services_status(everything=False, as_json=False)
    assert told.value.exit_code == 1
    assert "unset" in capsys.readouterr().out
