from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dauexp import ledger
from dauexp.channel import Channel, Clock
from dauexp.faults import Burst, Faults, ServerRestart
from dauexp.ledger import CARRIAGE
from dauexp.tables import CODED, MESSAGES, TIME

START = datetime(2026, 1, 5, 23, tzinfo=UTC)
SECOND = 30  # between two requests: 120 of them are an hour, and then comes midnight


def observations(count: int, start: int = 0) -> pa.RecordBatch:
    """Requests to two hosts in turn, as far as the channel looks at them."""
    ordinals = range(start, start + count)
    return pa.record_batch(
        {
            "ordinal": pa.array(ordinals, pa.int64()),
            "time": pa.array([START + timedelta(seconds=SECOND * n) for n in ordinals], TIME),
            "host": pa.array([f"sync-{n % 2 + 1}" for n in ordinals], pa.string()).cast(CODED),
        }
    )


def sent(requests: pa.RecordBatch) -> pa.RecordBatch:
    """One message a request, as an emitter makes them."""
    wire = pa.array([b"message %06d" % n for n in requests["ordinal"].to_pylist()], pa.binary())
    columns = [requests["ordinal"], requests["time"], requests["host"], wire]
    return pa.RecordBatch.from_arrays(columns, schema=MESSAGES)


def carried(
    faults: dict[str, Any], sizes: list[int], option: str = "glean", clock: Clock = "collector"
) -> tuple[pa.Table, pa.Table]:
    """Messages delivered and the account, of requests in batches of these sizes."""
    channel = Channel(Faults.model_validate(faults), seed=1, block=0, day=0)
    delivered, accounts, start = [], [], 0
    for size in sizes:
        batch = observations(size, start)
        emitted = sent(channel.by_host_clock(batch))
        delivery = channel.carry(option, clock, emitted, channel.fates(batch), start)
        delivered.append(delivery.messages)
        accounts.append(delivery.accounts)
        start += size
    return pa.Table.from_batches(delivered, MESSAGES), ledger.entries(option, "s", accounts)


def ordinals(messages: pa.Table) -> list[int]:
    return list(messages["ordinal"].to_pylist())


def totals(accounts: pa.Table) -> dict[str, int]:
    summed = accounts.group_by("account").aggregate([("count", "sum")]).to_pylist()
    return {row["account"]: row["count_sum"] for row in summed}


ALL: dict[str, dict[str, Any]] = {
    "skew": {"seconds": 90, "hosts": ["sync-1"]},
    "restart": {"at": (START + timedelta(minutes=10)).isoformat(), "down_seconds": 300},
    "malformed": {"rate": 0.05},
    "truncated": {"rate": 0.05},
    "loss": {"rate": 0.1},
    "burst": {"begin": 0.05, "end": 0.3},
    "duplication": {"rate": 0.2, "after_seconds": 60},
    "delay": {"rate": 0.3, "mean_seconds": 900},
    "reorder": {"rate": 0.3, "within_seconds": 90},
}
EACH: dict[str, dict[str, Any]] = {name: {name: values} for name, values in ALL.items()} | {
    "all": ALL,
    "none": {},
}


def test_a_perfect_channel_delivers_everything_once_and_in_order() -> None:
    messages, accounts = carried({}, [50])
    assert ordinals(messages) == list(range(50))
    assert totals(accounts) == {"emitted": 50, "delivered": 50}
    assert messages["wire"][7].as_py() == b"message 000007"


@pytest.mark.parametrize("clock", ["host", "collector"])
@pytest.mark.parametrize("case", EACH)
def test_the_account_of_every_fault_balances_by_day_and_host(case: str, clock: Clock) -> None:
    messages, accounts = carried(EACH[case], [100, 140, 60], clock=clock)
    assert not ledger.violations(accounts, {("glean", "s"): (CARRIAGE,)})
    assert totals(accounts)["delivered"] == messages.num_rows
    assert totals(accounts)["emitted"] == 300


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6))
def test_batches_do_not_matter(sizes: list[int]) -> None:
    apart, accounts = carried(ALL, sizes)
    whole, whole_accounts = carried(ALL, [sum(sizes)])
    # A reordering happens within a batch.
    key = [("ordinal", "ascending"), ("arrival", "ascending")]
    assert apart.sort_by(key).to_pylist() == whole.sort_by(key).to_pylist()
    assert accounts.to_pylist() == whole_accounts.to_pylist()


@pytest.mark.parametrize("case", EACH)
def test_all_options_meet_the_same_fate(case: str) -> None:
    assert carried(EACH[case], [200])[0].equals(carried(EACH[case], [200], "statsd")[0])


