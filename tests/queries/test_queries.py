"""Queries on small requests written by hand: a folder QUESTION/CASE is a test.

`requests.csv` has one row a request. `expect.csv` has the answers; what it does not list is 0. Its
first day is the first that has an answer, its last is the last of the period. Where there is an
`opted_out.csv`, its devices are deleted before: `expect.csv` then holds where a device can be
deleted, `expect_user.csv` where only all that a user sent can.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from uuid import uuid4

import pandas as pd
import pyarrow as pa
import pytest

from dauexp import questions
from dauexp.experiments.deletion.erasure import REFUSED, NotDeletable, Request, erase, ways
from dauexp.options import LEDGER_PART, Contender, Part, Strategy, contenders
from dauexp.questions import Query, catalogue
from dauexp.scenario import load
from dauexp.store import Store, read_table
from dauexp.tables import CODED, OBSERVATIONS

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("*/*/requests.csv"))
OPTED_OUT = "opted_out.csv"
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


def stored(strategy: Strategy, messages: Iterable[pa.RecordBatch], folder: Path) -> Store:
    """What a strategy stores of some messages."""
    store = Store(folder)
    _write(store, "collected", strategy.collect(messages))
    _write(store, "settled", strategy.settle(store))
    return store


def emitted(strategy: Strategy, case: Path) -> pa.RecordBatch:
    """What a strategy emits of the requests of a case."""
    return strategy.emit(observations(pd.read_csv(case / "requests.csv")))


def _write(store: Store, name: str, parts: Iterable[Part]) -> None:
    with store.writing(name) as write:
        for part in parts:
            if part.table != LEDGER_PART and part.rows.num_rows:
                write(part.table, part.rows)


def expected(file: Path) -> dict[tuple[date, str], float]:
    table = pd.read_csv(file, dtype={"segment": str})
    segments = table["segment"] if "segment" in table else ["all"] * len(table)
    days = pd.to_datetime(table["day"]).dt.date
    return dict(zip(zip(days, segments, strict=True), table["value"], strict=True))


def asked(strategy: Strategy, question: str) -> list[Query]:
    return [
        query
        for query in questions.queries(strategy.queries)
        if query.question == question and query.language == "sql"
    ]


def assert_by_hand(strategy: Strategy, store: Store, case: Path, file: str = "expect.csv") -> None:
    """Each query of the question of a case answers what a file of it says."""
    question = catalogue()[case.parent.name]
    by_hand = expected(case / file)
    first = min(day for day, _ in by_hand)
    last = max(day for day, _ in by_hand)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    start = first - timedelta(days=question.window - 1)
    with strategy.database(store) as database:
        for query in asked(strategy, question.id):
            answer = questions.ask(query, database, questions.parameters(start, last, {}))
            rows = {(row["day"], row["segment"]): row["value"] for row in answer.to_pylist()}
            assert {day for day, _ in rows} == set(days), query.path
            assert {key: value for key, value in rows.items() if value} == {
                key: value for key, value in by_hand.items() if value
            }, query.path


def parametrized(cases: Sequence[Path]) -> pytest.MarkDecorator:
    ids = [f"{each.parent.name}/{each.name}" for each in cases]
    return pytest.mark.parametrize("case", cases, ids=ids)


every_case = parametrized([case for case in CASES if not (case / OPTED_OUT).exists()])
opted_out = parametrized([case for case in CASES if (case / OPTED_OUT).exists()])


@every_case
@pytest.mark.parametrize("contender", EXACT.values(), ids=[each.label for each in EXACT.values()])
def test_the_answer_is_that_by_hand(contender: Contender, case: Path, tmp_path: Path) -> None:
    strategy = contender.strategy(load("quick"))
    assert_by_hand(strategy, stored(strategy, [emitted(strategy, case)], tmp_path), case)
    assert asked(strategy, case.parent.name) or contender.option.id == "statsd"


def forgotten(case: Path) -> Request:
    """The devices of a case that opted out, and the users whose they are."""
    rows = pd.read_csv(case / "requests.csv")
    devices = frozenset(pd.read_csv(case / OPTED_OUT)["device"])
    owners = rows[rows["device"].isin(devices)]["user"]
    assert set(rows["device"]) > devices
    return Request(devices, frozenset(owners))


@opted_out
@pytest.mark.parametrize("contender", EXACT.values(), ids=[each.label for each in EXACT.values()])
def test_who_opted_out_is_in_no_answer(contender: Contender, case: Path, tmp_path: Path) -> None:
    """By every way of deleting that the engine does not refuse; by one at least."""
    strategy = contender.strategy(load("quick"))
    messages, request, done = emitted(strategy, case), forgotten(case), 0
    for way in ways(strategy, stored(strategy, [messages], tmp_path / "all"), request):
        store = stored(strategy, [messages], tmp_path / way.name)
        try:
            erase(strategy, store, way, request)
        except NotDeletable as refused:
            assert (way.name, str(refused)) == ("by field", REFUSED)  # noqa: PT017 - which way
            continue
        done += 1
        file = "expect.csv" if way.named == "device" else "expect_user.csv"
        assert_by_hand(strategy, store, case, file)
    assert done == 1


@every_case
def test_a_document_without_a_user_counts_for_nobody(case: Path, tmp_path: Path) -> None:
    """Ingestion accepts it: no metric is required. It has a device, a platform and a day."""
    (glean,) = contenders(["glean"])
    strategy = glean.strategy(load("quick"))
    messages = emitted(strategy, case)
    lines = pa.array([without_user(line) for line in messages["wire"].to_pylist()], pa.binary())
    nobody = messages.set_column(messages.schema.get_field_index("wire"), "wire", lines)
    store = stored(strategy, [messages, nobody.cast(messages.schema)], tmp_path)
    assert read_table(store.table("stable")).num_rows == 2 * messages.num_rows
    assert_by_hand(strategy, store, case)


def without_user(line: bytes) -> bytes:
    """A line of the logger as another document, which has no user."""
    entry = json.loads(line)
    payload = json.loads(entry["Fields"]["payload"])
    del payload["metrics"]["string"]["syncstorage.hashed_fxa_uid"]
    entry["Fields"] |= {"payload": json.dumps(payload), "document_id": str(uuid4())}
    return json.dumps(entry).encode()


def test_every_question_has_a_case_and_one_of_who_opted_out() -> None:
    by_hand = {case.parent.name for case in CASES if not (case / OPTED_OUT).exists()}
    assert by_hand == set(catalogue())
    assert {case.parent.name for case in CASES if (case / OPTED_OUT).exists()} == set(catalogue())
