"""A sweep from its points to its tables: resumed, in any order and number of processes, whatever
fails."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dauexp import manifest
from dauexp.audit import audit
from dauexp.errors import BadInput
from dauexp.results import result, tables
from dauexp.run import folder_of, run
from dauexp.scenario import Scenario
from dauexp.sweep import load_sweep, run_sweep
from dauexp.sweep.plan import Sweep, points
from dauexp.sweep.point import BESIDE, Outcome, make

TIMED = {"cost", "runs"}


class Steps:
    """A progress that remembers how many steps there were to do."""

    def __init__(self) -> None:
        self.steps = 0

    def __call__(self, stage: str, done: int, steps: int) -> None:
        self.steps = steps


def written(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "results").iterdir()}


def test_a_sweep_leaves_tables_a_manifest_and_checksums(swept: Path) -> None:
    assert {"points", "settings", "errors", "ledger", "replicates", "robustness"} <= set(
        tables(swept)
    )
    assert manifest.read(swept)["points"] == 4
    assert manifest.read(swept)["failed"] == 0
    assert audit(swept) == []
    rows = result(swept, "points").to_pylist()
    assert [(row["setting"], row["replicate"], row["seed"]) for row in rows] == [
        (0, 0, 1),
        (0, 1, 2),
        (1, 0, 1),
        (1, 1, 2),
    ]


def test_the_errors_are_those_of_ordinary_runs(
    plan: tuple[Sweep, Scenario], swept: Path, tmp_path: Path
) -> None:
    last = points(*plan)[-1]
    alone = result(run(last.scenario, tmp_path, processes=1), "accuracy")
    errors = result(swept, "errors").to_pandas()
    mine = errors[(errors["setting"] == 1) & (errors["replicate"] == 1)]
    assert mine[alone.column_names].reset_index(drop=True).equals(alone.to_pandas())


def test_loss_is_told_in_robustness_with_the_share_that_was_lost(swept: Path) -> None:
    rows = result(swept, "robustness").to_pylist()
    assert {(row["fault"], row["strength"]) for row in rows} == {("none", 0.0), ("loss", 0.5)}
    lost = {row["lost_share"] for row in rows if row["fault"] == "loss"}
    assert all(0.3 < share < 0.7 for share in lost)
    assert {row["lost_share"] for row in rows if row["fault"] == "none"} == {0.0}
    dau = [row for row in rows if row["question"] == "dau" and row["fault"] == "loss"]
    assert all(row["difference"] == row["mean_relative_error"] < 0 for row in dau)


def test_a_point_is_an_ordinary_run_without_its_stores(
    plan: tuple[Sweep, Scenario], swept: Path, runs: Path
) -> None:
    folder = folder_of(points(*plan)[0].scenario, runs / "sweeps" / "points")
    assert {path.name for path in folder.iterdir()} == {
        ".lock",
        "checksums.sha256",
        "ledger.parquet",
        "manifest.json",
        "results",
        "scenario.toml",
        "timings",
    }
    assert audit(folder) == []
    copy = shutil.copytree(folder, runs / "damaged")
    (copy / "ledger.parquet").unlink()
    assert any("ledger.parquet is gone" in said for said in audit(copy))


def test_a_sweep_that_is_run_again_runs_nothing_and_gives_the_same_bytes(
    plan: tuple[Sweep, Scenario], swept: Path, runs: Path
) -> None:
    before, steps = written(swept), Steps()
    assert run_sweep(*plan, runs, processes=1, progress=steps) == swept
    assert steps.steps == 0
    assert written(swept) == before


def test_a_sweep_that_was_stopped_does_what_is_missing_and_clears_up(
    plan: tuple[Sweep, Scenario], swept: Path, runs: Path
) -> None:
    before, steps = written(swept), Steps()
    kept = runs / "sweeps" / "points"
    shutil.rmtree(folder_of(points(*plan)[2].scenario, kept))
    unfinished = folder_of(points(*plan)[0].scenario, kept)
    manifest.path(unfinished).unlink()
    (kept / f"{BESIDE}crashed").mkdir()
    run_sweep(*plan, runs, processes=1, progress=steps)
    assert steps.steps == 2
    assert written(swept) == before
    assert not list(kept.glob(f"{BESIDE}*"))


def test_a_sweep_that_grows_keeps_its_points(
    plan: tuple[Sweep, Scenario], swept: Path, runs: Path
) -> None:
    sweep, base = plan
    steps = Steps()
    larger = run_sweep(
        sweep.model_copy(update={"replicates": 3}), base, runs, processes=1, progress=steps
    )
    assert steps.steps == 2
    assert larger != swept
    assert set(result(larger, "replicates")["replicates"].to_pylist()) == {3}


def test_a_point_of_other_code_is_run_anew(
    plan: tuple[Sweep, Scenario], swept: Path, runs: Path
) -> None:
    folder = folder_of(points(*plan)[0].scenario, runs / "sweeps" / "points")
    path = manifest.path(folder)
    as_it_was = path.read_text(encoding="utf-8")
    path.write_text(as_it_was.replace('"dauexp": "', '"dauexp": "0.0.0-'), encoding="utf-8")
    steps = Steps()
    run_sweep(*plan, runs, processes=1, progress=steps)
    assert steps.steps == 1
    assert "0.0.0-" not in path.read_text(encoding="utf-8")


def test_the_order_of_the_points_changes_no_byte(
    plan: tuple[Sweep, Scenario], swept: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "sweeps" / "points"
    kept.mkdir(parents=True)
    for point in reversed(points(*plan)):
        assert make(kept, point.scenario) == Outcome()
    assert written(run_sweep(*plan, tmp_path, processes=1)) == written(swept)


@pytest.mark.heavy
def test_the_number_of_processes_changes_no_byte(
    plan: tuple[Sweep, Scenario], swept: Path, tmp_path: Path
) -> None:
    assert written(run_sweep(*plan, tmp_path, processes=2)) == written(swept)


def test_a_point_that_fails_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    path = tmp_path / "failing.toml"
    path.write_text(
        'name = "failing"\nreplicates = 1\n[changes]\ntraffic.users = 5\ntraffic.days = 1\n'
        '[grid]\nstrategies = [["nonsense"], ["custom"]]\n',
        encoding="utf-8",
    )
    sweep, base = load_sweep(str(path))
    folder = run_sweep(sweep, base, tmp_path, processes=1)
    failed = result(folder, "points")["failed"].to_pylist()
    assert failed[0].startswith("'nonsense' is no option or strategy")
    assert failed[1] == ""
    assert manifest.read(folder)["failed"] == 1
    assert set(result(folder, "replicates")["setting"].to_pylist()) == {1}
    only = sweep.model_copy(update={"grid": {"strategies": (("nonsense",),)}})
    steps = Steps()
    folder = run_sweep(only, base, tmp_path, processes=1, progress=steps)
    assert steps.steps == 1
    assert tables(folder) == sorted(
        ["cost", "errors", "ledger", "parameters", "points", "runs", "settings"]
    )


def test_stores_are_kept_when_asked_for(
    plan: tuple[Sweep, Scenario], swept: Path, runs: Path
) -> None:
    sweep, base = plan
    one = sweep.model_copy(update={"replicates": 1, "vary": ()})
    steps = Steps()
    run_sweep(one, base, runs, processes=1, stores=True, progress=steps)
    folder = folder_of(points(one, base)[0].scenario, runs / "sweeps" / "points")
    assert steps.steps == 1
    assert (folder / "store" / "custom").is_dir()
    assert audit(folder) == []


def test_two_sweeps_at_once_in_one_folder_are_refused(
    plan: tuple[Sweep, Scenario], tmp_path: Path
) -> None:
    def another(stage: str, done: int, steps: int) -> None:
        with pytest.raises(BadInput, match="another process is at a sweep there"):
            run_sweep(*plan, tmp_path, processes=1)

    only = plan[0].model_copy(update={"replicates": 1, "vary": ()})
    run_sweep(only, plan[1], tmp_path, processes=1, progress=another)


def test_a_sample_gives_the_tables_of_sensitivity_and_all_are_documented(
    swept: Path, checkout: Path, tmp_path: Path
) -> None:
    path = tmp_path / "sample.toml"
    path.write_text(
        'name = "sample"\nreplicates = 1\n[changes]\ntraffic.days = 1\n'
        'strategies = ["custom", "statsd:tag", "statsd:set"]\n'
        "[sample]\ncount = 4\ndraw = [\n"
        '{key = "traffic.users", low = 5, high = 20, integer = true},\n'
        '{key = "faults.malformed.rate", low = 0.1, high = 0.9, share = 0.5},\n]\n',
        encoding="utf-8",
    )
    folder = run_sweep(*load_sweep(str(path)), tmp_path, processes=1)
    assert {"ranking", "orders", "agreement", "flips"} <= set(tables(folder))
    assert "replicates" not in tables(folder)
    text = (checkout / "docs" / "sweeps.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in text for name in {*tables(folder), *tables(swept)} - TIMED)
    parameters = result(folder, "parameters").to_pandas()
    assert sorted(parameters["parameter"].unique()) == ["faults.malformed.rate", "traffic.users"]
    assert set(result(folder, "agreement")["settings"].to_pylist()) <= {1, 2, 3, 4}
