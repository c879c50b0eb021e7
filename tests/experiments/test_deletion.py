"""Opt-out: what must vanish does, what cannot is told, and the search would see what is left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dauexp.experiments import experiments, smaller
from dauexp.experiments.deletion import EXPERIMENT, erasure, optout
from dauexp.experiments.deletion.erasure import NotDeletable, delete_points
from dauexp.options.statsd.settlement import Measurement
from dauexp.scenario import Scenario, load
from dauexp.store import write_table


@pytest.fixture(scope="module", autouse=True)
def _many() -> Iterator[None]:
    """So many opt out of few that some of their documents are damaged."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(optout, "SHARE", 0.4)
        yield


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return smaller(load("quick", ["experiments.users=60"]))


def observed(scenario: Scenario, case: str, scratch: Path) -> Mapping[str, list[dict[str, Any]]]:
    tables = EXPERIMENT.observe(scenario, case, scratch)
    return {name: table.to_pylist() for name, table in tables.items()}


def test_it_is_found_and_has_a_case_for_each_contender_and_kind_of_id(scenario: Scenario) -> None:
    assert experiments()["deletion"] is EXPERIMENT
    cases = EXPERIMENT.cases(scenario)
    assert {"glean per-device", "glean placeholder", "statsd:field per-device"} <= set(cases)


