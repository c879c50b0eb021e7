"""No raw id and no secret is anywhere: and the measure that says so would see one."""

from __future__ import annotations

import base64
import json
import logging
import shutil
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dauexp.crew import Job
from dauexp.errors import BadInput
from dauexp.measures.needles import Needles
from dauexp.measures.privacy import (
    OWN,
    PRIVACY,
    STEPS,
    Found,
    privacy,
    search,
    secret_forms,
    sought,
)
from dauexp.options import contenders
from dauexp.pool import Pool
from dauexp.report import make
from dauexp.results import result
from dauexp.run import run, silent
from dauexp.scenario import Scenario, load
from dauexp.store import write_table
from dauexp.traffic.files import read_requests, write_requests
from dauexp.traffic.identity import load_secret
from dauexp.traffic.requests import Simulator

T = TypeVar("T")
R = TypeVar("R")

NOTHING = Found(frozenset(), frozenset())
FAULTS = (
    "faults.malformed.rate=0.1",
    "faults.truncated.rate=0.1",
    "faults.duplication.rate=0.1",
    "faults.delay.rate=0.1",
    "faults.loss.rate=0.05",
    "faults.statsd_restart.at=2026-01-05T12:00:00Z",
)


@pytest.fixture(scope="module")
def damaged() -> Scenario:
    """A run in which everything goes wrong that can."""
    size = ["traffic.users=60", "traffic.days=8", "experiments.run=[]"]
    return load("quick", [*size, *FAULTS, "report.notebooks=['03_accuracy']"])


