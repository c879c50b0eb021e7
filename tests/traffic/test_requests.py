from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dauexp.scenario import load
from dauexp.tables import REQUESTS
from dauexp.traffic.digest import StreamDigest
from dauexp.traffic.requests import DAY, Simulator
from dauexp.traffic.source import Simulated

SMALL = ["traffic.users=500", "traffic.days=3"]


def simulator(*changes: str) -> Simulator:
    scenario = load("quick", [*SMALL, *changes])
    return Simulator(scenario.traffic, scenario.seed)


def day(source: Simulator, block: int, day: int) -> pa.Table:
    return pa.Table.from_batches(source.requests(block, day), schema=REQUESTS)


def decoded(table: pa.Table) -> list[dict[str, object]]:
    return list(table.to_pylist())


def test_a_block_and_day_come_out_the_same_on_their_own_and_in_any_order() -> None:
    one, other = simulator(), simulator()
    forth = [decoded(day(one, 0, d)) for d in (0, 1, 2)]
    back = [decoded(day(other, 0, d)) for d in (2, 1, 0)]
    assert forth == back[::-1]
    assert forth[0] != forth[1]


@pytest.mark.parametrize(
    ("changes", "digest"),
    [
        ((), "fc6b2913233e8d1d41857c9ffc7771ee"),
        (
            ("traffic.churn.initial_share=0.5", "seed=9", "traffic.requests.shape=1.3"),
            "560cf210f273dbd8e6660d4b303bae3d",
        ),
    ],
)
def test_the_stream_of_a_seed_is_what_it_was(
    changes: tuple[str, ...], digest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new parameter, off by default, leaves all requests as they were before it, those of the
    earlier period too: these digests are of the code without `earlier_days` and `drift`."""
    monkeypatch.delenv("DAUEXP_SECRET", raising=False)
    source = Simulated(load("quick", ["traffic.users=300", "traffic.days=7", *changes]))
    whole = StreamDigest()
    for day in (*source.earlier, *range(len(source.days))):
        for batch in source.batches(0, day):
            whole.update(batch.observations)
    assert whole.hexdigest() == digest


def test_drift_changes_how_many_requests_are_made_and_nothing_else() -> None:
    """The same users are active, on the same days, by the same draws."""
    plain, drifting = simulator(), simulator("traffic.drift.client=2", "traffic.drift.client_day=1")
    for offset, factor in ((-1, 1.0), (0, 1.0), (1, 2.0), (2, 2.0)):
        before, after = (
            day(source, 0, offset)["uid"].combine_chunks().value_counts().to_pylist()
            for source in (plain, drifting)
        )
        assert {row["values"] for row in before} == {row["values"] for row in after}
        made = {row["values"]: row["counts"] for row in before}
        assert all(row["counts"] >= made[row["values"]] for row in after)
        ratio = sum(row["counts"] for row in after) / sum(made.values())
        assert ratio == pytest.approx(factor, rel=0.25 if factor > 1 else 0)


def test_batches_do_not_matter() -> None:
    assert decoded(day(simulator("traffic.batch_rows=7"), 0, 1)) == decoded(day(simulator(), 0, 1))


def test_another_seed_is_other_traffic() -> None:
    assert decoded(day(simulator("seed=2"), 0, 1)) != decoded(day(simulator(), 0, 1))


def test_blocks_hold_different_users_who_together_are_all() -> None:
    source = simulator("traffic.block_users=200")
    assert source.blocks == 3
    sizes = [len(source.population(block)) for block in range(3)]
    assert sizes == [200, 200, 100]
    uids = [uid for block in range(3) for uid in source.population(block).uids.to_pylist()]
    assert len(set(uids)) == 500
    assert all(len(uid) == 32 for uid in uids)


def test_requests_are_in_order_of_time_and_on_their_day() -> None:
    source = simulator()
    for offset in (-28, 0, 2):
        table = day(source, 0, offset)
        millis = table["time"].cast(pa.int64()).to_numpy()
        assert len(millis) > 100
        assert (millis[1:] >= millis[:-1]).all()
        midnight = (source.traffic.first_day.toordinal() - 719_163 + offset) * DAY
        assert millis[0] >= midnight
        assert millis[-1] < midnight + DAY


def test_a_device_belongs_to_one_user_and_has_one_user_agent() -> None:
    table = pa.concat_tables([day(simulator(), 0, d) for d in range(3)])
    pairs = (
        table.select(["device_id", "uid", "user_agent"])
        .group_by(["device_id", "uid", "user_agent"])
        .aggregate([])
    )
    assert pairs.num_rows == pc.count_distinct(table["device_id"].cast(pa.string())).as_py()
    assert pc.count_distinct(table["uid"].cast(pa.string())).as_py() < pairs.num_rows


def test_several_hosts_serve_a_user_and_an_uneven_load_is_uneven() -> None:
    even = day(simulator("traffic.hosts.count=2"), 0, 0)["host"].value_counts().to_pylist()
    assert {row["values"] for row in even} == {"sync-1", "sync-2"}
    uneven = day(simulator("traffic.hosts.count=2", "traffic.hosts.weights=[9.0, 1.0]"), 0, 0)
    counts = {row["values"]: row["counts"] for row in uneven["host"].value_counts().to_pylist()}
    assert 7 < counts["sync-1"] / counts["sync-2"] < 12


def test_a_host_of_weight_zero_gets_nothing() -> None:
    table = day(simulator("traffic.hosts.count=3", "traffic.hosts.weights=[1.0, 0.0, 1.0]"), 0, 0)
    assert set(table["host"].cast(pa.string()).to_pylist()) == {"sync-1", "sync-3"}


def test_the_most_requests_of_a_user_and_day_are_kept_to() -> None:
    source = simulator("traffic.requests.maximum=3", "traffic.requests.shape=0.5")
    table = day(source, 0, 0)
    counts = table.group_by("uid").aggregate([([], "count_all")])["count_all"]
    assert pc.max(counts).as_py() == 3


def test_a_day_without_requests_is_empty() -> None:
    source = simulator("traffic.activity.weekday=[0.0,1.0,1.0,1.0,1.0,1.0,1.0]")
    assert day(source, 0, 0).num_rows == 0
    assert day(source, 0, 1).num_rows > 0


@pytest.mark.parametrize("change", ["traffic.users=1", "traffic.block_users=1"])
def test_tiny_blocks(change: str) -> None:
    source = simulator(change, "traffic.users=3" if "block" in change else "traffic.days=3")
    for block in range(source.blocks):
        for offset in range(3):
            day(source, block, offset).validate(full=True)
