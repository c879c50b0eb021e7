from __future__ import annotations

from datetime import date, timedelta

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from dauexp.questions import catalogue
from dauexp.scenario import Scenario, load
from dauexp.tables import OBSERVATIONS
from dauexp.traffic import truth
from dauexp.traffic.source import Simulated, calibration

CHANGES = ["traffic.users=400", "traffic.days=30", "traffic.block_users=150"]


@given(nps.arrays(np.uint16, st.tuples(st.integers(1, 40), st.integers(1, 5))), st.integers(1, 30))
def test_trailing_unions_equal_the_definition(days: truth.Seen, window: int) -> None:
    union = truth.trailing(days, window)
    expected = [
        np.bitwise_or.reduce(days[d - window + 1 : d + 1], axis=0)
        for d in range(window - 1, len(days))
    ]
    assert union.tolist() == [row.tolist() for row in expected]


def by_sql(requests: pa.Table, first: date, last: date) -> dict[tuple[str, date, str], float]:
    """DAU, WAU and MAU by plain SQL over all requests: the second, independent way."""
    found: dict[tuple[str, date, str], float] = {}
    with duckdb.connect() as duck:
        duck.execute("SET TimeZone = 'UTC'")
        duck.register("requests", requests)
        for name, window in (("dau", 1), ("wau", 7), ("mau", 28)):
            for ending, column in (
                ("", "'all'"),
                ("_by_platform", "platform"),
                ("_by_device_family", "device_family"),
            ):
                rows = duck.execute(
                    f"""
                    SELECT days.day, {column}, count(DISTINCT hashed_fxa_uid)
                    FROM (
                        SELECT unnest(generate_series(?::DATE, ?::DATE, INTERVAL 1 DAY))::DATE
                        AS day
                    ) days
                    JOIN requests
                    ON requests.time::DATE BETWEEN days.day - {window - 1} AND days.day
                    GROUP BY ALL
                    """,
                    [first + timedelta(days=window - 1), last],
                ).fetchall()
                found |= {(f"{name}{ending}", day, segment): float(n) for day, segment, n in rows}
        found |= _others(duck, first, last)
    return found


OTHERS = """
WITH seen AS (SELECT DISTINCT time::DATE AS day, hashed_fxa_uid AS id FROM requests),
days AS (SELECT unnest(generate_series(?::DATE, ?::DATE, INTERVAL 1 DAY))::DATE AS day),
joined AS (SELECT id, min(day) AS day FROM seen GROUP BY id),
windows AS (
    SELECT days.day, id, count(*) AS seen_on FROM days JOIN seen
    ON seen.day BETWEEN days.day - 27 AND days.day
    WHERE days.day >= (SELECT min(day) FROM days) + 27 GROUP BY ALL
)
SELECT 'new_users' AS question, day, 'all' AS segment, count(*) AS value FROM joined GROUP BY ALL
UNION ALL
SELECT 'retention_d7', joined.day + 7, 'all', count(seen.id) / count(*)
FROM joined LEFT JOIN seen ON seen.id = joined.id AND seen.day = joined.day + 7
GROUP BY ALL HAVING joined.day + 7 <= (SELECT max(day) FROM days)
UNION ALL
SELECT 'devices_per_user', time::DATE, 'all',
       count(DISTINCT hashed_device_id) / count(DISTINCT hashed_fxa_uid)
FROM requests GROUP BY ALL
UNION ALL
SELECT 'stickiness', windows.day, 'all', count(seen.id) / count(*)
FROM windows LEFT JOIN seen ON seen.id = windows.id AND seen.day = windows.day GROUP BY ALL
UNION ALL
SELECT 'active_last_28_bits', day, lpad(seen_on::VARCHAR, 2, '0'), count(*)
FROM windows GROUP BY ALL
"""


def _others(
    duck: duckdb.DuckDBPyConnection, first: date, last: date
) -> dict[tuple[str, date, str], float]:
    rows = duck.execute(OTHERS, [first, last]).fetchall()
    return {(question, day, segment): value for question, day, segment, value in rows if value}


