"""The highest rate that is held: the search, and what it finds on a real pipe."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dauexp.audit import audit
from dauexp.errors import BadInput
from dauexp.load import CAPACITY, LOAD, Pace, capacity
from dauexp.load.capacity import LATE, LEAST, LOST, MOST, PRECISION, Bounds, bisect, gave_way
from dauexp.load.capacity import capacity as search
from dauexp.load.trial import Trials
from dauexp.load.way import around
from dauexp.options import contenders
from dauexp.results import result

RATES = st.floats(LEAST, MOST)


@given(RATES.filter(lambda rate: rate < MOST / 2), RATES)
def test_the_bounds_hold_the_true_rate_between_them(true: float, start: float) -> None:
    found = bisect(lambda rate: rate <= true, start)
    assert found.not_held is not None
    assert true < found.not_held
    if found.held is None:
        assert found.not_held < 2 * LEAST
    else:
        assert found.held <= true
        assert found.not_held / found.held <= PRECISION


@given(RATES)
def test_what_holds_all_rates_has_no_upper_bound(start: float) -> None:
    found = bisect(lambda _: True, start)
    assert found.not_held is None
    assert found.held is not None
    assert MOST / 2 < found.held <= MOST


@given(RATES, st.integers(0, 2**32 - 1))
def test_the_search_ends_whatever_is_answered(start: float, answers: int) -> None:
    """A machine is not monotonic: each bound is still a rate with that answer; few are tried."""
    tried: dict[float, bool] = {}

    def holds(rate: float) -> bool:
        tried[rate] = bool(answers >> len(tried) % 32 & 1)
        return tried[rate]

    found = bisect(holds, start)
    assert len(tried) < 2 + math.log2(MOST / LEAST) + 10
    assert found.held is None or tried[found.held]
    assert found.not_held is None or not tried[found.not_held]


def test_the_search_doubles_first_then_bisects() -> None:
    tried: list[float] = []

    def holds(rate: float) -> bool:
        tried.append(rate)
        return rate <= 1000

    assert bisect(holds, 300, precision=1.5) == Bounds(math.sqrt(600 * 1200), 1200)
    assert tried[:3] == [300, 600, 1200]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"lost": 1, "sent": 600, "target_per_second": 10.0, "sent_per_second": 10.0}, LOST),
        ({"lost": 0, "sent": 600, "target_per_second": 10.0, "sent_per_second": 9.8}, LATE),
        ({"lost": 0, "sent": 600, "target_per_second": 10.0, "sent_per_second": 9.95}, None),
        ({"lost": 0, "sent": 10, "target_per_second": 100.0, "sent_per_second": 40.0}, LATE),
        ({"lost": 0, "sent": 10, "target_per_second": 100.0, "sent_per_second": 60.0}, None),
    ],
)
def test_a_loss_or_a_sender_that_falls_behind_gives_way(
    row: dict[str, Any], why: str | None
) -> None:
    assert gave_way(row) == why


@given(st.integers(1, 20), st.integers(0, 100), st.integers(0, 50))
def test_requests_go_round(size: int, first: int, count: int) -> None:
    rows = list(range(size))
    assert around(rows, first, first + count) == [
        number % size for number in range(first, first + count)
    ]


@pytest.fixture
def run(small_run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_run, tmp_path / "run"))


class Limited(Trials):
    """Trials of a receiver that loses what comes faster than 5,000 a second."""

    def __init__(self) -> None: ...

    def trial(self, pace: Pace, requests: int) -> dict[str, Any]:
        row = dict.fromkeys(LOAD.names) | {"option": "a", "strategy": "b", "receiver": "c"}
        lost = max(0, round(requests * (1 - 5000 / pace.per_second)))
        return row | {
            "settings": "",
            "sent": requests,
            "lost": lost,
            "target_per_second": pace.per_second,
            "sent_per_second": pace.per_second,
            "latency_p50_us": pace.per_second,
            "cores": 2,
        }


@pytest.mark.parametrize("start", [1.0, 4999.0, 1e6])
def test_a_row_has_the_figures_of_the_best_trial(start: float) -> None:
    told: list[float] = []
    row = search(Limited(), start, 60, told.append)
    assert pa.Table.from_pylist([row], CAPACITY).to_pylist() == [row]
    assert row["held_per_second"] <= 5000 < row["not_held_per_second"]
    assert row["latency_p50_us"] == row["held_per_second"]
    assert row["limit"] == LOST
    assert told[0] == start
    assert row["trials"] == len(told)


@pytest.mark.heavy
def test_a_pipe_gives_way_by_a_sender_that_falls_behind(run: Path) -> None:
    (custom,) = contenders(["custom"])
    (row,) = capacity(run, custom, 20_000, 1, "telegraf").to_pylist()
    assert row["limit"] == LATE
    assert row["held_per_second"] < row["not_held_per_second"]
    assert row["receiver_peak_bytes"] > 20e6
    assert row["latency_p50_us"] <= row["latency_p99_us"] <= row["latency_max_us"]
    assert result(run, "capacity").to_pylist() == [row]
    assert audit(run) == []


def test_a_time_of_nothing_is_refused(run: Path) -> None:
    (custom,) = contenders(["custom"])
    with pytest.raises(BadInput, match="--seconds: give a positive time"):
        capacity(run, custom, 2000, 0, "telegraf")


@pytest.mark.heavy
def test_the_emitter_in_rust_holds_more_than_that_in_python(run: Path) -> None:
    (glean,) = contenders(["glean"])
    python = capacity(run, glean, 10_000, 1, "telegraf").to_pylist()[0]
    rust = capacity(run, glean, 10_000, 1, "telegraf", settings={"glean.emitter": "rust"})
    (row,) = rust.to_pylist()
    assert row["settings"] == "glean.emitter=rust"
    assert row["held_per_second"] > python["held_per_second"]
    assert result(run, "capacity").num_rows == 2
