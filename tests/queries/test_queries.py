"""Queries on small requests written by hand: a folder QUESTION/CASE is a test.

`requests.csv` has one row a request. `expect.csv` has the answers; what it does not list is 0. Its
first day is the first that has an answer, its last is the last of the period.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from dauexp import questions
from dauexp.options import LEDGER_PART, Contender, Part, Strategy, contenders
from dauexp.questions import Query, catalogue
from dauexp.scenario import load
from dauexp.store import Store
from dauexp.tables import CODED, OBSERVATIONS

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("*/*/requests.csv"))
EXACT = {
    each.strategy(load()).queries: each for each in reversed(contenders()) if each.strategy.exact
}
"""By the folder of their queries: those of B are A's."""
TEXTS = {
    "hashed_fxa_uid": "user",
    "hashed_device_id": "device",
    "platform": "platform",
    "device_family": "device_family",
}


def observations(rows: pd.DataFrame) -> pa.RecordBatch:
    rows = rows.sort_values("time", kind="stable").assign(host="sync-1", user_agent="Firefox")
    columns = {
        "ordinal": pa.array(range(len(rows)), pa.int64()),
        "time": pa.array(pd.to_datetime(rows["time"]), OBSERVATIONS.field("time").type),
    }
    for name in OBSERVATIONS.names[2:]:
        texts = pa.array(rows[TEXTS.get(name, name)].tolist(), pa.string())
        columns[name] = texts.dictionary_encode().cast(CODED)
    return pa.record_batch(columns, schema=OBSERVATIONS)


def stored(strategy: Strategy, rows: pd.DataFrame, folder: Path) -> Store:
    """What a strategy stores of some requests."""
    store = Store(folder)
    messages = strategy.emit(observations(rows))
    _write(store, "collected", strategy.collect([messages]))
    _write(store, "settled", strategy.settle(store))
    return store


def _write(store: Store, name: str, parts: Iterable[Part]) -> None:
    with store.writing(name) as write:
        for part in parts:
            if part.table != LEDGER_PART and part.rows.num_rows:
                write(part.table, part.rows)


def expected(case: Path) -> dict[tuple[date, str], float]:
    table = pd.read_csv(case / "expect.csv", dtype={"segment": str})
    segments = table["segment"] if "segment" in table else ["all"] * len(table)
    days = pd.to_datetime(table["day"]).dt.date
    return dict(zip(zip(days, segments, strict=True), table["value"], strict=True))


def asked(strategy: Strategy, question: str) -> list[Query]:
    return [
        query
        for query in questions.queries(strategy.queries)
        if query.question == question and query.language == "sql"
    ]


@pytest.mark.parametrize("case", CASES, ids=[f"{each.parent.name}/{each.name}" for each in CASES])
@pytest.mark.parametrize("contender", EXACT.values(), ids=[each.label for each in EXACT.values()])
def test_the_answer_is_that_by_hand(contender: Contender, case: Path, tmp_path: Path) -> None:
    strategy = contender.strategy(load("quick"))
    question = catalogue()[case.parent.name]
    by_hand = expected(case)
    first = min(day for day, _ in by_hand)
    last = max(day for day, _ in by_hand)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    start = first - timedelta(days=question.window - 1)
    store = stored(strategy, pd.read_csv(case / "requests.csv"), tmp_path)
    files = asked(strategy, question.id)
    with strategy.database(store) as database:
        for query in files:
            answer = questions.ask(query, database, questions.parameters(start, last, {}))
            rows = {(row["day"], row["segment"]): row["value"] for row in answer.to_pylist()}
            assert {day for day, _ in rows} == set(days), query.path
            assert {key: value for key, value in rows.items() if value} == {
                key: value for key, value in by_hand.items() if value
            }, query.path
    assert files or contender.option.id == "statsd", "A can be asked everything"


def test_every_question_has_a_case() -> None:
    assert {case.parent.name for case in CASES} == set(catalogue())
