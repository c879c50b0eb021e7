from __future__ import annotations

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from dauexp import ledger
from dauexp.ledger import CARRIAGE, GENERATION, Law
from dauexp.tables import CODED, TIME

DAY = date(2026, 1, 5)


def entries(**accounts: int) -> pa.Table:
    return ledger.entries(
        "glean",
        "events",
        [
            ledger.counts(account, [("", "sync-1", DAY, count)])
            for account, count in accounts.items()
        ],
    )


def test_a_balanced_ledger_has_no_violation() -> None:
    good = entries(generated=10, emitted=10, lost=2, duplicated=1, delivered=9)
    assert not ledger.violations(good, {("glean", "events"): (GENERATION, CARRIAGE)})


@pytest.mark.parametrize("account", ["generated", "emitted", "lost", "duplicated", "delivered"])
def test_one_request_unaccounted_for_is_a_violation(account: str) -> None:
    accounts = {"generated": 10, "emitted": 10, "lost": 2, "duplicated": 1, "delivered": 9}
    accounts[account] -= 1
    broken = ledger.violations(entries(**accounts), {("glean", "events"): (GENERATION, CARRIAGE)})
    assert broken
    assert "glean:events on 2026-01-05 at sync-1" in str(broken[0])


def test_a_law_by_day_sums_over_hosts() -> None:
    two_hosts = ledger.entries(
        "a",
        "b",
        [
            ledger.counts("live", [("", "h1", DAY, 3), ("", "h2", DAY, 4)]),
            ledger.counts("stable", [("", "", DAY, 7)]),
        ],
    )
    laws = {("a", "b"): (Law(("live",), ("stable",), by_host=False),)}
    assert not ledger.violations(two_hosts, laws)
    laws = {("a", "b"): (Law(("live",), ("stable",), by_host=True),)}
    assert ledger.violations(two_hosts, laws)


def test_tally_counts_by_host_and_utc_day() -> None:
    times = [
        datetime(2026, 1, 5, 23, 59, 59, 999000, tzinfo=UTC),
        datetime(2026, 1, 6, tzinfo=UTC),
        datetime(2026, 1, 6, 12, tzinfo=UTC),
    ]
    batch = pa.record_batch(
        {
            "host": pa.array(["h1", "h1", "h2"]).dictionary_encode().cast(CODED),
            "arrival": pa.array(times, TIME),
        }
    )
    rows = sorted(
        (r["host"], r["day"], r["count"]) for r in ledger.tally("emitted", batch).to_pylist()
    )
    assert rows == [("h1", DAY, 1), ("h1", date(2026, 1, 6), 1), ("h2", date(2026, 1, 6), 1)]


def test_merging_sums_and_sorts() -> None:
    merged = ledger.merged(pa.concat_tables([entries(emitted=1, lost=5), entries(emitted=2)]))
    assert [(r["account"], r["count"]) for r in merged.to_pylist()] == [("emitted", 3), ("lost", 5)]
