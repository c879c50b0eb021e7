"""A run as a whole: its answers, what faults do to them, that it repeats, stops and goes on."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dauexp import manifest, unit
from dauexp.errors import BadInput, Unbalanced
from dauexp.options import Strategy
from dauexp.options.custom import OPTION as CUSTOM
from dauexp.resources import resource
from dauexp.results import finished, result, tables
from dauexp.run import folder_of, run
from dauexp.scenario import Scenario, load
from dauexp.stages import Mark
from dauexp.tables import OBSERVATIONS
from dauexp.traffic.source import Simulated

SMALL = ["traffic.users=300", "traffic.days=8", "traffic.block_users=160"]
EXACT = ("glean", "custom")


def scenario(*changes: str) -> Scenario:
    return load("quick", [*SMALL, *changes])


def observations(of: Scenario) -> pa.Table:
    """All requests of a scenario as the service sees them, in plain columns."""
    source = Simulated(of)
    batches = [
        batch.observations
        for block in range(source.blocks)
        for day in range(len(source.days))
        for batch in source.batches(block, day)
    ]
    plain = [
        pa.record_batch(
            [c.cast(pa.string()) if pa.types.is_dictionary(c.type) else c for c in b.columns],
            names=OBSERVATIONS.names,
        )
        for b in batches
    ]
    return pa.Table.from_batches(plain)


def errors(folder: Path, option: str, strategy: str, question: str) -> pa.Table:
    return result(folder, "accuracy").filter(
        (pc.field("option") == option)
        & (pc.field("strategy") == strategy)
        & (pc.field("question") == question)
    )


@pytest.mark.parametrize("option", EXACT)
def test_a_and_b_equal_the_truth_for_every_question_day_and_segment(
    small_run: Path, option: str
) -> None:
    table = result(small_run, "accuracy").filter(pc.field("option") == option)
    assert table.num_rows > 29 * 5
    wrong = [row for row in table.to_pylist() if row["answer"] != row["truth"]]
    assert not wrong


def test_set_overcounts_by_exactly_what_hosts_and_flushes_make_of_the_requests(
    small: Scenario, small_run: Path
) -> None:
    with duckdb.connect() as duck:
        duck.execute("SET TimeZone = 'UTC'")
        duck.register("requests", observations(small))
        expected = dict(
            duck.execute(
                """
                SELECT day, count(*) FROM (
                    SELECT DISTINCT time::DATE AS day, host, platform, device_family,
                           epoch_ms(time) // 10000 AS flush, hashed_fxa_uid
                    FROM requests
                ) GROUP BY day
                """
            ).fetchall()
        )
    rows = errors(small_run, "statsd", "set", "dau").to_pylist()
    assert {row["day"]: row["answer"] for row in rows} == expected
    assert all(row["relative_error"] > 0.5 for row in rows)


def test_field_is_short_by_exactly_the_users_whose_points_were_overwritten(tmp_path: Path) -> None:
    """Two points of one series and time: the later one stays. One host and a precision of seconds
    make many of them; within one block the order of writing is that of the requests."""
    coarse = scenario(
        "influxdb.precision=s",
        "strategies=['statsd:field']",
        "traffic.hosts.count=1",
        "traffic.block_users=300",
        "traffic.requests.scale=100",
    )
    with duckdb.connect() as duck:
        duck.execute("SET TimeZone = 'UTC'")
        duck.register("requests", observations(coarse))
        left = duck.execute(
            """
            SELECT day, count(DISTINCT user) FROM (
                SELECT time::DATE AS day, arg_max(hashed_fxa_uid, (time, ordinal)) AS user
                FROM requests
                GROUP BY day, host, platform, device_family, epoch_ms(time) // 1000
            ) GROUP BY day
            """
        ).fetchall()
    folder = run(coarse, tmp_path, processes=1)
    rows = errors(folder, "statsd", "field", "dau").to_pylist()
    assert {row["day"]: row["answer"] for row in rows} == dict(left)
    overwritten = result(folder, "ledger").filter(pc.field("account") == "overwritten")
    assert pc.sum(overwritten["count"]).as_py() > 100


def test_counter_is_calibrated_before_the_run_and_errs(small_run: Path) -> None:
    known = {
        (r["window_days"], r["segment"]): r["requests_per_user"]
        for r in result(small_run, "calibration").to_pylist()
    }
    requests = (
        result(small_run, "ledger")
        .filter((pc.field("strategy") == "counter") & (pc.field("account") == "generated"))
        .group_by("day")
        .aggregate([("count", "sum")])
    )
    per_day = dict(zip(requests["day"].to_pylist(), requests["count_sum"].to_pylist(), strict=True))
    rows = errors(small_run, "statsd", "counter", "dau").to_pylist()
    for row in rows:
        assert row["answer"] == pytest.approx(per_day[row["day"]] / known[1, "all"])
    assert any(abs(row["relative_error"]) > 0.01 for row in rows)


def test_with_loss_answers_fall_short_by_what_the_ledger_says(tmp_path: Path) -> None:
    lossy = scenario("faults.loss.rate=0.05", "traffic.requests.maximum=1")
    folder = run(lossy, tmp_path, processes=1)
    # With one request a user and day, each lost message is a user who is not counted.
    entries = result(folder, "ledger")
    for option, strategy in (("glean", "events"), ("custom", "events"), ("statsd", "set")):
        lost = (
            entries.filter(
                (pc.field("option") == option)
                & (pc.field("strategy") == strategy)
                & (pc.field("account") == "lost")
            )
            .group_by("day")
            .aggregate([("count", "sum")])
        )
        missing = dict(zip(lost["day"].to_pylist(), lost["count_sum"].to_pylist(), strict=True))
        rows = errors(folder, option, strategy, "dau").to_pylist()
        assert {
            r["day"]: r["truth"] - r["answer"] for r in rows if r["truth"] != r["answer"]
        } == missing
        assert sum(missing.values()) > 20


def test_duplicates_alone_change_no_answer_of_a_and_b(tmp_path: Path) -> None:
    folder = run(scenario("faults.duplication.rate=0.2"), tmp_path, processes=1)
    for option in EXACT:
        table = result(folder, "accuracy").filter(pc.field("option") == option)
        assert table["answer"].equals(table["truth"])
    accounts = {row["account"] for row in result(folder, "ledger").to_pylist()}
    assert {"duplicated", "deduplicated"} <= accounts
    assert all(
        row["relative_error"] > 0.05
        for row in errors(folder, "statsd", "counter", "dau").to_pylist()[:1]
    )


def test_one_and_two_processes_give_the_same_bytes(tmp_path: Path) -> None:
    of = scenario("traffic.days=4", "faults.loss.rate=0.01", "faults.duplication.rate=0.01")
    one = run(of, tmp_path / "one", processes=1)
    two = run(of, tmp_path / "two", processes=2)
    assert tables(one) == tables(two)
    repeatable = [*one.glob("results/*.parquet"), one / "ledger.parquet"]
    assert len(repeatable) >= 6
    for path in repeatable:
        assert path.read_bytes() == (two / path.relative_to(one)).read_bytes(), path.name
    assert manifest.read(one)["requests_digest"] == manifest.read(two)["requests_digest"]


def test_batches_and_blocks_give_the_same_truth_and_answers(tmp_path: Path) -> None:
    changes = ("traffic.days=4", "strategies=['glean','statsd:set','statsd:counter']")
    plain = run(scenario(*changes), tmp_path, processes=1)
    small = run(scenario(*changes, "traffic.batch_rows=17"), tmp_path, processes=1)
    for name in ("truth", "answers", "accuracy"):
        assert result(plain, name).equals(result(small, name))


def test_an_emitter_that_skips_one_request_fails_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strategy = CUSTOM.strategies[0]
    honest = strategy.emit

    def skipping(self: Strategy, batch: pa.RecordBatch) -> pa.RecordBatch:
        messages = honest(self, batch)
        return messages.slice(1) if batch["ordinal"][0].as_py() == 0 else messages

    monkeypatch.setattr(strategy, "emit", skipping)
    of = scenario("traffic.days=1")
    with pytest.raises(Unbalanced, match=r"custom:events on 2026-01-05 .*generated = emitted"):
        run(of, tmp_path, processes=1)
    with pytest.raises(BadInput, match="not a finished run"):
        finished(folder_of(of, tmp_path))


@pytest.mark.parametrize("moment", ["unit", "settled", "results"])
def test_a_run_that_was_stopped_goes_on_and_ends_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    of = scenario("traffic.days=4")
    whole = run(of, tmp_path / "whole", processes=1)

    calls: dict[str, int] = {}

    def stop(stage: str, done: int, steps: int) -> None:
        calls[stage] = done
        if (moment, stage, done) in {
            ("unit", "traffic", 5),
            ("settled", "settle", 2),
            ("results", "questions", 3),
        }:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(of, tmp_path / "stopped", processes=1, progress=stop)
    stopped = folder_of(of, tmp_path / "stopped")
    with pytest.raises(BadInput, match="not a finished run"):
        result(stopped, "accuracy")

    done: list[unit.Unit] = []
    work = unit.work

    def counting(scenario: Scenario, folder: Path, each: unit.Unit) -> Mark:
        if not unit.Places(folder).step(each).done():
            done.append(each)
        return work(scenario, folder, each)

    monkeypatch.setattr("dauexp.run.work", counting)
    run(of, tmp_path / "stopped", processes=1)
    assert len(done) == (3 if moment == "unit" else 0)
    for path in [*whole.glob("results/*.parquet"), whole / "ledger.parquet"]:
        assert path.read_bytes() == (stopped / path.relative_to(whole)).read_bytes(), path.name


def test_a_finished_run_is_left_alone(small: Scenario, small_run: Path) -> None:
    before = (small_run / "manifest.json").stat().st_mtime_ns
    assert run(small, small_run.parent, processes=1) == small_run
    assert (small_run / "manifest.json").stat().st_mtime_ns == before


def test_two_runs_of_one_folder_at_once(tmp_path: Path) -> None:
    of = scenario("traffic.days=1")

    def meanwhile(stage: str, done: int, steps: int) -> None:
        if (stage, done) == ("traffic", 1):
            with pytest.raises(BadInput, match="another process is running this scenario"):
                run(of, tmp_path, processes=1)

    run(of, tmp_path, processes=1, progress=meanwhile)


def test_the_manifest_says_what_made_the_run(small: Scenario, small_run: Path) -> None:
    content = finished(small_run)
    assert content["scenario_digest"] == small.digest
    assert content["packages"]["statsd"]
    for name, digest in content["results"].items():
        assert manifest.digest(small_run / "results" / f"{name}.parquet") == digest
    assert json.loads((small_run / "manifest.json").read_text()) == content


def test_a_table_that_is_not_there_is_named(small_run: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no table 'nonsense'; there are accuracy"):
        result(small_run, "nonsense")
    with pytest.raises(BadInput, match="no such folder"):
        result(tmp_path / "nowhere", "accuracy")


@pytest.mark.heavy
def test_own_traffic_goes_the_same_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trace that ships, in any order, with the first half of its days as the earlier period."""
    monkeypatch.setenv("DAUEXP_SECRET", "a secret of the service")
    example = resource("data", "trace", "example.csv")
    heading, *lines = example.read_text(encoding="utf-8").splitlines()
    backwards = tmp_path / "backwards.csv"
    backwards.write_text("\n".join([heading, *reversed(lines)]) + "\n", encoding="utf-8")
    folders = [
        run(load("quick", [f"traffic.trace={path}", "name=own"]), tmp_path / "runs", processes=1)
        for path in (example, backwards)
    ]
    assert folders[0] != folders[1]
    exact = result(folders[0], "truth")
    assert exact.equals(result(folders[1], "truth"))
    assert pc.count_distinct(exact["day"]).as_py() == 30
    for option in EXACT:
        table = result(folders[0], "accuracy").filter(pc.field("option") == option)
        assert table["answer"].equals(table["truth"])
    counted = errors(folders[0], "statsd", "counter", "dau").to_pylist()
    assert [row["answer"] is None for row in counted] == [True] * 15 + [False] * 15
    assert b"a secret of the service" not in (folders[0] / "scenario.toml").read_bytes()


def test_a_trace_that_changed_is_another_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAUEXP_SECRET", "secret")
    trace = tmp_path / "trace.csv"
    trace.write_bytes(resource("data", "trace", "example.csv").read_bytes())
    of = load("quick", [f"traffic.trace={trace}"])
    before = folder_of(of, tmp_path)
    trace.write_bytes(trace.read_bytes() + b"\n")
    assert folder_of(of, tmp_path) != before
