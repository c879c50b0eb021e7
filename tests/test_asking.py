"""Which questions a run asks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dauexp.asking import answers
from dauexp.database import SqlDatabase
from dauexp.options import contenders
from dauexp.questions import catalogue
from dauexp.results import result
from dauexp.run import run
from dauexp.scenario import load
from dauexp.traffic.truth import Calibration

DAYS = 8


def test_what_no_day_of_a_run_can_answer_is_not_asked_and_nothing_is_lost_by_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    ask = SqlDatabase.ask

    def heard(
        self: SqlDatabase, query: str, language: str, parameters: Mapping[str, object]
    ) -> pa.Table:
        told.append(query)
        return ask(self, query, language, parameters)

    monkeypatch.setattr(SqlDatabase, "ask", heard)
    size = ["traffic.users=20", f"traffic.days={DAYS}", "experiments.run=[]"]
    of = load("quick", [*size, "strategies=['glean', 'statsd:tag']"])
    folder = run(of, tmp_path, processes=1)
    asked = len(told)
    for contender in contenders(of.strategies):
        earlier = Calibration.from_table(result(folder, "calibration"))
        every = answers(of, folder, earlier, contender, tuple(catalogue()))
        mine = pc.equal(result(folder, "answers")["option"], contender.option.id)
        assert result(folder, "answers").filter(mine).equals(every)
    windows = {question: catalogue()[question].window for question in every["question"].to_pylist()}
    assert max(windows.values()) == DAYS
    assert 0 < asked < len(told) - asked