@pytest.fixture(scope="module")
def glean(scenario: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return observed(scenario, "glean per-device", tmp_path_factory.mktemp("glean"))


def test_a_warehouse_deletes_a_device_and_nothing_else(glean: Any) -> None:
    (row,) = glean["deletion"]
    assert row["possible"]
    assert row["statements"] == 3
    assert row["ids_before"] > row["devices_asked"] / 2
    assert row["ids_remaining"] == 0
    errors = {each["when"]: each for each in glean["remains"] if each["place"] == "errors"}
    assert errors["before"]["ids_found"] > 0
    rejected = errors["before"]["rows"] - errors["after"]["rows"]
    # Damage may hit the id itself: then no one can tell whose document it was.
    assert row["requests_asked"] - 2 <= row["rows_deleted"] + rejected <= row["requests_asked"]


def test_the_log_keeps_what_the_tables_have_lost(glean: Any) -> None:
    log = {each["when"]: each["ids_found"] for each in glean["remains"] if each["place"] == "log"}
    assert log["after"] == log["before"] > 0


def test_errors_keep_ids_unless_they_are_deleted_there_too(
    scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "statements"
    folder.mkdir()
    for name in ("live", "stable"):
        text = (erasure.STATEMENTS / f"{name}.sql").read_text(encoding="utf-8")
        (folder / f"{name}.sql").write_text(text, encoding="utf-8")
    monkeypatch.setattr(erasure, "STATEMENTS", folder)
    seen = observed(scenario, "custom per-device", tmp_path / "run")
    assert seen["deletion"][0]["ids_remaining"] > 0
    left = {
        each["place"] for each in seen["remains"] if each["when"] == "after" and each["ids_found"]
    }
    assert left == {"errors", "log"}


def test_with_one_id_a_user_all_devices_of_the_user_go(
    scenario: Scenario, glean: Any, tmp_path: Path
) -> None:
    (row,) = observed(scenario, "glean placeholder", tmp_path)["deletion"]
    assert row["requests_asked"] == glean["deletion"][0]["requests_asked"]
    assert row["rows_deleted"] > row["requests_asked"]
    assert row["relative_error_after"] < glean["deletion"][0]["relative_error_after"]
    assert row["ids_remaining"] == 0


def test_points_are_deleted_by_tag_not_by_field_and_counts_not_at_all(
    scenario: Scenario, tmp_path: Path
) -> None:
    (tag,) = observed(scenario, "statsd:tag per-device", tmp_path / "tag")["deletion"]
    assert (tag["possible"], tag["named"], tag["ids_remaining"]) == (True, "user", 0)
    by_value, by_point = observed(scenario, "statsd:field per-device", tmp_path / "f")["deletion"]
    assert by_value["reason"] == erasure.REFUSED
    assert by_value["ids_remaining"] == by_value["ids_before"] > 0
    assert by_point["statements"] == by_point["rows_deleted"] > by_point["requests_asked"]
    assert by_point["ids_remaining"] == 0
    (count,) = observed(scenario, "statsd:counter per-device", tmp_path / "counter")["deletion"]
    assert (count["possible"], count["reason"]) == (False, erasure.UNNAMED)
    assert count["dau_after"] == count["dau_before"]


def test_a_case_repeats(scenario: Scenario, tmp_path: Path) -> None:
    once, again = (observed(scenario, "statsd:tag placeholder", tmp_path / n) for n in "ab")
    assert once == again


MEASUREMENT = Measurement(("host", "user"), {"value": pa.int64()})
POINTS = pa.Table.from_pylist(
    [
        {
            "time": datetime(2026, 1, 5, 0, 0, second, tzinfo=UTC),
            "host": host,
            "user": user,
            "value": 1,
        }
        for second, host, user in [(0, "a", "u1"), (1, "a", "u2"), (1, "b", "u1"), (2, None, "u3")]
    ],
    MEASUREMENT.schema,
)


@pytest.mark.parametrize(
    ("statements", "left"),
    [
        (["\"user\" = 'u1'"], [1, 3]),
        (["\"user\" = 'u1' AND \"host\" = 'b'"], [0, 1, 3]),
        (["\"user\" = 'u1'", "\"host\" = 'a'"], [3]),
        (["time = '2026-01-05T00:00:01Z' AND \"user\" = 'u2'"], [0, 2, 3]),
        (["\"host\" = ''"], [0, 1, 2]),
        (["\"user\" = 'nobody'"], [0, 1, 2, 3]),
    ],
)
def test_points_go_by_equality_of_tags_and_time(
    statements: list[str], left: list[int], tmp_path: Path
) -> None:
    write_table(tmp_path / "a.parquet", POINTS)
    delete_points(tmp_path, MEASUREMENT, [f'DELETE FROM "m" WHERE {each}' for each in statements])
    assert pq.read_table(tmp_path / "a.parquet") == POINTS.take(left)


def test_a_field_cannot_be_named(tmp_path: Path) -> None:
    write_table(tmp_path / "a.parquet", POINTS)
    with pytest.raises(NotDeletable, match="fields not supported"):
        delete_points(tmp_path, MEASUREMENT, ['DELETE FROM "m" WHERE "value" = \'1\''])
    assert pq.read_table(tmp_path / "a.parquet") == POINTS


def test_traffic_without_devices_is_what_they_sent_before(scenario: Scenario) -> None:
    traffic = optout.traffic(scenario)
    until = optout.opting_out(scenario, traffic.by_device)
    everything = [
        (device, time.timestamp() * 1000)
        for block in range(traffic.seen.blocks)
        for day in range(len(traffic.seen.days))
        for batch in traffic.by_device.batches(block, day)
        for device, time in zip(
            optout._devices(batch.observations),
            batch.observations["time"].to_pylist(),
            strict=True,
        )
    ]
    asked = [time for device, time in everything if device in until]
    before = [time for device, time in everything if time < until.get(device, float("inf"))]
    assert optout.requests(traffic.seen) == len(everything)
    assert optout.requests(optout.Without(traffic, until)) == len(before) < len(everything)
    remaining = optout.Without(traffic, dict.fromkeys(until, 0))
    assert optout.requests(remaining) == len(everything) - len(asked)
    seen = {device for device, _ in everything}
    assert len(until) == round(optout.SHARE * len(seen)) > 1
    carried, gone = optout.ids_to_vanish(traffic, until)
    assert carried == {device.device for device in until}
    assert gone == {d.owner for d in until} - {d.owner for d in seen - set(until)}
