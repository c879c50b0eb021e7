"""The data dictionary, and the command that shows it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dauexp.commands.stored import show
from dauexp.dictionary import describe
from dauexp.errors import BadInput


def test_a_table_s_columns_have_their_own_or_the_shared_meaning() -> None:
    columns = {each.name: each for each in describe("classification").columns}
    assert columns["relative_error"].meaning.startswith("classified / truly - 1")
    assert columns["day"].unit == "UTC day"
    shared = {each.name: each for each in describe("accuracy").columns}
    assert shared["relative_error"].meaning.startswith("answer / truth - 1")


def test_a_table_that_nobody_knows_is_refused_with_those_there_are() -> None:
    with pytest.raises(BadInput, match=r"'errores'.*accuracy, .*truth"):
        describe("errores")


def test_show_explains_the_columns(capsys: pytest.CaptureFixture[str]) -> None:
    show(Path(), "questions", explain=True, as_json=True)
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["name"] for row in rows] == [c.name for c in describe("accuracy_summary").columns]
    assert all(row["unit"] and row["meaning"] for row in rows)
