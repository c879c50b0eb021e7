"""What blocks, batches, faults and damage make of what a strategy stores, and of its ledger."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from dauexp import ledger
from dauexp.options import Strategy
from dauexp.options.statsd import OPTION, settlement
from dauexp.options.statsd.counter import Counter
from dauexp.options.statsd.field import Field
from dauexp.options.statsd.sets import DailySet, Sampled, SetPerFlush
from dauexp.options.statsd.sketch import Sketch
from dauexp.options.statsd.strategies import InfluxStrategy
from dauexp.tables import MESSAGES
from dauexp.traffic.truth import Calibration
from dauexp.traffic.useragent import PLATFORMS

EVERY_REQUEST = ["statsd.sample_rate=1"]
ALL = pytest.mark.parametrize("kind", OPTION.strategies, ids=lambda kind: kind.name)


@ALL
@pytest.mark.parametrize("chunk", [50, settlement.CHUNK_ROWS])
def test_blocks_and_batches_make_no_difference(
    kind: type[InfluxStrategy], chunk: int, requests: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = requests(2, within=3_600_000)
    changes = ["influxdb.precision=s", "statsd.flush_seconds=60", "statsd.sketch_seconds=60"]
    name = kind.measurement_name
    whole = run(kind, rows, changes).points(name)
    monkeypatch.setattr(settlement, "CHUNK_ROWS", chunk)
    outcome = run(kind, rows, changes, blocks=3, batch_rows=17)
    parts = outcome.points(name)
    if kind.shelved_by and chunk == 50:  # in order on each shelf alone
        order = ("time", *outcome.strategy.schema.tags)
        parts = parts.sort_by([(column, "ascending") for column in order])
    assert whole.num_rows > 40
    assert parts.equals(whole)


@ALL
def test_the_ledger_balances_and_a_missing_message_breaks_it(
    kind: type[Strategy], rows: pd.DataFrame, run: Any
) -> None:
    outcome = run(kind, rows, ["influxdb.precision=s"], blocks=2)
    assert outcome.violations() == []
    assert outcome.count("delivered") == len(rows) or kind is Sampled
    for law in kind.laws:
        for account in (*law.left, *law.right):
            entries = outcome.entries.to_pylist()
            hit = next((row for row in entries if row["account"] == account), None)
            if hit is None:
                continue
            lacking = [
                row if row is not hit else {**row, "count": row["count"] - 1} for row in entries
            ]
            entries_lacking = pa.Table.from_pylist(lacking, schema=outcome.entries.schema)
            assert violated(kind, entries_lacking), f"{law}: one {account} less is not noticed"


def violated(kind: type[Strategy], entries: pa.Table) -> bool:
    return bool(ledger.violations(entries, {("statsd", kind.name): kind.laws}))


@ALL
def test_malformed_messages_are_counted_by_host_and_day(
    kind: type[Strategy], rows: pd.DataFrame, run: Any
) -> None:
    def damage(messages: pa.RecordBatch) -> pa.RecordBatch:
        damaged = [
            wire[:20] if ordinal % 5 == 0 else wire
            for ordinal, wire in zip(
                messages["ordinal"].to_pylist(), messages["wire"].to_pylist(), strict=True
            )
        ]
        return messages.set_column(3, MESSAGES.field("wire"), pa.array(damaged, pa.binary()))

    outcome = run(kind, rows, EVERY_REQUEST, carry=damage)
    assert outcome.violations() == []
    assert outcome.count("malformed") == len(rows) // 5
    ordered = rows.sort_values(["day", "time"]).reset_index(drop=True)
    bad = ordered[np.arange(len(ordered)) % 5 == 0]
    found = {
        (row["host"], row["day"]): row["count"]
        for row in outcome.entries.to_pylist()
        if row["account"] == "malformed"
    }
    expected = bad.groupby(["host", bad["time"].dt.date]).size()
    assert found == expected.to_dict()


@ALL
def test_nothing_but_damage_leaves_empty_answers(
    kind: type[Strategy], rows: pd.DataFrame, run: Any
) -> None:
    def ruin(messages: pa.RecordBatch) -> pa.RecordBatch:
        ruined = pa.array([b"\xff"] * len(messages), pa.binary())
        return messages.set_column(3, MESSAGES.field("wire"), ruined)

    per_user = {(days, name): 1.0 for days in (1, 7, 28) for name in ("all", *PLATFORMS)}
    outcome = run(kind, rows, carry=ruin)
    assert outcome.violations() == []
    assert outcome.answer("dau", Calibration(per_user))["value"].tolist() == [0] * 9


def twice(messages: pa.RecordBatch) -> pa.RecordBatch:
    return messages.take(pa.array(np.repeat(np.arange(len(messages)), 2)))


def test_duplicates_count_twice_in_a_counter_once_in_a_set_and_overwrite_a_field(
    rows: pd.DataFrame, run: Any
) -> None:
    per_user = {(days, name): 1.0 for days in (1, 7, 28) for name in ("all", *PLATFORMS)}
    counter = run(Counter, rows, carry=twice)
    assert counter.answer("dau", Calibration(per_user))["value"].tolist() == [600.0] * 9
    sets = [run(SetPerFlush, rows, carry=carry) for carry in (twice, lambda messages: messages)]
    assert sets[0].points("users").equals(sets[1].points("users"))
    field = run(Field, rows, carry=twice)
    assert field.count("stored") == field.count("overwritten") == len(rows)
    assert not any(outcome.violations() for outcome in (counter, *sets, field))


def test_a_late_packet_of_another_day_joins_the_set_it_comes_to(kit: Any, run: Any) -> None:
    """The same user's packets of two days, in one flush: one member."""
    late, then = kit.midnight(1) - timedelta(seconds=5), kit.midnight(1) + timedelta(seconds=5)
    rows = pd.DataFrame(
        {
            "day": [0, 1],
            "time": [late, then],
            "host": "h",
            "user": "1",
            "platform": "fenix",
            "device_family": "mobile",
        }
    )

    def delay(messages: pa.RecordBatch) -> pa.RecordBatch:
        arrival = pa.array([then] * len(messages), MESSAGES.field("arrival").type)
        return messages.set_column(1, MESSAGES.field("arrival"), arrival)

    outcome = run(SetPerFlush, rows, carry=delay)
    assert outcome.points("users")["value"].to_pylist() == [1]
    assert outcome.answer("dau")["value"].tolist() == [0, 1]


