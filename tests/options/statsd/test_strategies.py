"""The strategies from emission to answer, against numbers computed from the requests by pandas."""

from __future__ import annotations

import socket
from datetime import timedelta
from typing import Any

import pandas as pd
import pyarrow.compute as pc
import pytest
import statsd

from dauexp.options import Strategy, contenders, options
from dauexp.options.statsd import OPTION
from dauexp.options.statsd.counter import Counter
from dauexp.options.statsd.field import Field, _split
from dauexp.options.statsd.line_protocol import last_time, parse
from dauexp.options.statsd.sets import SetPerFlush
from dauexp.options.statsd.tag import Tag
from dauexp.tables import MESSAGES
from dauexp.traffic.truth import Calibration
from dauexp.traffic.useragent import PLATFORMS

EVERY_REQUEST = "statsd.sample_rate=1"
HASHED = "hashed_fxa_uid"
ALL = pytest.mark.parametrize("kind", OPTION.strategies, ids=lambda kind: kind.name)
TAGS = ["platform", "device_family"]


def segments(values: pd.Series[Any], days: int) -> list[tuple[int, str, float]]:
    return [
        (day, platform, float(values.get((day, platform), 0)))
        for day in range(days)
        for platform in sorted(PLATFORMS)
    ]


def as_tuples(answer: pd.DataFrame) -> list[tuple[int, str, float]]:
    return list(answer[["day", "segment", "value"]].itertuples(index=False, name=None))


def test_the_option_is_found_with_its_strategies_in_order() -> None:
    assert options()["statsd"] is OPTION
    assert OPTION.letter == "C"
    names = [each.strategy.name for each in contenders(["statsd"])]
    assert names == ["counter", "set", "daily-set", "sampled", "tag", "field", "sketch"]


# Emission


@ALL
def test_one_message_a_request(kind: type[Strategy], rows: pd.DataFrame, kit: Any) -> None:
    batch = kit.observations(rows)
    messages = kind(kit.scenario(EVERY_REQUEST)).emit(batch)
    assert messages.schema == MESSAGES
    messages.validate(full=True)
    assert messages["ordinal"].to_pylist() == list(range(len(rows)))
    assert messages["arrival"].equals(batch["time"])
    assert messages["host"].equals(batch["host"])


def test_packets_are_what_the_client_sends_through_a_real_socket(
    rows: pd.DataFrame, kit: Any
) -> None:
    batch = kit.observations(rows.head(5))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        client = statsd.StatsClient("127.0.0.1", server.getsockname()[1], prefix="syncstorage")
        received: dict[type[Strategy], list[bytes]] = {Counter: [], SetPerFlush: []}
        for row in batch.to_pylist():
            tags = f"platform={row['platform']},device_family={row['device_family']}"
            client.incr(f"requests,{tags}")
            received[Counter].append(server.recv(512))
            client.set(f"users,{tags}", row[HASHED])
            received[SetPerFlush].append(server.recv(512))
        client.close()
    for kind, packets in received.items():
        assert kind(kit.scenario()).emit(batch)["wire"].to_pylist() == packets


def test_packets_read_as_expected(rows: pd.DataFrame, kit: Any) -> None:
    batch = kit.observations(rows.head(1))
    (row,) = batch.to_pylist()
    tags = f"platform={row['platform']},device_family={row['device_family']}"
    prefixed = kit.scenario("statsd.prefix=a.b")
    assert Counter(prefixed).emit(batch)["wire"].to_pylist() == [
        f"a.b.requests,{tags}:1|c".encode()
    ]
    assert SetPerFlush(prefixed).emit(batch)["wire"].to_pylist() == [
        f"a.b.users,{tags}:{row[HASHED]}|s".encode()
    ]


@pytest.mark.parametrize(
    ("precision", "nanoseconds"), [("s", 10**9), ("ms", 10**6), ("us", 10**3), ("ns", 1)]
)
def test_lines_of_field(precision: str, nanoseconds: int, rows: pd.DataFrame, kit: Any) -> None:
    batch = kit.observations(rows)
    strategy = Field(kit.scenario(f"influxdb.precision={precision}", "statsd.prefix=a.b"))
    lines = strategy.emit(batch)["wire"]
    assert len(_split(lines, last_time(precision)).row) == len(rows), "all take the quick path"
    for line, row in zip(lines.to_pylist(), batch.to_pylist(), strict=True):
        point = parse(line.decode())
        assert point.measurement == "a_b_requests"
        assert point.tags == {name: row[name] for name in ("host", *TAGS)}
        assert point.fields == {"user": row[HASHED]}
        milliseconds = round(row["time"].timestamp() * 1000)
        assert point.time == milliseconds * 10**6 // nanoseconds


# Answers


def test_counter_counts_requests_over_requests_per_user(
    rows: pd.DataFrame, run: Any, kit: Any
) -> None:
    per_user = {
        (days, name): float(days + n)
        for days in (1, 7, 28)
        for n, name in enumerate(("all", *PLATFORMS))
    }
    outcome = run(Counter, rows)
    calibration = Calibration(per_user)
    requests = rows.groupby("day").size()
    dau = outcome.answer("dau", calibration)
    assert dau["value"].tolist() == [n / per_user[1, "all"] for n in kit.daily(requests, 9)]
    wau = outcome.answer("wau", calibration)
    assert wau["day"].tolist() == [6, 7, 8]
    assert wau["value"].tolist() == [
        requests.loc[day - 6 : day].sum() / per_user[7, "all"] for day in (6, 7, 8)
    ]
    by_platform = outcome.answer("dau_by_platform", calibration)
    counted = rows.groupby(["day", "platform"]).size()
    assert as_tuples(by_platform) == [
        (day, platform, value / per_user[1, platform])
        for day, platform, value in segments(counted, 9)
    ]


