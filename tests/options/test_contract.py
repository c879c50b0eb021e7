"""One suite for all options and strategies, whatever they are: what the contract promises."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from dauexp import ledger
from dauexp.database import to_duckdb
from dauexp.measures.accuracy import beside_the_truth
from dauexp.options import Contender, contenders, laws_of
from dauexp.questions import Query, catalogue, queries
from dauexp.results import finished, result
from dauexp.run import check
from dauexp.scenario import Scenario, load
from dauexp.tables import LEDGER, MESSAGES
from dauexp.traffic.source import Simulated

EVERY = contenders()
BY_LABEL = pytest.mark.parametrize("contender", EVERY, ids=[each.label for each in EVERY])


def every_query() -> list[tuple[Contender, Query]]:
    return [
        (contender, query)
        for contender in EVERY
        for query in queries(contender.strategy(load()).queries)
    ]


@BY_LABEL
def test_one_message_a_request_in_the_given_form(contender: Contender, small: Scenario) -> None:
    batch = next(iter(Simulated(small).batches(0, 0))).observations
    messages = contender.strategy(small).emit(batch)
    assert messages.schema.equals(MESSAGES)
    messages.validate(full=True)
    if contender.strategy.generation == ledger.SAMPLING:
        batch = batch.filter(pc.is_in(batch["ordinal"], value_set=messages["ordinal"]))
        assert len(batch)
    assert messages["ordinal"].equals(batch["ordinal"])
    assert messages["arrival"].equals(batch["time"])
    assert messages["host"].cast(pa.string()).equals(batch["host"].cast(pa.string()))
    assert not pc.any(pc.ends_with(messages["wire"], b"\n")).as_py()


@BY_LABEL
def test_every_question_is_answered_or_said_to_be_impossible(
    contender: Contender, small: Scenario, small_run: Path
) -> None:
    strategy = contender.strategy(small)
    files = queries(strategy.queries)
    assert {query.question for query in files} == set(catalogue())
    for query in files:
        if not query.possible:
            assert len(query.text.split()) >= 10, f"{query.path}: say why, in a sentence"
    for question in catalogue():
        languages = {query.language for query in files if query.question == question}
        assert languages == ({""} if "" in languages else set(strategy.languages)), question
    mine = result(small_run, "answers").filter(
        (pc.field("option") == contender.option.id)
        & (pc.field("strategy") == contender.strategy.name)
    )
    asked = {query.question for query in files if query.language == "sql"}
    assert set(mine["question"].to_pylist()) == asked
    assert not beside_the_truth(mine, result(small_run, "truth")).num_rows
    assert pc.any(pc.greater(mine["value"], 0)).as_py()


@BY_LABEL
def test_what_claims_to_be_exact_is_and_what_does_not_errs(
    contender: Contender, small_run: Path
) -> None:
    mine = result(small_run, "accuracy").filter(
        (pc.field("option") == contender.option.id)
        & (pc.field("strategy") == contender.strategy.name)
    )
    right = pc.equal(mine["answer"], mine["truth"]).fill_null(fill_value=False)
    assert pc.all(right).as_py() == contender.strategy.exact


@pytest.mark.parametrize(
    ("contender", "query"),
    [
        pytest.param(contender, query, id=f"{contender.label}/{query.path.name}")
        for contender, query in every_query()
        if query.language == "sql"
    ],
)
def test_sql_is_bigquery_and_names_known_parameters_only(
    contender: Contender, query: Query
) -> None:
    _, names = to_duckdb(query.text)
    assert {"first_day", "last_day"} <= names
    constants = names - {"first_day", "last_day"} - contender.strategy(load()).settings.keys()
    assert all(name.startswith("requests_per_user_") for name in constants)


def test_the_ledger_balances_and_has_every_contender_and_day(
    small: Scenario, small_run: Path
) -> None:
    check(small_run, EVERY)
    entries = result(small_run, "ledger")
    generated = entries.filter(pc.field("account") == "generated")
    for contender in EVERY:
        mine = generated.filter(
            (pc.field("option") == contender.option.id)
            & (pc.field("strategy") == contender.strategy.name)
        )
        assert pc.count_distinct(mine["day"]).as_py() == small.traffic.days


def test_all_saw_the_same_requests(small_run: Path) -> None:
    digests = finished(small_run)["requests_digest"]
    assert set(digests) == {contender.label for contender in EVERY}
    assert len(set(digests.values())) == 1


@BY_LABEL
@pytest.mark.parametrize("account", ["emitted", "delivered"])
def test_a_request_less_on_either_side_unbalances_the_ledger(
    contender: Contender, account: str, small_run: Path
) -> None:
    key = (contender.option.id, contender.strategy.name)
    entries = result(small_run, "ledger").to_pylist()
    row = next(
        row
        for row in entries
        if (row["option"], row["strategy"], row["account"]) == (*key, account)
    )
    row["count"] -= 1
    laws = laws_of([contender])[key]
    broken = ledger.violations(pa.Table.from_pylist(entries, LEDGER), {key: laws})
    assert len(broken) == 2
    assert {violation.day for violation in broken} == {row["day"]}


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
