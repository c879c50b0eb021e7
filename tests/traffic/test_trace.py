from __future__ import annotations

import hashlib
import hmac
import pickle
import random
from datetime import UTC, date, datetime
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dauexp.errors import BadInput
from dauexp.resources import resource
from dauexp.scenario import load
from dauexp.tables import OBSERVATIONS, REQUESTS
from dauexp.traffic import readers, truth
from dauexp.traffic.files import read_requests, write_requests
from dauexp.traffic.identity import Mode, Secret
from dauexp.traffic.requests import Simulator
from dauexp.traffic.source import Own
from dauexp.traffic.trace import Trace, prepare
from dauexp.traffic.useragent import DEVICE_FAMILIES, PLATFORMS, classify

KEY = Secret(b"a key for tests")
IPAD = "Firefox-iOS-Sync/146.0b60402 (iPad; iPhone OS 26.1) (Firefox)"
LINUX = "Firefox/146.0 (Linux x86_64) FxSync/1.148.0.20251202152033.desktop"


def by_hand(text: str) -> str:
    return hmac.new(KEY, text.encode(), hashlib.sha256).hexdigest()[:32]


def row(time: str, uid: str, device: str = "d", agent: str = LINUX, **more: str) -> dict[str, str]:
    return {
        "time": time,
        "uid": f"raw-{uid}",
        "device_id": f"raw-{device}",
        "user_agent": agent,
        "host": "h",
        **more,
    }


def prepared(
    folder: Path, *rows: dict[str, str], mode: Mode = "per-device", block_users: int = 65_536
) -> Trace:
    source = folder / "own.ndjson"
    source.write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in rows))
    return prepare(source, folder / "work", KEY, mode, block_users)


def everything(trace: Trace) -> list[dict[str, object]]:
    """All rows, by day, block and time."""
    return [
        {**row, "block": block, "day": day}
        for day in range(len(trace.days))
        for block in range(trace.blocks)
        for observations, _ in trace.batches(block, day)
        for row in observations.to_pylist()
    ]


def test_requests_come_by_day_and_in_order_of_time(tmp_path: Path) -> None:
    trace = prepared(
        tmp_path,
        row("2026-01-07T00:30:00+01:00", "c"),
        row("2026-01-05T12:00:00Z", "b", "d2", IPAD),
        row("2026-01-05T09:00:00Z", "a"),
        row("2026-01-05T12:00:00Z", "a"),
        row("2026-01-08T00:00:00Z", "b"),
    )
    assert trace.days == tuple(date(2026, 1, day) for day in (5, 6, 7, 8))
    assert (trace.users, trace.requests, trace.blocks) == (3, 5, 1)
    rows = everything(trace)
    assert [(r["day"], r["ordinal"], r["hashed_fxa_uid"]) for r in rows] == [
        (0, 0, by_hand("raw-a")),
        (0, 1, by_hand("raw-b")),
        (0, 2, by_hand("raw-a")),
        (1, 0, by_hand("raw-c")),
        (3, 0, by_hand("raw-b")),
    ]
    assert rows[3]["time"] == datetime(2026, 1, 6, 23, 30, tzinfo=UTC)
    assert rows[1]["hashed_device_id"] == by_hand(by_hand("raw-b") + "raw-d2")
    assert (
        (rows[1]["platform"], rows[1]["device_family"])
        == classify(IPAD)
        == ("firefoxios", "mobile")
    )
    assert (rows[1]["user_agent"], rows[1]["host"]) == (IPAD, "h")


@pytest.mark.parametrize(("asked", "given"), [(28, 28), (30, 30), (40, 35)])
def test_the_earlier_period_is_as_long_as_asked_for_but_half_of_the_trace_at_most(
    asked: int, given: int, tmp_path: Path
) -> None:
    trace = prepared(tmp_path, row("2026-01-01T00:00:00Z", "a"), row("2026-03-11T00:00:00Z", "a"))
    assert len(trace.days) == 70
    assert Own(trace, asked).earlier == range(given)


