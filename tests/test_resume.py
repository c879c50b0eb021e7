"""A run that was stopped, at whatever moment, goes on and ends the same.

Killed: `test_resume_killed.py`; for want of disk or memory: `test_shortage.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
import pytest

from dauexp import experiments, store
from dauexp.audit import audit
from dauexp.experiments import Experiment
from dauexp.run import folder_of, run
from dauexp.scenario import Scenario, load
from dauexp.stages import Step, begin, inputs_of, tables
from dauexp.temporary import SCRATCH, chosen

FLUSH = store.flush


class Squares(Experiment):
    """An experiment that takes no time."""

    name = "squares"
    summary = "squares of numbers"
    tables: ClassVar[Mapping[str, pa.Schema]] = {"squares": pa.schema([("square", pa.int64())])}

    def cases(self, scenario: Scenario) -> Sequence[str]:
        return ["1", "2", "3"]

    def observe(self, scenario: Scenario, case: str, scratch: Path) -> Mapping[str, pa.Table]:
        assert scratch.is_relative_to(chosen() or "/nowhere"), "a temporary folder of the run"
        assert not any(scratch.iterdir())
        return {"squares": pa.table({"square": [int(case) ** 2]})}


@pytest.fixture(scope="module", autouse=True)
def quick_parts() -> Iterator[None]:
    """What takes long and is the same in all these runs is not measured."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(experiments, "experiments", lambda: {"squares": Squares()})
        patch.setattr("dauexp.run.static_tables", lambda *_: {"software": pa.table({"a": [1]})})
        yield


@pytest.fixture(scope="module")
def tiny() -> Scenario:
    return load(
        "quick",
        [
            "traffic.users=40",
            "traffic.days=2",
            "traffic.block_users=25",
            "strategies=['custom','statsd:set']",
            "experiments.run=['squares']",
        ],
    )


@pytest.fixture(scope="module")
def undisturbed(tiny: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tiny, tmp_path_factory.mktemp("undisturbed"), processes=1)


def repeatable(folder: Path) -> dict[str, bytes]:
    """What must be equal byte for byte."""
    files = [*folder.glob("results/*.parquet"), folder / "ledger.parquet", folder / "scenario.toml"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def stopping_after(writes: int) -> Callable[[Path], None]:
    """Flushes files to the disk, but is stopped at the last of some."""
    left = iter(range(writes))

    def flush(path: Path) -> None:
        if path.is_file() and next(left, None) is None:
            raise KeyboardInterrupt
        FLUSH(path)

    return flush


def test_stopped_again_and_again_it_goes_on_and_ends_the_same(
    tiny: Scenario, undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped, writes = 0, 14
    while True:
        monkeypatch.setattr(store, "flush", stopping_after(writes))
        with suppress(KeyboardInterrupt):
            folder = run(tiny, tmp_path, processes=1)
            break
        stopped += 1
        assert stopped < 20, "it does not go on"
    assert stopped >= 4
    assert repeatable(folder) == repeatable(undisturbed)
    assert audit(folder) == []
    assert not [*folder.rglob(".*.part"), *folder.rglob(".spill*"), *folder.rglob("scratch")]


@pytest.mark.parametrize("kind", ["store/**/0*.parquet", "work/answers/*"])
def test_what_was_changed_or_lost_meanwhile_is_made_again(
    tiny: Scenario,
    undisturbed: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    def stop(stage: str, done: int, steps: int) -> None:
        if (stage, done) == ("experiments", 0):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tiny, tmp_path, processes=1, progress=stop)
    changed, lost, *_ = sorted(folder_of(tiny, tmp_path).glob(kind))
    changed.write_bytes(changed.read_bytes()[:-9])
    lost.unlink()
    folder = run(tiny, tmp_path, processes=1)
    assert repeatable(folder) == repeatable(undisturbed)


def test_a_step_is_done_once_for_the_same_inputs(tmp_path: Path) -> None:
    made = []

    def make() -> dict[str, pa.Table]:
        made.append(True)
        return {"numbers": pa.table({"number": [len(made)]})}

    for inputs, times in (("a", 1), ("a", 1), ("b", 2), ("b", 2)):
        given = tables(Step(tmp_path, "step", inputs), tmp_path / "results", make)
        assert given["numbers"]["number"].to_pylist() == [times]
    (tmp_path / "work" / "done" / "step.json").write_text("{", encoding="utf-8")
    assert tables(Step(tmp_path, "step", "b"), tmp_path / "results", make)
    assert len(made) == 3


def test_other_inputs_begin_anew_and_the_same_go_on(tmp_path: Path) -> None:
    first = begin(tmp_path, {"code": 1})
    assert first == inputs_of(tmp_path)
    kept = tmp_path / "results" / "table.parquet"
    left = tmp_path / "store" / "glean" / ".table.parquet.7.part"
    spill = tmp_path / "store" / "glean" / ".spill-x"
    scratch = tmp_path / SCRATCH
    for path in (kept, left / "part", spill / "block", scratch / "x" / "ids"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    assert begin(tmp_path, {"code": 1}) == first
    assert kept.exists()
    assert not left.exists()
    assert not spill.exists()
    assert not scratch.exists()
    assert begin(tmp_path, {"code": 2}) != first
    assert not kept.exists()


def test_a_run_with_another_secret_does_not_mix_two_kinds_of_ids(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = load(
        "quick",
        ["traffic.users=20", "traffic.days=2", "strategies=['custom']", "experiments.run=[]"],
    )

    def stop(stage: str, done: int, steps: int) -> None:
        if (stage, done) == ("traffic", 1):
            raise KeyboardInterrupt

    monkeypatch.setenv("DAUEXP_SECRET", "one")
    with pytest.raises(KeyboardInterrupt):
        run(of, tmp_path, processes=1, progress=stop)
    before = inputs_of(folder_of(of, tmp_path))
    monkeypatch.setenv("DAUEXP_SECRET", "another")
    with pytest.raises(KeyboardInterrupt):
        run(of, tmp_path, processes=1, progress=stop)
    assert inputs_of(folder_of(of, tmp_path)) != before
    assert b"another" not in (folder_of(of, tmp_path) / "work" / "inputs.json").read_bytes()