def test_a_restarted_server_forgets(rows: pd.DataFrame, kit: Any, run: Any) -> None:
    """What it had since the last flush, at noon, and what came while it was down."""
    noon = kit.midnight(1) + timedelta(hours=12)
    changes = [
        f"faults.statsd_restart.at={(noon + timedelta(minutes=10)).isoformat()}",
        "faults.statsd_restart.down_seconds=3000",
        'faults.statsd_restart.hosts=["host-1"]',
        "statsd.flush_seconds=1800",
    ]
    outcome = run(SetPerFlush, rows, changes)
    gone = (
        (rows["host"] == "host-1")
        & (rows["time"] >= noon)
        & (rows["time"] < noon + timedelta(hours=1))
    )
    assert outcome.count("forgotten") == gone.sum() > 0
    sizes = kit.set_sizes(rows[~gone], 1800, ["day"])
    assert outcome.answer("dau")["value"].tolist() == kit.daily(sizes, 9)
    assert outcome.violations() == []


def test_a_restart_loses_the_day_of_a_daily_set(rows: pd.DataFrame, kit: Any, run: Any) -> None:
    """All that came on that day before the server was up again."""
    up = kit.midnight(4) + timedelta(hours=18)
    changes = [
        f"faults.statsd_restart.at={(up - timedelta(seconds=60)).isoformat()}",
        "faults.statsd_restart.down_seconds=60",
    ]
    outcome = run(DailySet, rows, changes)
    gone = (rows["day"] == 4) & (rows["time"] < up)
    assert outcome.count("forgotten") == gone.sum() > 100
    sizes = rows[~gone].groupby(["day", "host"])["user"].nunique().groupby("day").sum()
    assert outcome.answer("dau")["value"].tolist() == kit.daily(sizes, 9)
    assert outcome.violations() == []


def test_no_id_of_a_user_is_left_by_counter_set_or_sketch(rows: pd.DataFrame, run: Any) -> None:
    for kind in (Counter, SetPerFlush, DailySet, Sampled, Sketch):
        outcome = run(kind, rows)
        left = b"".join(path.read_bytes() for path in outcome.store.folder.rglob("*.parquet"))
        tables = [outcome.points(name).to_pylist() for name in ("flushed", kind.measurement_name)]
        text = str(tables).encode() + left
        assert not any(user.encode() in text for user in rows["user"].unique())