@pytest.fixture(scope="module")
def streamed_and_requests() -> tuple[pa.Table, pa.Table, Scenario]:
    scenario = load("quick", CHANGES)
    source = Simulated(scenario)
    blocks, everything = [], []
    for block in range(source.blocks):
        days, devices = [], []
        for day in range(scenario.traffic.days):
            batches = [batch.observations for batch in source.batches(block, day)]
            days.append(truth.seen(batches))
            devices.append(truth.devices(batches))
            everything += batches
        seen, on = truth.stacked(days), truth.stacked(devices)
        blocks.append(truth.counts(seen, scenario.traffic.calendar, on))
    plain = [
        pa.record_batch(
            [c.cast(pa.string()) if pa.types.is_dictionary(c.type) else c for c in b.columns],
            names=OBSERVATIONS.names,
        )
        for b in everything
    ]
    return truth.total(blocks), pa.Table.from_batches(plain), scenario


def test_two_independent_ways_agree(
    streamed_and_requests: tuple[pa.Table, pa.Table, Scenario],
) -> None:
    streamed, requests, scenario = streamed_and_requests
    sql = by_sql(requests, scenario.traffic.first_day, scenario.traffic.last_day)
    ours = {(r["question"], r["day"], r["segment"]): r["value"] for r in streamed.to_pylist()}
    assert {key: value for key, value in ours.items() if value} == pytest.approx(sql, rel=1e-12)
    assert len(sql) > 100


def test_every_question_has_every_day_and_segment_with_a_whole_window(
    streamed_and_requests: tuple[pa.Table, pa.Table, Scenario],
) -> None:
    streamed, _, scenario = streamed_and_requests
    counts = streamed.group_by("question").aggregate([([], "count_all")]).to_pylist()
    rows = {row["question"]: row["count_all"] for row in counts}
    days = scenario.traffic.days
    assert rows == {
        f"{name}{ending}": (days - window + 1) * segments
        for name, window in (("dau", 1), ("wau", 7), ("mau", 28))
        for ending, segments in (("", 1), ("_by_platform", 4), ("_by_device_family", 4))
    } | {
        "stickiness": days - 27,
        "new_users": days,
        "retention_d7": days - 7,
        "devices_per_user": days,
        "active_last_28_bits": 28 * (days - 27),
    }
    assert rows.keys() == catalogue().keys()


def test_dau_wau_mau_are_monotone(
    streamed_and_requests: tuple[pa.Table, pa.Table, Scenario],
) -> None:
    streamed, _, scenario = streamed_and_requests
    value = {(r["question"], r["day"], r["segment"]): r["value"] for r in streamed.to_pylist()}
    for (question, day, segment), mau in value.items():
        if question == "mau":
            assert value["dau", day, segment] <= value["wau", day, segment] <= mau
            assert mau <= scenario.traffic.users


def test_no_requests_at_all_is_zero_everywhere() -> None:
    days = truth.stacked([truth.seen([])] * 29)
    devices = truth.stacked([truth.devices([])] * 29)
    calendar = tuple(date(2026, 1, 5) + timedelta(days=n) for n in range(29))
    table = truth.total([truth.counts(days, calendar, devices)])
    assert set(table["value"].to_pylist()) == {0.0}
    assert set(table["question"].to_pylist()) == set(catalogue())


def test_without_devices_they_are_no_question() -> None:
    table = truth.total([truth.counts(truth.stacked([truth.seen([])]), (date(2026, 1, 5),))])
    assert "devices_per_user" not in table["question"].to_pylist()
    assert "new_users" in table["question"].to_pylist()


def test_calibration_knows_only_the_days_before() -> None:
    scenario = load("quick", CHANGES)
    source = Simulated(scenario)
    known = calibration(source)
    batches = [b.observations for day in range(-28, 0) for b in source.batches(0, day)]
    requests = sum(b.num_rows for b in batches)
    daily = sum(
        len(set(b.observations["hashed_fxa_uid"].to_pylist()))
        for day in range(-28, 0)
        for b in source.batches(0, day)
    )
    monthly = len({uid for b in batches for uid in b["hashed_fxa_uid"].to_pylist()})
    assert known.requests_per_user(1, "all") == pytest.approx(requests / daily)
    assert known.requests_per_user(28, "all") == pytest.approx(requests / monthly)
    assert truth.Calibration.from_table(known.to_table()) == known
    mobile = [
        batch.observations.filter(pc.equal(batch.observations["device_family"], "mobile"))
        for day in range(-28, 0)
        for batch in source.batches(0, day)
    ]
    users = {uid for batch in mobile for uid in batch["hashed_fxa_uid"].to_pylist()}
    of_a_user = sum(map(len, mobile)) / len(users)
    assert known.requests_per_user(28, "device_family_mobile") == pytest.approx(of_a_user)