def test_the_order_of_the_file_does_not_matter(tmp_path: Path) -> None:
    rows = [
        row(f"2026-01-{5 + k % 9:02d}T{k % 24:02d}:{k % 60:02d}:{k % 7:02d}.{k:03d}Z", f"u{k % 23}")
        for k in range(400)
    ]
    shuffled = random.Random(1).sample(rows, len(rows))
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    one = prepared(tmp_path / "one", *rows, block_users=10)
    other = prepared(tmp_path / "other", *shuffled, block_users=10)
    assert one.blocks == 3
    assert everything(one) == everything(other)
    assert len(everything(one)) == 400


def test_blocks_share_users_out_and_their_dictionary_over_days(tmp_path: Path) -> None:
    rows = [row(f"2026-01-0{5 + k % 3}T00:00:00Z", f"u{k % 10}") for k in range(60)]
    trace = prepared(tmp_path, *rows, block_users=4)
    owners: dict[str, set[int]] = {}
    for each in everything(trace):
        owners.setdefault(str(each["hashed_fxa_uid"]), set()).add(int(str(each["block"])))
    assert len(owners) == 10
    assert all(len(blocks) == 1 for blocks in owners.values())
    for block in range(3):
        dictionaries = [
            observations["hashed_fxa_uid"].dictionary
            for day in range(3)
            for observations, _ in trace.batches(block, day)
        ]
        assert len(dictionaries) == 3
        assert all(each.equals(dictionaries[0]) for each in dictionaries)
        assert len(dictionaries[0]) == (4, 4, 2)[block]


def test_batches_are_observations_cut_to_size(tmp_path: Path) -> None:
    prepared(tmp_path, *[row("2026-01-05T00:00:00Z", f"u{k}") for k in range(25)])
    trace = Trace.open(tmp_path / "work", batch_rows=10)
    batches = [observations for observations, _ in trace.batches(0, 0)]
    assert [each.num_rows for each in batches] == [10, 10, 5]
    for each in batches:
        each.validate(full=True)
        assert each.schema.equals(OBSERVATIONS)
        assert each["platform"].dictionary.to_pylist() == list(PLATFORMS)
        assert each["device_family"].dictionary.to_pylist() == list(DEVICE_FAMILIES)
    assert [n for each in batches for n in each["ordinal"].to_pylist()] == list(range(25))


