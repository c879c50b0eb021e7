"""Sides that are measured in turn: their ratios, and that answers must agree."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.peers.sides import Found, Subject, Taken, Way, in_turn, markdown


def way(name: str, cpu: float, answer: float | None) -> Way:
    return Way(name, "", lambda: Taken(cpu, 2 * cpu, answer))


def subject(*ways: Way, tolerance: float = 0.0) -> Subject:
    return Subject("Things done", "things", 100, ways, tolerance)


def test_the_ratio_is_of_the_rates_per_cpu_second() -> None:
    found = in_turn(subject(way("ours", 1.0, 5.0), way("peer", 4.0, 5.0)), rounds=3)
    ours, peer = found.rows()
    assert ours[1:4] == ("100 (100 to 100)", "50 (50 to 50)", "1")
    assert peer[1:4] == ("25 (25 to 25)", "12 (12 to 12)", "4.00 (4.00 to 4.00)")


def test_what_takes_seconds_has_a_rate_too() -> None:
    (row,) = in_turn(subject(way("ours", 400.0, None)), rounds=1).rows()
    assert row[1:3] == ("0.250 (0.250 to 0.250)", "0.125 (0.125 to 0.125)")


def test_a_ratio_is_taken_within_a_round() -> None:
    """The machine slowed down by half after the first round: the ratio does not feel it."""
    found = Found(
        subject(way("ours", 0, None), way("peer", 0, None)),
        {
            "ours": [Taken(1, 1, None), Taken(2, 2, None)],
            "peer": [Taken(3, 3, None), Taken(6, 6, None)],
        },
    )
    assert [row[3] for row in found.rows()] == ["1", "3.00 (3.00 to 3.00)"]


def test_the_first_round_is_for_warming_up() -> None:
    def slower() -> Iterator[Taken]:
        yield Taken(50, 50, None)
        yield from [Taken(1, 1, None)] * 2

    taken = slower()
    found = in_turn(subject(Way("ours", "", lambda: next(taken))), rounds=2)
    assert found.rounds["ours"] == [Taken(1, 1, None)] * 2


def test_another_answer_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Things done: peer answers 6.0, ours 5.0"):
        in_turn(subject(way("ours", 1, 5.0), way("peer", 1, 6.0)), rounds=1)


def test_an_answer_may_differ_by_the_tolerance() -> None:
    close = subject(way("ours", 1, 5.0), way("peer", 1, 5.4), tolerance=0.1)
    assert in_turn(close, rounds=1).rounds.keys() == {"ours", "peer"}
    with pytest.raises(ValueError, match="answers"):
        in_turn(subject(*close.ways, tolerance=0.05), rounds=1)


def test_the_table_names_what_was_counted() -> None:
    text = markdown(in_turn(subject(way("ours", 1.0, None)), rounds=2))
    assert "### Things done" in text
    assert "100 things, 2 rounds." in text
    assert "| ours | 100 (100 to 100) | 50 (50 to 50) | 1 |" in text
