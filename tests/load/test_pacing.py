"""Requests in real time: when each is due, and how late it was."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from dauexp.errors import BadInput
from dauexp.load.pacing import TOGETHER, Pace, paces, per_second, replay


@pytest.mark.parametrize(
    ("text", "rate"),
    [("190000/min", 190_000 / 60), ("50/s", 50), ("7.5 / s", 7.5), ("3600/h", 1)],
)
def test_a_rate_is_a_number_and_a_unit(text: str, rate: float) -> None:
    assert per_second(text) == pytest.approx(rate)


@pytest.mark.parametrize("text", ["190000", "fast", "-3/s", "0/s", "3/day", ""])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="190000/min"):
        per_second(text)


def test_paces_are_multiples_of_the_rate() -> None:
    found = paces("60/min", "1, 2.5,unpaced")
    assert found == [Pace("1x", 1.0), Pace("2.5x", 2.5), Pace("unpaced", math.inf)]
    assert [pace.paced for pace in found] == [True, True, False]


@pytest.mark.parametrize("text", ["", "0", "-1", "1,,2", "many", "nan", "inf"])
def test_what_is_no_multiple_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="give positive numbers or `unpaced`"):
        paces("1/s", text)


def test_every_request_is_sent_once_in_order_and_none_before_it_is_due() -> None:
    sent: list[tuple[int, int, float]] = []
    start = time.perf_counter()
    replayed = replay(
        lambda first, last: sent.append((first, last, time.perf_counter() - start)),
        200,
        Pace("1x", 1000),
    )
    assert [first for first, _, _ in sent] == [0, *(last for _, last, _ in sent[:-1])]
    assert sent[-1][1] == 200
    assert all(moment >= (last - 1) / 1000 for _, last, moment in sent)
    assert replayed.seconds >= 0.199
    assert replayed.latency_seconds is not None
    assert replayed.latency_seconds.min() >= 0


def test_a_sender_that_stalls_makes_all_late_who_wait_for_it() -> None:
    def send(first: int, _last: int) -> None:
        if first == 0:
            time.sleep(0.1)

    latency = replay(send, 100, Pace("1x", 1000)).latency_seconds
    assert latency is not None
    assert np.quantile(latency[:90], 0.2) > 0.005
    assert latency[0] > 0.09


def test_an_unpaced_sender_takes_many_at_once_and_has_no_latency() -> None:
    ranges: list[int] = []
    replayed = replay(
        lambda first, last: ranges.append(last - first), 2 * TOGETHER + 1, Pace("unpaced", math.inf)
    )
    assert ranges == [TOGETHER, TOGETHER, 1]
    assert replayed.latency_seconds is None