def test_counter_by_mau(requests: Any, run: Any) -> None:
    rows = requests(29, a_day=20)
    per_user = {(days, name): 2.0 for days in (1, 7, 28) for name in ("all", *PLATFORMS)}
    answer = run(Counter, rows).answer("mau", Calibration(per_user))
    assert answer["day"].tolist() == [27, 28]
    assert answer["value"].tolist() == [28 * 20 / 2.0] * 2


def test_counter_without_an_earlier_user_of_a_platform_has_no_answer(
    rows: pd.DataFrame, run: Any
) -> None:
    per_user = {(days, name): 2.0 for days in (1, 7, 28) for name in ("all", *PLATFORMS)}
    calibration = Calibration({**per_user, (1, "fenix"): float("nan"), (1, "other"): float("nan")})
    answer = run(Counter, rows).answer("dau_by_platform", calibration)
    assert answer[answer["segment"] == "fenix"]["value"].isna().all()
    assert (answer[answer["segment"] == "other"]["value"] == 0).all()


@pytest.mark.parametrize("flush_seconds", [1, 10, 3600])
def test_set_adds_up_its_sizes(flush_seconds: int, requests: Any, run: Any, kit: Any) -> None:
    rows = requests(3, users=4, within=7_200_000)
    outcome = run(SetPerFlush, rows, [f"statsd.flush_seconds={flush_seconds}"])
    sizes = kit.set_sizes(rows, flush_seconds, ["day"])
    assert outcome.answer("dau")["value"].tolist() == kit.daily(sizes, 3)
    by_platform = kit.set_sizes(rows, flush_seconds, ["day", "platform"])
    assert as_tuples(outcome.answer("dau_by_platform")) == segments(by_platform, 3)
    users = rows.groupby("day")["user"].nunique()
    assert (sizes > users).all(), "the sum overcounts"


@pytest.mark.parametrize("kind", [Field, Tag])
def test_field_and_tag_are_exact(kind: type[Strategy], requests: Any, run: Any, kit: Any) -> None:
    rows = requests(29, a_day=60, users=2000)
    outcome = run(kind, rows)
    assert outcome.count("overwritten") == 0
    users = rows.groupby("day")["user"].nunique()
    assert outcome.answer("dau")["value"].tolist() == kit.daily(users, 29)
    by_platform = rows.groupby(["day", "platform"])["user"].nunique()
    assert as_tuples(outcome.answer("dau_by_platform")) == segments(by_platform, 29)
    for question, window in (("wau", 7), ("mau", 28)):
        answer = outcome.answer(question)
        assert answer["day"].tolist() == list(range(window - 1, 29))
        assert answer["value"].tolist() == [
            rows[rows["day"].between(day - window + 1, day)]["user"].nunique()
            for day in range(window - 1, 29)
        ]


def test_tag_makes_a_series_for_each_user_host_and_tags(rows: pd.DataFrame, run: Any) -> None:
    points = run(Tag, rows).points("requests")
    tags = ["host", *TAGS, "user"]
    assert pc.sum(points["value"]).as_py() == len(rows)
    series = points.group_by(tags).aggregate([]).num_rows
    assert series == len(rows.drop_duplicates(tags))


def test_field_loses_users_where_points_have_one_time(requests: Any, run: Any, kit: Any) -> None:
    """With a precision of a second, only the last request of a second, host and tags is left."""
    rows = requests(2, users=300, within=60_000)
    outcome = run(Field, rows, ["influxdb.precision=s"])
    second = rows["time"].dt.floor("s")
    left = (
        rows.assign(second=second)
        .sort_values("time")
        .drop_duplicates(["second", "host", *TAGS], keep="last")
    )
    assert outcome.count("stored") == len(left) < len(rows)
    assert outcome.count("overwritten") == len(rows) - len(left)
    users = left.groupby("day")["user"].nunique()
    assert outcome.answer("dau")["value"].tolist() == kit.daily(users, 2)
    assert (users < rows.groupby("day")["user"].nunique()).all()


@ALL
def test_a_request_counts_on_its_own_day(kind: type[Strategy], kit: Any, run: Any) -> None:
    """Also where its flush is at midnight or later."""
    last, first = kit.midnight(1) - timedelta(milliseconds=1), kit.midnight(1)
    rows = pd.DataFrame(
        {
            "day": [0, 0, 1],
            "time": [last, last - timedelta(seconds=30), first],
            "host": "h",
            "user": ["1", "2", "3"],
            "platform": "fenix",
            "device_family": "mobile",
        }
    )
    per_user = {(days, name): 1.0 for days in (1, 7, 28) for name in ("all", *PLATFORMS)}
    outcome = run(kind, rows, [EVERY_REQUEST])
    values = outcome.answer("dau", Calibration(per_user))["value"].tolist()
    assert values == pytest.approx([2, 1], rel=1e-6), "sketches of a few users are all but exact"