@pytest.mark.parametrize("mode", ["per-device", "placeholder"])
def test_no_raw_id_and_no_secret_is_on_disk(mode: Mode, tmp_path: Path) -> None:
    rows = [row("2026-01-05T00:00:00Z", f"u{k % 40}", f"d{k % 60}") for k in range(200)]
    prepared(tmp_path, *rows, mode=mode)
    files = [path for path in (tmp_path / "work").rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert b"raw-" not in path.read_bytes()
        assert bytes(KEY) not in path.read_bytes()
        if path.suffix == ".parquet":  # compressed, so look into it too
            columns = pq.read_table(path).to_pydict()
            assert not any("raw-" in str(value) for each in columns.values() for value in each)


def test_raw_ids_are_hashed_while_the_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also what lies on disk only while it works."""
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)
    prepared(tmp_path, *[row("2026-01-05T00:00:00Z", f"u{k}") for k in range(9)])
    staged = tmp_path / "work" / "staged.parquet"
    columns = pq.read_table(staged).to_pydict()
    assert len(columns["hashed_fxa_uid"]) == 9
    assert not any("raw-" in str(value) for each in columns.values() for value in each)


def test_a_trace_is_known_again_and_goes_to_other_processes(tmp_path: Path) -> None:
    trace = prepared(tmp_path, *[row("2026-01-05T00:00:00Z", f"u{k}") for k in range(9)])
    again = Trace.open(tmp_path / "work")
    assert again == trace == pickle.loads(pickle.dumps(trace))  # noqa: S301 - our own
    assert everything(again) == everything(trace)
    assert again.sha256 == hashlib.sha256((tmp_path / "own.ndjson").read_bytes()).hexdigest()


def test_preparing_again_gives_the_same_bytes(tmp_path: Path) -> None:
    rows = [row(f"2026-01-05T00:00:0{k % 10}Z", f"u{k % 7}") for k in range(50)]
    found = []
    for _ in range(2):
        prepared(tmp_path, *rows, block_users=3)
        found.append({p.name: p.read_bytes() for p in sorted((tmp_path / "work").iterdir())})
    assert found[0] == found[1]
    assert sorted(found[0]) == ["requests.parquet", "trace.json", "users.parquet"]


def test_a_broken_trace_leaves_nothing_that_is_taken_for_one(tmp_path: Path) -> None:
    good = row("2026-01-05T00:00:00Z", "u")
    prepared(tmp_path, good)
    with pytest.raises(BadInput, match=r"own\.ndjson: line 2: time: must be RFC 3339"):
        prepared(tmp_path, good, row("5 January", "u"))
    with pytest.raises(BadInput, match="holds no trace that was prepared to the end"):
        Trace.open(tmp_path / "work")
    with pytest.raises(BadInput, match=r"own\.ndjson: holds no request"):
        prepared(tmp_path)
    with pytest.raises(
        BadInput, match="from 2001-01-01 to 2026-01-05: a trace spans 3660 days at most"
    ):
        prepared(tmp_path, good, row("2001-01-01T00:00:00Z", "u"))
    with pytest.raises(BadInput, match=r"none\.csv: cannot be read"):
        prepare(tmp_path / "none.csv", tmp_path / "work", KEY, "per-device")
    with pytest.raises(BadInput, match="cannot be prepared here"):
        prepare(tmp_path / "own.ndjson", tmp_path / "own.ndjson" / "x", KEY, "per-device")
    assert not (tmp_path / "work" / "staged.parquet").exists()


def test_true_segments_are_kept_where_every_request_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "BATCH_ROWS", 1)
    true = {"true_platform": "firefoxios", "true_device_family": "tablet"}
    time = "2026-01-05T00:00:00Z"
    trace = prepared(
        tmp_path, row(time, "a", agent=IPAD, **true), row(time, "b", agent=IPAD, **true)
    )
    ((_, segments),) = trace.batches(0, 0)
    assert trace.knows_true_segments
    assert segments is not None
    assert segments["platform"].to_pylist() == ["firefoxios"] * 2
    assert segments["device_family"].to_pylist() == ["tablet"] * 2
    assert segments["device_family"].dictionary.to_pylist() == list(DEVICE_FAMILIES)
    trace = prepared(tmp_path, row(time, "b", agent=IPAD), row(time, "a", agent=IPAD, **true))
    assert not trace.knows_true_segments
    assert [segments for _, segments in trace.batches(0, 0)] == [None]


@pytest.mark.parametrize("name", ["own.csv", "own.parquet", "own.ndjson.gz"])
def test_simulated_requests_come_back_from_a_file_with_the_same_truth(
    name: str, tmp_path: Path
) -> None:
    scenario = load("quick", ["traffic.users=300", "traffic.days=9", "traffic.block_users=100"])
    simulator = Simulator(scenario.traffic, scenario.seed)
    blocks = [(block, day) for day in range(9) for block in range(3)]
    batches = [batch for block, day in blocks for batch in simulator.requests(block, day)]
    write_requests(batches, tmp_path / name)
    trace = prepare(tmp_path / name, tmp_path / "work", KEY, "per-device", 128)
    found = truth.total(
        truth.counts(
            truth.stacked(
                [
                    truth.seen([observations for observations, _ in trace.batches(block, day)])
                    for day in range(9)
                ]
            ),
            trace.days,
        )
        for block in range(trace.blocks)
    )
    requests = pa.Table.from_batches(batches, schema=REQUESTS)
    for question, window in (("dau", 1), ("wau", 7)):
        answers = {
            row["day"]: row["value"]
            for row in found.to_pylist()
            if (row["question"], row["segment"]) == (question, "all")
        }
        times, uids = requests["time"].to_pylist(), requests["uid"].to_pylist()
        expected = {
            day: len(
                {u for t, u in zip(times, uids, strict=True) if 0 <= (day - t.date()).days < window}
            )
            for day in trace.days[window - 1 :]
        }
        assert answers == expected


def test_the_example_is_a_trace(tmp_path: Path) -> None:
    source = resource("data", "trace", "example.csv")
    trace = prepare(source, tmp_path, KEY, "per-device")
    assert len(trace.days) == 30
    assert 50 <= trace.users <= 60
    assert 1_500 <= trace.requests <= 5_000
    assert sum(batch.num_rows for batch in read_requests(source)) == trace.requests
