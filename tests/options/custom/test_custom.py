"""Option B: its documents are option A's, but for what differs by design."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dauexp.ingest.strategy import Logged
from dauexp.options import custom, glean
from dauexp.options.custom.logger import SyncEventsLogger
from dauexp.scenario import load
from dauexp.tables import MESSAGES

BY_DESIGN = {
    ("Timestamp",): "the wall clock",
    ("Logger",): "the name of what logs",
    ("Fields", "document_id"): "a random UUID",
    ("payload", "ping_info", "start_time"): "the wall clock",
    ("payload", "ping_info", "end_time"): "the wall clock",
    ("payload", "client_info", "telemetry_sdk_build"): "the code that made the ping",
}

REQUESTS = [
    Logged("Mozilla/5.0 (X11; Linux) Firefox/145.0", "a" * 32, "b" * 32, "fenix", "mobile"),
    Logged("", "", "", "", ""),
    Logged('odd "\\\n\u0000é\U0001f600', "c" * 32, "none", "other", "other"),
]


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def _documents(strategy: glean.GleanEvents | custom.CustomEvents) -> list[dict[str, Any]]:
    found = []
    for line in strategy.log(REQUESTS):
        document = json.loads(line)
        document["payload"] = json.loads(document["Fields"].pop("payload"))
        found.append(document)
    return found


def _differences(one: Any, other: Any, path: tuple[Any, ...] = ()) -> set[tuple[Any, ...]]:
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return {each for key in one for each in _differences(one[key], other[key], (*path, key))}
    return set() if one == other else {path}


def test_documents_equal_option_as_but_for_what_differs_by_design() -> None:
    scenario = load("quick")
    hers, his = _documents(glean.GleanEvents(scenario)), _documents(custom.CustomEvents(scenario))
    assert len(hers) == len(his) == len(REQUESTS)
    for one, other in zip(hers, his, strict=True):
        assert _differences(one, other) == BY_DESIGN.keys()


def test_its_lines_are_accepted_and_go_the_fast_way() -> None:
    strategy = custom.CustomEvents(load("quick"))
    lines = strategy.log(REQUESTS)
    decoder = strategy.decoder
    messages = pa.record_batch(
        [
            pa.array(range(len(lines)), pa.int64()),
            pa.array([0] * len(lines), MESSAGES.field("arrival").type),
            pa.array(["h"] * len(lines)).dictionary_encode(),
            pa.array(lines, pa.binary()),
        ],
        MESSAGES,
    )
    assert len(decoder.reader.read(messages).places) == len(lines)
    assert decoder.decode(messages).live.num_rows == len(lines)


def test_document_ids_are_never_used_again() -> None:
    logger = SyncEventsLogger("a", "1", "release")
    ids = {
        json.loads(logger.get_collections(**REQUESTS[0]._asdict()))["Fields"]["document_id"]
        for _ in range(1000)
    }
    assert len(ids) == 1000


def test_it_is_queried_with_option_as_files() -> None:
    scenario = load("quick")
    assert custom.CustomEvents(scenario).queries == glean.GleanEvents(scenario).queries
    assert custom.OPTION.letter == "B"
    assert glean.OPTION.letter == "A"