@pytest.mark.parametrize("case", sorted(EACH.keys() - {"none", "skew"}))
def test_a_fault_does_something_and_spares_whom_it_does_not_name(case: str) -> None:
    healthy = carried({}, [200])[0]
    assert not carried(EACH[case], [200])[0].equals(healthy)
    if case != "all":
        spared = {case: {**ALL[case], "options": ["statsd"]}}
        assert carried(spared, [200])[0].equals(healthy)
        elsewhere = {case: {**ALL[case], "hosts": ["sync-9"]}}
        assert carried(elsewhere, [200])[0].equals(healthy)


def test_loss_on_one_host() -> None:
    assert ordinals(carried({"loss": {"rate": 1.0, "hosts": ["sync-1"]}}, [6])[0]) == [1, 3, 5]


def test_rates_are_met() -> None:
    # 20,000 draws: four standard deviations are 0.013 for the loss of 0.3.
    counts = totals(carried({"loss": {"rate": 0.3}, "duplication": {"rate": 0.2}}, [20_000])[1])
    assert abs(counts["lost"] / 20_000 - 0.3) < 0.013
    assert abs(counts["duplicated"] / (20_000 - counts["lost"]) - 0.2) < 0.014


def test_a_host_clock_that_is_ahead_moves_arrivals_only_where_it_is_gone_by() -> None:
    faults = {"skew": {"seconds": 90, "hosts": ["sync-1"]}}
    healthy = carried({}, [200])[0]
    assert carried(faults, [200], clock="collector")[0].equals(healthy)
    skewed, accounts = carried(faults, [200], clock="host")
    ahead = np.asarray(skewed["arrival"].cast(pa.int64())) - healthy["arrival"].cast(pa.int64())
    assert set(ahead[0::2]) == {90_000}
    assert set(ahead[1::2]) == {0}
    assert totals(accounts)["moved_in"] == 1  # sent at 23:59:00 by the true clock


def test_damage_keeps_the_length_and_a_cut_does_not() -> None:
    damaged = carried({"malformed": {"rate": 1.0}}, [50])[0]["wire"].to_pylist()
    assert all(len(wire) == 14 and wire.count(b"\xff") == 1 for wire in damaged)
    assert len({wire.index(b"\xff") for wire in damaged}) > 8
    cut = carried({"truncated": {"rate": 1.0}}, [50])[0]["wire"].to_pylist()
    assert all(b"message 000000"[: len(wire)][:8] == wire[:8] and len(wire) < 14 for wire in cut)


def test_an_emitter_that_is_down_sends_nothing() -> None:
    at = (START + timedelta(seconds=10 * SECOND)).isoformat()
    messages, accounts = carried({"restart": {"at": at, "down_seconds": 5 * SECOND}}, [30])
    assert ordinals(messages) == [*range(10), *range(15, 30)]
    assert totals(accounts)["lost"] == 5


def slow_states(burst: Burst, steps: list[float], *, bad: bool) -> list[bool]:
    """A Gilbert-Elliott channel step by step, as it is defined."""
    states = []
    for step in steps:
        bad = not step < burst.end if bad else step < burst.begin
        states.append(bad)
    return states


@given(
    begin=st.floats(0.01, 1),
    end=st.floats(0.01, 1),
    steps=st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=40),
    bad=st.booleans(),
)
def test_the_states_of_a_burst_channel(
    begin: float, end: float, steps: list[float], *, bad: bool
) -> None:
    burst = Burst(begin=begin, end=end)
    assert list(burst.states(np.array(steps), began_bad=bad)) == slow_states(burst, steps, bad=bad)


def test_bursts_have_the_stated_length_and_share() -> None:
    burst = Burst(begin=0.02, end=0.1)
    states = burst.states(np.random.default_rng(1).random(200_000), began_bad=False)
    starts = np.count_nonzero(np.diff(states.astype(int)) == 1)
    assert states.mean() == pytest.approx(0.02 / 0.12, rel=0.05)
    assert states.sum() / starts == pytest.approx(10, rel=0.05)


def test_a_statsd_server_forgets_what_it_did_not_flush() -> None:
    requests = observations(6)
    arrival = requests["time"].cast(pa.int64()).to_numpy()
    restart = ServerRestart(at=START + timedelta(seconds=70), down_seconds=30)
    # Flushes each minute: what came since 60 s is lost, and what comes until 100 s.
    assert list(restart.forgotten(arrival, requests["host"], 60_000)) == [
        False,
        False,
        True,
        True,
        False,
        False,
    ]
    one = restart.model_copy(update={"hosts": ("sync-1",)})
    assert list(one.forgotten(arrival, requests["host"], 60_000)) == [
        False,
        False,
        True,
        False,
        False,
        False,
    ]
    assert not ServerRestart().forgotten(arrival, requests["host"], 60_000).any()
