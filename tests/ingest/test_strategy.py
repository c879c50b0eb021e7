"""A strategy whose lines are ingested: its accounts balance, and its errors can be counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from dauexp import ledger
from dauexp.options import LEDGER_PART
from dauexp.options.custom import CustomEvents
from dauexp.scenario import load
from dauexp.store import Store, write_table
from dauexp.tables import CODED, OBSERVATIONS

MIDNIGHT = datetime(2026, 1, 5, tzinfo=UTC)


class Careless(CustomEvents):
    """Garbles some lines: cut off, no schema, not valid."""

    def wire(self, observations: pa.RecordBatch) -> pa.Array:
        lines = super().wire(observations).to_pylist()
        for n in range(0, len(lines), 5):
            lines[n] = lines[n][:50]
        for n in range(1, len(lines), 7):
            lines[n] = lines[n].replace(b'"events"', b'"event"', 1)
        for n in range(3, len(lines), 11):
            lines[n] = lines[n].replace(b"ping_info", b"pinginfo")
        return pa.array(lines, pa.binary())


def _observations(rows: int) -> pa.RecordBatch:
    def coded(prefix: str, distinct: int) -> pa.Array:
        return pa.array([f"{prefix}{n % distinct}" for n in range(rows)]).cast(CODED)

    return pa.record_batch(
        [
            pa.array(range(rows), pa.int64()),
            pa.array(
                [MIDNIGHT + timedelta(minutes=3 * n) for n in range(rows)],
                OBSERVATIONS.field("time").type,
            ),
            coded("host-", 3),
            coded("agent ", 2),
            coded("user", 50),
            coded("device", 60),
            coded("platform", 2),
            coded("family", 2),
        ],
        OBSERVATIONS,
    )


@pytest.mark.parametrize("strategy", [CustomEvents, Careless])
def test_the_ledger_balances_and_errors_are_counted_by_reason(
    strategy: type[CustomEvents], tmp_path: Path
) -> None:
    careful = strategy(load("quick"))
    store = Store(tmp_path)
    messages = careful.emit(_observations(1500))
    twice = pa.concat_batches([messages, messages.slice(100, 300)])
    accounts = [ledger.tally("delivered", twice)]
    for part in careful.collect([twice.slice(0, 900), twice.slice(900)]):
        if part.table == LEDGER_PART:
            accounts.append(part.rows)
        elif part.rows.num_rows:
            number = len(list(store.table(part.table).glob("*")))
            write_table(store.table(part.table) / f"{number}.parquet", part.rows)
    accounts += [part.rows for part in careful.settle(store) if part.table == LEDGER_PART]

    account = ledger.entries("custom", "events", accounts)
    assert ledger.violations(account, {("custom", "events"): careful.laws}) == []
    counted: dict[str, int] = {}
    for row in account.to_pylist():
        name = row["reason"] or row["account"]
        counted[name] = counted.get(name, 0) + row["count"]
    assert counted["delivered"] == 1800
    assert counted["deduplicated"] > 0
    with careful.database(store) as database:
        if strategy is CustomEvents:
            assert set(counted) == {"delivered", "live", "stable", "deduplicated"}
            return
        stages = database.ask(
            "SELECT stage, COUNT(*) AS n FROM syncstorage_errors.events GROUP BY stage", "sql", {}
        )
        found = {row["stage"]: row["n"] for row in stages.to_pylist()}
    assert set(found) == {"ParseLogEntry", "SchemaNotFound", "Validate"}
    assert found == {stage: counted[stage] for stage in found}


def test_a_strategy_that_loses_a_line_is_found_out() -> None:
    strategy = CustomEvents(load("quick"))
    messages = strategy.emit(_observations(10))
    accounts = [ledger.tally("delivered", messages)]
    accounts += [
        part.rows for part in strategy.collect([messages.slice(1)]) if part.table == LEDGER_PART
    ]
    account = ledger.entries("custom", "events", accounts)
    law = strategy.laws[0]
    assert ledger.violations(account, {("custom", "events"): [law]})
