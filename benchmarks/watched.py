"""A run that is watched, stage by stage, in a process tree of its own.

Its account is kept in a file beside the run, every second or few: a run that was killed goes on,
and so does its account, but for what the kill undid.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Final

import msgspec
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.watch import Used, Watch
from dauexp.options import contenders
from dauexp.results import result
from dauexp.run import folder_of, run
from dauexp.scenario import Scenario, load
from dauexp.store import replacing, scratch
from dauexp.unit import Places

TOLD: Final = {
    "resume": "traffic",
    "traffic": "traffic",
    "settle": "settle",
    "questions": "questions",
}
"""Stages that a run tells of, and as what they count here."""
AFTER: Final = {"settle": "truth", "questions": "rest"}
"""What a run does when a stage is done, until it tells of the next."""
ANSWERED: Final = ("traffic", "settle", "truth", "questions")
"""The stages from requests to answers; `rest` is the search for raw ids, and the checksums."""
ASKED: Final = ("dau", "dau_by_platform", "dau_by_device_family")


class Account(msgspec.Struct):
    """What a run used, in all sittings: processes that were at it one after another."""

    used: dict[str, Used] = {}
    """By stage."""
    sittings: int = 0
    requests: int | None = None
    """None as long as the run is not finished."""
    stored_bytes: int = 0
    """Of all tables of its store, one of several names counted once."""
    worst_error: float = 0.0
    """Of the answers to `ASKED`, as a fraction."""

    def of(self, *stages: str) -> Used:
        """What some stages used; all, if none is named."""
        return sum((self.used.get(each, Used()) for each in stages or self.used), Used())


def watched(scenario: Scenario, runs: Path, processes: int) -> Account:
    """The account of a run of one contender, which is made, or ended, if it is not there."""
    file = _file(scenario, runs)
    account = _read(file)
    if account.requests is None:
        file.parent.mkdir(parents=True, exist_ok=True)
        planned = file.with_suffix(".toml")
        planned.write_text(scenario.to_toml(), encoding="utf-8")
        module = [sys.executable, "-m", "benchmarks.watched"]
        subprocess.run([*module, str(planned), str(runs), str(processes)], check=True)
        account = _read(file)
    return account


def main(scenario: Scenario, runs: Path, processes: int) -> None:
    """Runs a scenario, or goes on with it, and keeps the account."""
    _end_with_parent()
    for contender in contenders(scenario.strategies):
        contender.strategy(scenario).prepare()  # what is compiled is so beforehand
    folder, file = folder_of(scenario, runs), _file(scenario, runs)
    before = _read(file)

    def account() -> Account:
        used = dict(before.used)
        for stage, its in watch.used.items():
            used[stage] = used.get(stage, Used()) + its
        return Account(used, before.sittings + 1)

    def progress(stage: str, done: int, steps: int) -> None:
        if stage in TOLD and done in {0, steps}:
            watch.turn(AFTER.get(stage, "rest") if done == steps else TOLD[stage])

    with Watch(folder, lambda: _write(file, account()), "rest") as watch:
        run(scenario, runs, processes, progress)
    whole = account()
    ledger = pq.read_table(folder / "ledger.parquet")
    generated = ledger.filter(pc.field("account") == "generated")
    whole.requests = pc.sum(generated["count"]).as_py() or 0
    (contender,) = contenders(scenario.strategies)
    store = {each.stat().st_ino: each for each in _files(Places(folder).store(contender).folder)}
    whole.stored_bytes = sum(each.stat().st_size for each in store.values())
    summary = result(folder, "accuracy_summary")
    errors = summary.filter(pc.field("question").isin(ASKED))["worst_absolute_error"]
    whole.worst_error = pc.max(errors).as_py() or 0.0
    _write(file, whole)


def _files(folder: Path) -> list[Path]:
    return [each for each in folder.rglob("*") if each.is_file()]


def _file(scenario: Scenario, runs: Path) -> Path:
    folder = folder_of(scenario, runs)
    return folder.with_name(f"{folder.name}.json")


def _read(file: Path) -> Account:
    return msgspec.json.decode(file.read_bytes(), type=Account) if file.exists() else Account()


def _write(file: Path, account: Account) -> None:
    with scratch(), replacing(file) as beside:
        beside.write_bytes(msgspec.json.encode(account))


def _end_with_parent() -> None:
    """Ends this process soon after the one that started it."""
    parent = os.getppid()

    def wait() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


if __name__ == "__main__":
    planned, place, number = sys.argv[1:]
    main(load(planned), Path(place), int(number))
