"""Option B's logger in Rust: the same documents, rows and answers as by the one in Python."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from dauexp.options.custom import CustomEvents
from dauexp.scenario import Scenario, load
from tests.options.in_rust import ODD, assert_same_answers, observations

pytestmark = pytest.mark.heavy

OF_THE_MOMENT = ("Timestamp", "document_id", "start_time", "end_time")


@pytest.fixture
def both() -> dict[str, CustomEvents]:
    changes = ("glean.application_id=shop", "glean.app_channel=a b", "seed=2")
    return {
        emitter: CustomEvents(load("quick", [*changes, f"glean.emitter={emitter}"]))
        for emitter in ("python", "rust")
    }


def documents(lines: list[bytes]) -> list[str]:
    """The documents in order of their fields, without what is of the moment."""

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return {name: "" if name in OF_THE_MOMENT else value for name, value in pairs}

    found = []
    for line in lines:
        document = json.loads(line, object_pairs_hook=members)
        payload = json.loads(document["Fields"]["payload"], object_pairs_hook=members)
        found.append(json.dumps([document | {"Fields": ""}, document["Fields"] | {"payload": ""}]))
        found.append(json.dumps(payload))
    return found


def test_documents_are_those_of_python(both: dict[str, CustomEvents]) -> None:
    batch = observations(500)
    by = {name: documents(each.emit(batch)["wire"].to_pylist()) for name, each in both.items()}
    assert len(by["python"]) == 1000
    assert by["rust"] == by["python"]


def test_odd_values_come_through_alike(both: dict[str, CustomEvents]) -> None:
    by = {name: documents(each.log([ODD, ODD])) for name, each in both.items()}
    assert by["rust"] == by["python"]
    assert [each.log([]) for each in both.values()] == [[], []]


def test_moments_have_the_form_of_python(both: dict[str, CustomEvents]) -> None:
    for each in both.values():
        (line,) = each.log([ODD])
        document = json.loads(line)
        ping = json.loads(document["Fields"]["payload"])["ping_info"]
        assert ping["start_time"] == ping["end_time"] == document["Timestamp"]
        assert len(document["Timestamp"]) == len("2026-01-05T00:00:00.000000+00:00")
        assert document["Timestamp"].endswith("+00:00")
        assert len(document["Fields"]["document_id"]) == 36


def test_every_line_fits_the_fast_way_and_has_an_id_of_its_own(
    both: dict[str, CustomEvents],
) -> None:
    strategy = both["rust"]
    messages = strategy.emit(observations(1000))
    assert len(strategy.decoder.reader.read(messages).places) == 1000
    assert len(strategy.decoder.decode(messages).live["document_id"].unique()) == 1000


def test_its_program_is_accounted_for(both: dict[str, CustomEvents]) -> None:
    assert both["python"].processes == ()
    (process,) = both["rust"].processes
    os.kill(process, 0)
    assert CustomEvents(both["rust"].scenario).processes == (process,), "one from unit to unit"


def test_a_run_with_either_gives_the_same_answers(small: Scenario, tmp_path: Path) -> None:
    assert_same_answers(small, "custom", tmp_path)
