"""The strategy `sketch`."""

from __future__ import annotations

import base64
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from datasketches import hll_sketch, tgt_hll_type

from dauexp.options.statsd.sketch import STEPS, Sketch, united

FIRST = date(2026, 1, 5)


def sketch_of(members: range, lg_k: int = 10) -> hll_sketch:
    sketch = hll_sketch(lg_k, tgt_hll_type.HLL_4)
    for member in members:
        sketch.update(member)
    return sketch


def text(members: range) -> str:
    return base64.b64encode(sketch_of(members).serialize_compact()).decode()


def asked(step: str, rows: list[dict[str, Any]], days: int) -> list[dict[str, Any]]:
    parameters = {"first_day": FIRST, "last_day": FIRST + timedelta(days=days - 1)}
    schema = pa.schema([("day", pa.date32()), ("segment", pa.string()), ("sketch", pa.string())])
    names = [name for name in schema.names if name in (rows or [{"day": "", "sketch": ""}])[0]]
    table = pa.Table.from_pylist(rows, pa.schema([schema.field(name) for name in names]))
    found: list[dict[str, Any]] = STEPS[step](lambda _: table, parameters).to_pylist()
    return found


def test_small_numbers_are_all_but_exact_whatever_the_hosts_and_platforms(
    rows: pd.DataFrame, run: Any, kit: Any
) -> None:
    outcome = run(Sketch, rows)
    users = rows.groupby("day")["user"].nunique()
    assert outcome.answer("dau")["value"].tolist() == pytest.approx(kit.daily(users, 9), rel=1e-5)
    weekly = [rows[rows["day"].between(day - 6, day)]["user"].nunique() for day in (6, 7, 8)]
    assert outcome.answer("wau")["value"].tolist() == pytest.approx(weekly, rel=1e-5)
    by_platform = outcome.answer("dau_by_platform").set_index(["day", "segment"])["value"]
    exact = rows.groupby(["day", "platform"])["user"].nunique()
    assert by_platform.to_dict() == pytest.approx(exact.to_dict(), rel=1e-5)


@pytest.mark.parametrize("lg_k", [7, 10])
def test_the_error_is_that_of_the_theory(lg_k: int) -> None:
    """Of unions of four sketches over 200 populations of 20,000: the standard deviation is that of
    HyperLogLog, 1.04 / sqrt(k), and so the mean is 0 within five of its own."""
    errors = []
    for population in range(200):
        start = population * 20_000
        parts = [
            sketch_of(range(start + at, start + at + 8_000), lg_k)
            for at in (0, 4_000, 8_000, 12_000)
        ]
        errors.append(united(parts).get_estimate() / 20_000 - 1)
    expected = 1.04 / np.sqrt(2**lg_k)
    assert np.std(errors) == pytest.approx(expected, rel=0.25)
    assert abs(np.mean(errors)) < 5 * expected / np.sqrt(200)


def test_more_buckets_are_more_exact(requests: Any, run: Any) -> None:
    rows = requests(1, a_day=30_000, users=20_000)
    truth = rows["user"].nunique()
    errors = {
        lg_k: abs(run(Sketch, rows, [f"statsd.lg_k={lg_k}"]).answer("dau")["value"][0] / truth - 1)
        for lg_k in (7, 14)
    }
    assert 0 < errors[14] < 5 * 1.04 / 2**7
    assert 0 < errors[7] < 5 * 1.04 / np.sqrt(2**7)


def test_days_and_segments_without_a_sketch_are_none() -> None:
    rows = [
        {"day": FIRST, "segment": "fenix", "sketch": text(range(3))},
        {"day": FIRST + timedelta(days=2), "segment": "other", "sketch": text(range(2))},
    ]
    answers = asked("users_of_1_day", rows, 3)
    assert [(row["segment"], round(row["value"], 3)) for row in answers] == [
        *[("fenix", 3), ("fenix", 0), ("fenix", 0)],
        *[("other", 0), ("other", 0), ("other", 2)],
    ]


def test_nothing_at_all_is_zero_on_each_day() -> None:
    assert [row["value"] for row in asked("users_of_7_days", [], 9)] == [0, 0, 0]


def test_windows_unite_what_is_in_them_alone() -> None:
    rows = [
        {"day": FIRST + timedelta(days=day), "sketch": text(range(day, day + 2))}
        for day in range(9)
    ]
    answers = asked("users_of_7_days", rows, 9)
    assert [row["day"] for row in answers] == [FIRST + timedelta(days=day) for day in (6, 7, 8)]
    assert [round(row["value"], 3) for row in answers] == [8, 8, 8]


def test_the_order_of_the_rows_does_not_matter_to_the_last_bit() -> None:
    rows = [{"day": FIRST, "sketch": text(range(n * 700, n * 900 + 900))} for n in range(9)]
    forward = asked("users_of_1_day", rows, 1)
    assert forward == asked("users_of_1_day", rows[::-1], 1)


def test_stickiness_is_a_day_over_28() -> None:
    rows = [
        {"day": FIRST + timedelta(days=day), "sketch": text(range(day % 4))} for day in range(28)
    ]
    (answer,) = asked("stickiness", rows, 28)
    assert answer["value"] == pytest.approx(1, rel=1e-5)
    assert [row["value"] for row in asked("stickiness", [], 29)] == [0, 0]
