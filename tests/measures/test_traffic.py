"""What the traffic looks like, against the requests themselves."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from dauexp.measures.traffic import by_hour, by_user
from dauexp.scenario import load
from dauexp.traffic.source import Source, open_source


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    changes = ["traffic.users=200", "traffic.days=3", "traffic.block_users=64"]
    folder: Path = tmp_path_factory.mktemp("source")
    return open_source(load("quick", changes), folder)


def test_requests_by_hour_are_those_of_the_day(source: Source) -> None:
    expected: Counter[tuple[object, int]] = Counter()
    for day in (0, 2):
        for block in range(source.blocks):
            for batch in source.batches(block, day):
                for time in batch.observations["time"].to_pylist():
                    expected[time.date(), time.hour] += 1
    rows = by_hour(source, [0, 2]).to_pylist()
    assert len(rows) == 48
    assert {(r["day"], r["hour"]): r["requests"] for r in rows if r["requests"]} == expected


def test_requests_by_user_are_those_of_the_day(source: Source) -> None:
    users: Counter[str] = Counter()
    for block in range(source.blocks):
        for batch in source.batches(block, 1):
            users.update(batch.observations["hashed_fxa_uid"].to_pylist())
    expected = Counter(users.values())
    rows = by_user(source, 1).to_pylist()
    assert {row["requests"]: row["users"] for row in rows} == expected
    for row in rows:
        more = sum(n for requests, n in expected.items() if requests >= row["requests"])
        assert row["share"] == pytest.approx(more / len(users))
