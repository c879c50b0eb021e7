"""Replicates: days are averaged first, intervals are Student's, comparisons are by pairs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from dauexp.measures.replicates import (
    AGAINST_BASE,
    BETWEEN_CONTENDERS,
    BY_DAY,
    REPLICATES,
    against_base,
    between_contenders,
    by_day,
    plain,
    replicates,
)

Row = tuple[int, int, str, int, float | None]


def errors(rows: Iterable[Row], **columns: str) -> pd.DataFrame:
    """Errors of (setting, replicate, strategy, day, relative_error)."""
    usual = {"question": "dau", "variant": "", "language": "sql", "segment": "all"}
    return pd.DataFrame(
        [
            {
                "setting": setting,
                "replicate": replicate,
                "option": "statsd",
                "strategy": strategy,
                "day": date(2026, 1, 5 + day),
                "relative_error": error,
                **usual,
                **columns,
            }
            for setting, replicate, strategy, day, error in rows
        ]
    )


def test_the_interval_is_of_the_means_of_replicates_and_students() -> None:
    values = np.array([[0.1, 0.3], [0.2, 0.2], [-0.1, 0.1], [0.4, 0.0]])
    rows = errors((0, n, "set", d, values[n, d]) for n in range(4) for d in range(2))
    table = replicates(rows)
    assert table.schema == REPLICATES
    (row,) = table.to_pylist()
    # One-sample t, by SciPy's own: an independent way to the same interval.
    low, high = stats.ttest_1samp(values.mean(axis=1), 0).confidence_interval(0.95)
    assert row["replicates"] == 4
    assert row["mean_relative_error"] == pytest.approx(values.mean())
    assert (row["low"], row["high"]) == pytest.approx((low, high))
    assert row["worst_relative_error"] == 0.4
    assert row["off_share"] == 1.0 == row["off_share_high"]


def test_the_worst_keeps_its_sign() -> None:
    rows = errors([(0, 0, "set", 0, 0.2), (0, 0, "set", 1, -0.3), (0, 1, "set", 0, 0.1)])
    assert replicates(rows)["worst_relative_error"].to_pylist() == [-0.3]


def test_all_exact_is_told_with_what_ten_replicates_cannot_rule_out() -> None:
    (row,) = replicates(errors((0, n, "tag", 0, 0.0) for n in range(10))).to_pylist()
    assert (row["mean_relative_error"], row["low"], row["high"], row["off_share"]) == (0, 0, 0, 0)
    # If a share p of replicates were off, all ten would be exact with (1 - p)^10.
    assert (1 - row["off_share_high"]) ** 10 == pytest.approx(0.05)


def test_one_replicate_has_no_interval() -> None:
    (row,) = replicates(errors([(0, 0, "set", 0, 0.5)])).to_pylist()
    assert (row["mean_relative_error"], row["low"], row["high"]) == (0.5, None, None)


def test_days_without_an_answer_are_left_out_and_so_are_replicates() -> None:
    rows = errors(
        [
            (0, 0, "set", 0, 0.1),
            (0, 0, "set", 1, None),
            (0, 1, "set", 0, None),
            (0, 2, "set", 0, 0.3),
        ]
    )
    (row,) = replicates(rows).to_pylist()
    assert row["replicates"] == 2
    assert row["mean_relative_error"] == pytest.approx(0.2)


def test_each_day_has_an_interval_of_its_own() -> None:
    rows = errors((0, n, "set", d, 0.1 * n + d) for n in range(3) for d in range(2))
    table = by_day(rows)
    assert table.schema == BY_DAY
    assert table["mean_relative_error"].to_pylist() == pytest.approx([0.1, 1.1])
    assert table["replicates"].to_pylist() == [3, 3]


def test_a_setting_is_held_against_its_base_by_pairs() -> None:
    """What differs between replicates cancels: the interval of the difference has no width."""
    noise = [0.5, -0.2, 0.9]
    rows = errors(
        [(0, n, "set", 0, noise[n]) for n in range(3)]
        + [(1, n, "set", 0, noise[n] - 0.25) for n in reversed(range(3))]
        + [(1, 3, "set", 0, 7.0)]  # its pair is missing
    )
    table = against_base(rows, {1: 0})
    assert table.schema == AGAINST_BASE
    (row,) = table.to_pylist()
    assert (row["setting"], row["pairs"]) == (1, 3)
    assert (row["difference"], row["low"], row["high"]) == pytest.approx((-0.25, -0.25, -0.25))


def test_of_two_contenders_the_nearer_one_has_the_smaller_absolute_error() -> None:
    rows = errors(
        [(0, n, "set", d, (-1) ** d * 0.3) for n in range(3) for d in range(2)]
        + [(0, n, "tag", d, 0.1) for n in range(3) for d in range(2)]
    )
    table = between_contenders(rows)
    assert table.schema == BETWEEN_CONTENDERS
    (row,) = table.to_pylist()
    assert (row["strategy"], row["other_strategy"], row["pairs"]) == ("set", "tag", 3)
    assert row["difference"] == pytest.approx(0.2)


def test_a_contender_is_compared_by_its_plain_query() -> None:
    both = pd.concat(
        [
            errors([(0, 0, "set", 0, 0.1)], language="flux"),
            errors([(0, 0, "set", 0, 0.2)], language="sql"),
            errors([(0, 0, "set", 0, 0.3)], variant="bits"),
        ]
    )
    assert plain(both)["relative_error"].tolist() == [0.1]


def test_the_order_of_the_rows_changes_nothing() -> None:
    random = np.random.default_rng(1)
    rows = errors(
        (s, n, who, d, random.normal())
        for s in range(2)
        for n in range(5)
        for who in ("set", "tag")
        for d in range(3)
    )
    mixed = rows.sample(frac=1, random_state=2)
    assert replicates(mixed).schema == REPLICATES
    for measure in (by_day, between_contenders):
        assert measure(rows).num_rows == measure(mixed).num_rows
        for name in ("low", "high"):
            assert measure(mixed)[name].to_pylist() == pytest.approx(
                measure(rows)[name].to_pylist()
            )
