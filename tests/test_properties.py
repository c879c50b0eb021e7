"""What holds of every run, whatever its parameters and faults."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dauexp.audit import audit
from dauexp.options import contenders
from dauexp.results import result
from dauexp.run import check, run
from dauexp.scenario import Scenario
from dauexp.traffic.files import write_requests
from dauexp.traffic.requests import Simulator
from dauexp.traffic.truth import SEGMENTS, WINDOWS

HOSTS = st.lists(st.sampled_from(["sync-1", "sync-2", "sync-3"]), max_size=2, unique=True)
OPTIONS = st.lists(st.sampled_from(["glean", "custom", "statsd"]), max_size=2, unique=True)
RATES = st.sampled_from([0.0, 0.02, 0.3, 1.0])
DURING = st.sampled_from([None, "2026-01-05T00:30:00Z", "2026-01-05T23:59:58Z"])


def chance(**more: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"rate": RATES, "hosts": HOSTS, "options": OPTIONS, **more})


FAULTS = st.fixed_dictionaries(
    {},
    optional={
        "skew": st.fixed_dictionaries({"seconds": st.sampled_from([-90, 1, 4000]), "hosts": HOSTS}),
        "restart": st.fixed_dictionaries({"at": DURING, "hosts": HOSTS}),
        "malformed": chance(),
        "truncated": chance(),
        "loss": chance(),
        "burst": st.fixed_dictionaries({"begin": RATES, "end": st.sampled_from([0.1, 1.0])}),
        "duplication": chance(after_seconds=st.sampled_from([0, 30, 50_000])),
        "delay": chance(mean_seconds=st.sampled_from([1, 20_000])),
        "reorder": chance(within_seconds=st.sampled_from([1, 3000])),
        "statsd_restart": st.fixed_dictionaries({"at": DURING, "hosts": HOSTS}),
    },
)

TRAFFIC = st.fixed_dictionaries(
    {
        "users": st.integers(1, 40),
        "days": st.integers(1, 9),
        "block_users": st.sampled_from([7, 20, 65_536]),
        "batch_rows": st.sampled_from([13, 32_768]),
        "hosts": st.fixed_dictionaries({"count": st.integers(1, 3)}),
        "requests": st.fixed_dictionaries(
            {"shape": st.sampled_from([0.7, 3.0]), "maximum": st.sampled_from([1, 30])}
        ),
        "churn": st.fixed_dictionaries({"initial_share": st.sampled_from([0.0, 0.5, 1.0])}),
    }
)


def scenario(seed: int, traffic: dict[str, Any], faults: dict[str, Any], **more: Any) -> Scenario:
    given = {"name": "property", "seed": seed, "traffic": traffic, "faults": faults}
    return Scenario.model_validate({**given, "experiments": {"run": ()}, **more})


def finished(of: Scenario, at: str) -> Path:
    return run(of, Path(at), processes=1)


def values(folder: Path, option: str) -> list[dict[str, Any]]:
    table = result(folder, "accuracy").filter(pc.field("option") == option)
    return list(table.to_pylist())


EXAMPLES = settings(max_examples=4, suppress_health_check=[HealthCheck.too_slow])
MANY = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])


def whatever_happens(seed: int, traffic: dict[str, Any], faults: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as at:
        folder = finished(scenario(seed, traffic, faults), at)
        check(folder, contenders())
        assert audit(folder) == []
        truth = {
            (row["question"], row["day"], row["segment"]): row["value"]
            for row in result(folder, "truth").to_pylist()
        }
        for (question, day, segment), value in truth.items():
            if question == "wau":
                assert truth["dau", day, segment] <= value <= traffic["users"]
            if question == "mau":
                assert truth["wau", day, segment] <= value <= traffic["users"]


@given(st.integers(0, 2**32), TRAFFIC, FAULTS)
@EXAMPLES
def test_the_ledger_balances_and_truth_is_monotone(
    seed: int, traffic: dict[str, Any], faults: dict[str, Any]
) -> None:
    whatever_happens(seed, traffic, faults)


@pytest.mark.heavy
@given(st.integers(0, 2**32), TRAFFIC, FAULTS)
@MANY
def test_the_ledger_balances_and_truth_is_monotone_many_times(
    seed: int, traffic: dict[str, Any], faults: dict[str, Any]
) -> None:
    whatever_happens(seed, traffic, faults)


def on_time(faults: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {key: value for key, value in fault.items() if key != "after_seconds"}
        for name, fault in faults.items()
        if name not in {"delay", "reorder"}
    }


ON_TIME = FAULTS.map(on_time)
"""Faults that move no document to another day."""


ACTIVE = [f"{each}{ending}" for each in WINDOWS for ending in SEGMENTS]
"""Counts of active users. Shares and means may rise when a document is lost, and a user be new on a
later day."""


@given(st.integers(0, 2**32), TRAFFIC, ON_TIME)
@EXAMPLES
def test_an_answer_of_a_never_exceeds_the_truth(
    seed: int, traffic: dict[str, Any], faults: dict[str, Any]
) -> None:
    with tempfile.TemporaryDirectory() as at:
        of = scenario(seed, traffic, faults, strategies=("glean",))
        active = [row for row in values(finished(of, at), "glean") if row["question"] in ACTIVE]
        assert all(row["answer"] <= row["truth"] for row in active)


@given(st.integers(0, 2**32), TRAFFIC, RATES)
@EXAMPLES
def test_with_duplication_alone_a_equals_the_truth(
    seed: int, traffic: dict[str, Any], rate: float
) -> None:
    with tempfile.TemporaryDirectory() as at:
        of = scenario(
            seed, traffic, {"duplication": {"rate": rate}}, strategies=("glean", "custom")
        )
        folder = finished(of, at)
        for row in values(folder, "glean") + values(folder, "custom"):
            assert row["answer"] == row["truth"]


@pytest.mark.heavy
@given(st.integers(0, 2**32), st.integers(1, 12), st.integers(1, 40))
@settings(max_examples=2, suppress_health_check=[HealthCheck.too_slow])
def test_shards_of_any_size_give_the_same_answers(seed: int, one: int, other: int) -> None:
    """The same requests, as a trace, cut into blocks of users of two sizes."""
    traffic = {"users": 30, "days": 8, "hosts": {"count": 2}}
    simulator = Simulator(scenario(seed, traffic, {}).traffic, seed)
    with tempfile.TemporaryDirectory() as at, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAUEXP_SECRET", "secret")
        trace = Path(at, "trace.parquet")
        write_requests((batch for day in range(8) for batch in simulator.requests(0, day)), trace)
        tables = []
        for size in (one, other):
            of = scenario(seed, {"trace": str(trace), "block_users": size}, {})
            folder = finished(of, at)
            tables.append([result(folder, name) for name in ("truth", "answers", "accuracy")])
        assert_equal_but_for_order_of_writing(*tables)


def assert_equal_but_for_order_of_writing(one: list[pa.Table], other: list[pa.Table]) -> None:
    """Where two points of one series and millisecond are of two blocks, either may be the last
    written; all else must be equal. The counter is calibrated on the first block alone."""
    exact = pc.field("strategy") != "field"
    own = pc.field("strategy") != "counter"
    assert one[0].equals(other[0])
    for mine, theirs in zip(one[1:], other[1:], strict=True):
        assert mine.filter(exact & own).equals(theirs.filter(exact & own))