@pytest.fixture(scope="module")
def folder(damaged: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(damaged, tmp_path_factory.mktemp("runs"), processes=1)


def test_nothing_is_found_in_a_damaged_run(damaged: Scenario, folder: Path) -> None:
    table = result(folder, "privacy")
    assert table.schema.equals(PRIVACY)
    stores = {(row["option"], row["strategy"]) for row in table.to_pylist() if row["option"]}
    assert stores == {(each.option.id, each.strategy.name) for each in contenders()}
    assert {"errors", "results", "work"} <= set(table["place"].to_pylist())
    assert pc.min(table["ids_searched"]).as_py() > 100
    assert pc.sum(table["raw_ids_found"]).as_py() == pc.sum(table["secrets_found"]).as_py() == 0
    assert search(folder, sought(damaged)) == NOTHING


@pytest.mark.heavy
def test_nothing_is_found_in_its_report(damaged: Scenario, folder: Path) -> None:
    make(folder, 1, silent)
    assert {path.suffix for path in folder.rglob("*")} >= {".html", ".md", ".svg", ".ipynb"}
    assert search(folder, sought(damaged)) == NOTHING


def planted(scenario: Scenario) -> list[tuple[bytes, str]]:
    people = Simulator(scenario.traffic, scenario.seed).population(0)
    secret = load_secret(scenario.identity, scenario.seed, simulated=True)
    return [
        (people.uids[3].as_py().encode(), "raw_ids"),
        (people.device_ids[5].as_py().encode(), "raw_ids"),
        *((form, "secrets") for form in secret_forms(secret)),
    ]


@pytest.mark.parametrize("which", range(7))
@pytest.mark.parametrize("suffix", [".parquet", ".log", ".html", ".ipynb", ""])
def test_one_that_is_planted_is_found(
    which: int, suffix: str, damaged: Scenario, tmp_path: Path
) -> None:
    text, kind = planted(damaged)[which]
    place = tmp_path / "deep" / f"a{suffix}"
    place.parent.mkdir()
    if suffix == ".parquet":
        write_table(place, pa.table({"x": pa.array([[b"of " + text + b" it"]])}))
    elif suffix == ".ipynb":
        cell = {"outputs": [text.decode(errors="replace")]}
        place.write_text(json.dumps({"cells": [cell]}), encoding="utf-8")
    else:
        place.write_bytes(b"<p>" + text + b"</p>")
    found = search(tmp_path, sought(damaged))
    if which == 2 and suffix == ".ipynb":
        return  # a secret of any bytes is not written as text
    assert getattr(found, kind) == {text}


def test_the_table_tells_where_it_was_found(damaged: Scenario, tmp_path: Path) -> None:
    (uid, _), *_ = planted(damaged)
    table = tmp_path / "store" / "statsd" / "field" / "written" / "a.parquet"
    write_table(table, pa.table({"user": [uid.decode()]}))
    for name in OWN:
        (tmp_path / name).touch()
    with Pool(1) as pool:
        job = Job(damaged, tmp_path, silent)
        rows = privacy(job, pool, {table.parent.relative_to(tmp_path)}).to_pylist()
    assert [(r["strategy"], r["place"]) for r in rows if r["raw_ids_found"]] == [
        ("field", "written")
    ]


TABLES = tuple(Path("store", "glean", "events", name) for name in ("live", "stable"))


def _write(folder: Path, scenario: Scenario, tables: Sequence[Path], files: int) -> None:
    """A run's own files, empty, and so many of each table, the first with a raw id."""
    (uid, _), *_ = planted(scenario)
    for name in OWN:
        (folder / name).touch()
    for table, index in product(tables, range(files)):
        text = uid.decode() if index == 0 else "nothing"
        write_table(folder / table / f"{index}.parquet", pa.table({"user": [text]}))


def _found_in(table: pa.Table) -> dict[str, int]:
    return {row["place"]: row["raw_ids_found"] for row in table.to_pylist() if row["option"]}


def test_a_file_of_two_tables_is_read_once_and_told_of_both(
    damaged: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live, stable = (tmp_path / table for table in TABLES)
    _write(tmp_path, damaged, TABLES[:1], 2)
    stable.mkdir()
    for name in ("0.parquet", "1.parquet"):
        (stable / name).hardlink_to(live / name)
    shutil.copyfile(live / "1.parquet", stable / "copy.parquet")
    (stable / "0.html").hardlink_to(live / "0.parquet")
    read = list[str]()

    def found_in(needles: Needles, path: Path) -> set[bytes]:
        read.append(path.name)
        return search_in(needles, path)

    search_in = Needles.found_in
    monkeypatch.setattr(Needles, "found_in", found_in)
    with Pool(1) as pool:
        table = privacy(Job(damaged, tmp_path, silent), pool, TABLES)
    assert _found_in(table) == {"live": 1, "stable": 1}
    assert Counter(read) == Counter(["0.parquet", "1.parquet", "copy.parquet", "0.html", *OWN])


def test_the_files_of_a_table_are_spread_over_few_steps(damaged: Scenario, tmp_path: Path) -> None:
    _write(tmp_path, damaged, TABLES, 50)
    told = list[tuple[str, int, int]]()
    with Pool(1) as pool:
        job = Job(damaged, tmp_path, lambda *step: told.append(step))
        assert _found_in(privacy(job, pool, TABLES)) == {"live": 1, "stable": 1}
    assert told == [("privacy", done, STEPS) for done in range(STEPS + 1)]


class _Elsewhere:
    """A crew that sees another folder, with what each step says it needs and nothing else."""

    processes = 2

    def __init__(self, theirs: Path, top: Path) -> None:
        self._theirs, self._top = theirs, top

    def steps(
        self,
        stage: str,
        job: Job,
        function: Callable[[Scenario, Path, T], R],
        tasks: Sequence[T],
        needs: Callable[[T], Sequence[Path]],
    ) -> list[R]:
        results = []
        for index, task in enumerate(tasks):
            folder = self._top / f"{stage}-{index}"
            for name in needs(task):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                whole = (self._theirs / name).is_dir()
                (shutil.copytree if whole else shutil.copyfile)(self._theirs / name, folder / name)
            results.append(function(job.scenario, folder, task))
        return results


@pytest.mark.parametrize("client", ["theirs", "here"])
def test_tables_are_searched_where_the_workers_are(
    client: str, damaged: Scenario, tmp_path: Path
) -> None:
    """Be they on the client, too, as in a folder that all see, or not, as those at a URL."""
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    _write(theirs, damaged, TABLES, 9)
    crew = _Elsewhere(theirs, tmp_path)
    table = privacy(Job(damaged, tmp_path / client, silent), crew, TABLES)
    assert _found_in(table) == {"live": 1, "stable": 1}


def test_ids_of_an_own_trace_and_its_secret_are_looked_for(
    damaged: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAUEXP_SECRET", "quite a secret")
    trace = tmp_path / "trace.csv"
    write_requests(Simulator(damaged.traffic, 1).requests(0, 0), trace)
    own = load("quick", [f"traffic.trace={trace}"])
    (tmp_path / "leak").write_bytes(base64.b64encode(b"quite a secret"))
    found = search(tmp_path, sought(own))
    assert len(found.raw_ids) > 10
    assert found.secrets == {base64.b64encode(b"quite a secret").rstrip(b"=")}


@pytest.mark.parametrize("label", [each.label for each in contenders()])
def test_a_failure_on_the_way_tells_no_raw_id_and_no_secret(
    label: str, damaged: Scenario, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An error in the middle of the requests, which repeats all that the option has at hand."""
    (contender,) = contenders([label])
    scenario = damaged.model_copy(update={"strategies": (label,)})
    emit, calls = contender.strategy.emit, iter(range(9))

    def broken(self: Any, observations: pa.RecordBatch) -> pa.RecordBatch:
        messages = emit(self, observations)
        if next(calls) < 2:
            return messages
        raise ValueError(f"{self.scenario} {observations.to_pylist()} {messages.to_pylist()}")

    with pytest.MonkeyPatch.context() as patch, caplog.at_level(logging.DEBUG):
        patch.setattr(contender.strategy, "emit", broken)
        with pytest.raises(ValueError, match="hashed_fxa_uid") as raised:
            run(scenario, tmp_path, processes=1)
    told = "".join(traceback.format_exception(raised.value))
    (tmp_path / "traceback.log").write_text(told, encoding="utf-8")
    (tmp_path / "log.log").write_text(caplog.text, encoding="utf-8")
    assert (tmp_path / "traceback.log").stat().st_size > 1000
    assert search(tmp_path, sought(scenario)) == NOTHING


@pytest.mark.parametrize("column", ["time", "host"])
def test_a_fault_in_an_own_trace_is_told_without_its_ids(column: str, tmp_path: Path) -> None:
    row = {"time": "2026-01-05T00:00:00Z", "uid": "a-raw-uid", "device_id": "a-raw-device"}
    row |= {"user_agent": "x", "host": "h", column: ""}
    trace = tmp_path / "trace.csv"
    trace.write_text(",".join(row) + "\n" + ",".join(row.values()) + "\n", encoding="utf-8")
    with pytest.raises(BadInput, match=column) as raised:
        list(read_requests(trace))
    assert "a-raw" not in "".join(traceback.format_exception(raised.value))


def test_short_ids_are_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DAUEXP_SECRET", "short")
    trace = tmp_path / "trace.csv"
    trace.write_text(
        "time,uid,device_id,user_agent,host\n2026-01-05T00:00:00.000Z,17,4,x,h\n", encoding="utf-8"
    )
    what = sought(load("quick", [f"traffic.trace={trace}"]))
    assert what.secrets == {b"short".hex().encode(), b"short".hex().upper().encode()}
    assert len(what.needles) == len(what.secrets)
