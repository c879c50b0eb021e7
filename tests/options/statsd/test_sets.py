"""The strategies `daily-set` and `sampled`."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import statsd

from dauexp.options.statsd.packets import parse
from dauexp.options.statsd.sets import DailySet, Sampled
from dauexp.randomness import Purpose, for_each


def on_one_host(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(host="h")


def test_a_daily_set_is_exact_on_one_host(rows: pd.DataFrame, run: Any, kit: Any) -> None:
    """Though users of several platforms are in several sets."""
    rows = on_one_host(rows)
    outcome = run(DailySet, rows)
    users = rows.groupby("day")["user"].nunique()
    platforms = rows.groupby(["day", "platform"])["user"].nunique()
    assert platforms.sum() > users.sum()
    assert outcome.answer("dau")["value"].tolist() == kit.daily(users, 9)
    answer = outcome.answer("dau_by_platform").set_index(["day", "segment"])["value"]
    assert answer[answer > 0].to_dict() == platforms.to_dict()


def test_daily_sets_of_several_hosts_add_up_wrongly(rows: pd.DataFrame, run: Any, kit: Any) -> None:
    outcome = run(DailySet, rows)
    by_host = rows.groupby(["day", "host"])["user"].nunique().groupby("day").sum()
    assert outcome.answer("dau")["value"].tolist() == kit.daily(by_host, 9)
    assert (by_host > rows.groupby("day")["user"].nunique()).all()


def test_a_daily_set_is_flushed_at_midnight_alone(rows: pd.DataFrame, run: Any, kit: Any) -> None:
    times = set(run(DailySet, rows).points("users")["time"].to_pylist())
    assert times == {kit.midnight(day) for day in range(1, 10)}


def test_a_packet_puts_the_user_in_three_sets(rows: pd.DataFrame, kit: Any) -> None:
    batch = kit.observations(rows.head(1))
    (row,) = batch.to_pylist()
    strategy = DailySet(kit.scenario(f"statsd.prefix={'long.' * 60}end"))
    (packet,) = strategy.emit(batch)["wire"].to_pylist()
    metrics = [metric for reading in parse(packet) for metric in reading.metrics]
    assert [dict(metric.tags) for metric in metrics] == [
        {"dimension": dimension, "segment": segment, "metric_type": "set"}
        for dimension, segment in (
            ("all", "all"),
            ("platform", row["platform"]),
            ("device_family", row["device_family"]),
        )
    ]
    assert {metric.value for metric in metrics} == {row["hashed_fxa_uid"].encode()}


def test_the_sample_is_as_large_as_the_rate_says(requests: Any, kit: Any) -> None:
    """Within five standard deviations, whatever the rate."""
    rows = requests(1, a_day=20_000)
    batch = kit.observations(rows)
    for rate in (0.02, 0.1, 0.5):
        sent = len(Sampled(kit.scenario(f"statsd.sample_rate={rate}")).emit(batch))
        deviation = np.sqrt(len(rows) * rate * (1 - rate))
        assert abs(sent - rate * len(rows)) < 5 * deviation


def test_the_client_decides_what_is_sent_and_says_its_rate(rows: pd.DataFrame, kit: Any) -> None:
    batch = kit.observations(rows)
    packets = Sampled(kit.scenario("statsd.sample_rate=0.25")).emit(batch)["wire"].to_pylist()
    assert all(packet.endswith(b"|s|@0.25") for packet in packets)
    assert statsd.client.base.random is random, "its own numbers are back"
    everything = Sampled(kit.scenario("statsd.sample_rate=1")).emit(batch)["wire"].to_pylist()
    assert len(everything) == len(rows)
    assert all(packet.endswith(b"|s") for packet in everything)


def test_a_sample_is_the_same_however_the_requests_are_cut(rows: pd.DataFrame, kit: Any) -> None:
    strategy = Sampled(kit.scenario("statsd.sample_rate=0.3"))
    batch = kit.observations(rows)
    whole = strategy.emit(batch)["wire"].to_pylist()
    parts = [strategy.emit(batch.slice(start, 7)) for start in range(0, len(batch), 7)]
    assert [wire for part in parts for wire in part["wire"].to_pylist()] == whole
    other = Sampled(kit.scenario("statsd.sample_rate=0.3", "seed=2")).emit(batch)
    assert other["wire"].to_pylist() != whole


def test_samples_over_the_rate_estimate_the_sum_of_sizes_where_users_are_rare(
    requests: Any, run: Any, kit: Any
) -> None:
    """So they overcount as `set` does; where a user comes often in a flush, they differ."""
    rows = requests(6, a_day=3000, users=5000)
    sizes = kit.set_sizes(rows, 10, ["day"]).sum()
    estimate = run(Sampled, rows).answer("dau")["value"].sum()
    deviation = np.sqrt(sizes * 0.9 / 0.1)
    assert abs(estimate - sizes) < 5 * deviation


def test_distinct_counts_do_not_scale_with_the_rate(kit: Any, run: Any) -> None:
    """A hundred users with fifty requests each in one flush: all but half a user are in the
    sample of a tenth, so the estimate is ten times the truth."""
    users, each = 100, 50
    start = kit.midnight(0)
    rows = pd.DataFrame(
        {
            "day": 0,
            "time": [start + timedelta(milliseconds=n) for n in range(users * each)],
            "host": "h",
            "user": [f"{n % users:032x}" for n in range(users * each)],
            "platform": "fenix",
            "device_family": "mobile",
        }
    )
    (estimate,) = run(Sampled, rows).answer("dau")["value"]
    expected = users * (1 - 0.9**each) / 0.1
    assert abs(estimate - expected) <= 5 * 10 * np.sqrt(users * 0.9**each)


def test_numbers_of_keys_are_uniform_and_decided_by_seed_purpose_and_key() -> None:
    keys = np.arange(100_000, dtype=np.uint64)
    numbers = for_each(1, Purpose.SAMPLING, keys)
    assert numbers.min() >= 0
    assert numbers.max() < 1
    counts, _ = np.histogram(numbers, 100, (0, 1))
    # A chi-square of 99 degrees exceeds 180 with a probability of 1e-6.
    assert ((counts - 1000) ** 2 / 1000).sum() < 180
    assert np.array_equal(for_each(1, Purpose.SAMPLING, keys[::-1])[::-1], numbers)
    assert not np.array_equal(for_each(2, Purpose.SAMPLING, keys), numbers)
    assert not np.array_equal(for_each(1, Purpose.LOSS, keys), numbers)
    assert pa.array(numbers[:3]).to_pylist() == numbers[:3].tolist()
