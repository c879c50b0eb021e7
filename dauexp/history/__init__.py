"""The history of a folder of runs: what each found and cost, over time and versions.

A scheduled run adds its line to `history.ndjson`, which outlives the run's folder. Other finished
runs in the folder are measured when they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
import pyarrow.compute as pc

from dauexp import manifest
from dauexp.errors import BadInput
from dauexp.options import Contender, contenders
from dauexp.results import result, scenario_of
from dauexp.scenario import Scenario
from dauexp.settings import Thresholds
from dauexp.store import replacing

FILE = "history.ndjson"


class Entry(msgspec.Struct, frozen=True):
    """One run."""

    run: str
    """Name of its folder."""
    started: str
    """RFC 3339 in UTC; entries are in its order."""
    scenario: str
    """Name of the scenario."""
    comparable: str
    """Digest of the scenario without its thresholds: runs of one are like for like."""
    version: str
    """Of dauexp, with the commit where it is known."""
    measures: dict[str, float]
    """By name, `MEASURE CONTENDER`, or `MEASURE` for that of the whole run. `error`: mean absolute
    relative error of DAU. `wire bytes`, `cpu us`: of a request. `complexity`: mean Halstead volume,
    in bits, of the SQL queries. `cpu seconds`: of all requests and contenders."""


def measured(folder: Path) -> Entry:
    """The entry of a finished run. Raises BadInput where the folder is none."""
    scenario, made = scenario_of(folder), manifest.read(folder)
    commit = made.get("git_commit")
    return Entry(
        run=folder.name,
        started=made["started"],
        scenario=scenario.name,
        comparable=comparable(scenario),
        version=f"{made['dauexp']}{f'+{commit[:10]}' if commit else ''}",
        measures=dict(_measures(folder, contenders(scenario.strategies))),
    )


def comparable(scenario: Scenario) -> str:
    """Digest of a scenario without its thresholds, which change no result."""
    return scenario.model_copy(update={"thresholds": Thresholds()}).digest


def history(top: Path) -> list[Entry]:
    """The entries of all runs in a folder, in the order in which they were started.

    Raises BadInput where there is no such folder, it has no run, or its history is broken.
    """
    if not top.is_dir():
        raise BadInput(f"{top}: no such folder; give the folder of a schedule or of runs")
    known = {entry.run: entry for entry in read(top)}
    for folder in sorted(top.iterdir()):
        if not folder.is_symlink() and folder.name not in known and _is_run(folder):
            known[folder.name] = measured(folder)
    if not known:
        raise BadInput(f"{top}: holds no finished run")
    return sorted(known.values(), key=lambda entry: (entry.started, entry.run))


def read(top: Path) -> list[Entry]:
    """The entries that scheduled runs left. Raises BadInput where the file is broken."""
    path = top / FILE
    return decoded(path.read_bytes() if path.exists() else b"", str(path))


def decoded(content: bytes, name: str) -> list[Entry]:
    """The entries in the content of a file of that name. Raises BadInput where it is broken."""
    try:
        return [msgspec.json.decode(line, type=Entry) for line in content.splitlines()]
    except msgspec.DecodeError as error:
        raise BadInput(f"{name}: not a history, one JSON object a line: {error}") from error


def encoded(entries: Iterable[Entry]) -> bytes:
    """Entries as the content of a file, one JSON object a line."""
    return b"".join(msgspec.json.encode(each) + b"\n" for each in entries)


def write(top: Path, entries: Iterable[Entry]) -> None:
    """Puts entries in the place of those that scheduled runs left."""
    content = encoded(entries)
    with replacing(top / FILE) as beside:
        beside.write_bytes(content)


def add(top: Path, entry: Entry) -> None:
    """Adds an entry, or puts it in the place of that of the same run."""
    write(top, [*(each for each in read(top) if each.run != entry.run), entry])


def _is_run(folder: Path) -> bool:
    return manifest.path(folder).is_file() and (folder / "results" / "accuracy.parquet").is_file()


def _measures(folder: Path, chosen: Sequence[Contender]) -> Iterator[tuple[str, float]]:
    accuracy, cost, complexity = (
        result(folder, name) for name in ("accuracy", "cost", "complexity")
    )
    stages = [name for name in cost.column_names if name.endswith("cpu_seconds")]
    total = 0.0
    for each in chosen:
        mine = (pc.field("option") == each.option.id) & (pc.field("strategy") == each.strategy.name)
        dau = accuracy.filter(
            mine
            & (pc.field("question") == "dau")
            & (pc.field("language") == "sql")
            & (pc.field("variant") == "")
        )
        error = pc.mean(pc.abs(dau["relative_error"])).as_py()
        if error is not None:
            yield f"error {each.label}", error
        spent = cost.filter(mine)
        requests = pc.sum(spent["requests"]).as_py()
        seconds = sum(pc.sum(spent[name]).as_py() for name in stages)
        total += seconds
        if requests:
            yield f"wire bytes {each.label}", pc.sum(spent["wire_bytes"]).as_py() / requests
            yield f"cpu us {each.label}", 1e6 * seconds / requests
        queries = complexity.filter(mine & (pc.field("language") == "sql"))
        volume = pc.mean(queries["volume_bits"]).as_py()
        if volume is not None:
            yield f"complexity {each.label}", volume
    yield "cpu seconds", total
