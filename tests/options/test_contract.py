"""The contract, for all options and strategies that there are; and what a run of all promises."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dauexp.options import Contender, contenders
from dauexp.scenario import Scenario
from dauexp.testing import OptionContract
from dauexp.traffic.source import Simulated


class TestEveryOption(OptionContract):
    """All that are installed, on the run that other tests share."""


def test_the_suite_is_of_every_strategy_and_query() -> None:
    """A suite that finds nothing to test would be green."""
    given: dict[str, list[Any]] = {}

    class Metafunc:
        def __init__(self, *names: str) -> None:
            self.fixturenames = names

        def parametrize(self, names: Any, values: list[Any], *, ids: list[str]) -> None:
            assert len(ids) == len(set(ids)) == len(values)
            given[str(names)] = values

    suite = TestEveryOption()
    suite.pytest_generate_tests(Metafunc("contender"))
    suite.pytest_generate_tests(Metafunc("contender", "query"))
    every, pairs = given.values()
    assert every == contenders()
    assert {contender.label for contender, _ in pairs} == {each.label for each in every}
    assert len(pairs) > 5 * len(every)


@pytest.mark.parametrize("broken", ["line end", "other order", "one less"])
def test_a_broken_promise_is_found(monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    contender: Contender = contenders(["custom"])[0]
    honest = contender.strategy.emit

    def emit(self: Any, observations: pa.RecordBatch) -> pa.RecordBatch:
        messages = honest(self, observations)
        if broken == "one less":
            return messages.slice(1)
        if broken == "other order":
            return messages.take(pa.array(range(len(messages))[::-1]))
        wire = pa.array([line + b"\n" for line in messages["wire"].to_pylist()], pa.binary())
        return messages.set_column(3, messages.schema.field("wire"), wire)

    suite = TestEveryOption()
    suite.test_one_message_a_request_in_the_given_form(contender)
    monkeypatch.setattr(contender.strategy, "emit", emit)
    with pytest.raises(AssertionError):
        suite.test_one_message_a_request_in_the_given_form(contender)


def test_no_raw_id_is_anywhere_in_the_run_folder(small: Scenario, small_run: Path) -> None:
    raw = set()
    simulator = Simulated(small)._simulator
    for block in range(simulator.blocks):
        people = simulator.population(block)
        raw |= {uid.encode() for uid in people.uids.to_pylist() + people.device_ids.to_pylist()}
    files = [path for path in small_run.rglob("*") if path.is_file()]
    assert len(files) > 50
    for path in files:
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content = repr(pq.read_table(path).to_pydict()).encode()
        # Any raw id is 32 hex digits: look up those that occur rather than search for each.
        assert not raw & _hex_words(content), path


def _hex_words(content: bytes) -> set[bytes]:
    return set(re.findall(rb"[0-9a-f]{32}", content))
