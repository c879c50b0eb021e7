"""A run: the stages in order, each leaving files, so that a run that was stopped goes on.

Folder of a run: `scenario.toml`; `work/` (what each unit left); `store/` (what each strategy
stored); `ledger.parquet`; `results/` (tables that repeat byte for byte for the same scenario);
`timings/` (those that cannot); `notebooks/`, `figures/`, `appendix.md`, `report.html`; and last
`manifest.json`, without which the folder is no result.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dauexp import ledger, manifest
from dauexp.errors import BadInput, Unbalanced
from dauexp.ledger import CARRIAGE, GENERATION
from dauexp.measures.accuracy import accuracy, summary
from dauexp.measures.classification import classification
from dauexp.measures.static import static_tables
from dauexp.options import LEDGER_PART, Contender, contenders
from dauexp.pool import Pool
from dauexp.questions import Query, as_answers, ask, catalogue, parameters, queries
from dauexp.scenario import Scenario, load
from dauexp.store import read_table, replacing, write_table
from dauexp.tables import ANSWERS, TRUTH
from dauexp.traffic import truth
from dauexp.traffic.source import Source, calibration, open_source, prepare_source
from dauexp.unit import Places, Unit, work

Progress = Callable[[str, int, int], None]
"""Told the stage, the steps done and the steps in all."""


def silent(stage: str, done: int, steps: int) -> None:
    """The progress that says nothing."""


def folder_of(scenario: Scenario, runs: Path) -> Path:
    """The folder of a scenario's run: two scenarios never share one, nor do two traces."""
    digest = scenario.digest
    if scenario.traffic.trace is not None:
        try:
            content = manifest.digest(scenario.traffic.trace)
        except OSError as error:
            raise BadInput(
                f"traffic.trace: {scenario.traffic.trace} cannot be read ({error.strerror}): "
                "give a file of requests"
            ) from error
        digest = hashlib.sha256(f"{digest} {content}".encode()).hexdigest()
    return runs / f"{scenario.name}-{digest[:12]}"


def run(scenario: Scenario, runs: Path, processes: int = 2, progress: Progress = silent) -> Path:
    """Runs a scenario below the folder `runs` and gives the run's folder.

    A finished run is left as it is; one that was stopped goes on. Raises BadInput where another
    process is at it, Unbalanced where the ledger does not balance.
    """
    folder = folder_of(scenario, runs)
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder), Pool(processes) as pool:
        if not manifest.path(folder).exists():
            _compute(scenario, folder, pool, progress)
    return folder


def _compute(scenario: Scenario, folder: Path, pool: Pool, progress: Progress) -> None:
    started = manifest.now()
    places = Places(folder)
    with replacing(folder / "scenario.toml") as beside:
        beside.write_text(scenario.to_toml(), encoding="utf-8")
    prepare_source(scenario, folder)
    source = open_source(scenario, folder)
    units = [Unit(block, day) for day in range(len(source.days)) for block in range(source.blocks)]
    chosen = contenders(scenario.strategies)
    pool.each("traffic", partial(work, scenario, folder), units, progress)
    digests = _digests(places, units)
    settled = pool.each("settle", partial(_settle, scenario, folder), chosen, progress)
    entries = pa.concat_tables([read_table(places.work("ledger")), *settled])
    write_table(folder / "ledger.parquet", ledger.merged(entries))
    check(folder, chosen)

    exact = _truth(source, places, "seen")
    results = folder / "results"
    write_table(results / "truth.parquet", exact)
    earlier = calibration(source)
    write_table(results / "calibration.parquet", earlier.to_table())
    answers = pool.each("questions", partial(_answers, scenario, folder, earlier), chosen, progress)
    asked = pa.concat_tables([ANSWERS.empty_table(), *answers])
    write_table(results / "answers.parquet", asked)
    compared = accuracy(asked, exact)
    write_table(results / "accuracy.parquet", compared)
    write_table(results / "accuracy_summary.parquet", summary(compared))
    write_table(results / "classification.parquet", _classification(source, places, exact))
    for name, table in static_tables(scenario, chosen).items():
        write_table(results / f"{name}.parquet", table)
    write_table(folder / "timings" / "cost.parquet", read_table(places.work("timings")))
    manifest.write(folder, scenario, started=started, processes=pool.processes, digests=digests)


def check(folder: Path, chosen: list[Contender]) -> None:
    """Raises Unbalanced where the ledger of a run does not balance."""
    laws = {
        (each.option.id, each.strategy.name): (GENERATION, CARRIAGE, *each.strategy.laws)
        for each in chosen
    }
    broken = ledger.violations(pq.read_table(folder / "ledger.parquet"), laws)
    if broken:
        raise Unbalanced(
            f"{folder / 'ledger.parquet'}: the ledger does not balance in {len(broken)} places; "
            f"the first: {broken[0]}"
        )


def _digests(places: Places, units: list[Unit]) -> dict[str, str]:
    """The digest of the whole request stream as each contender saw it: all must be equal."""
    whole = manifest.combined_digests(
        [json.loads(places.done(unit).read_text(encoding="utf-8"))["digests"] for unit in units]
    )
    if len(set(whole.values())) > 1:
        raise Unbalanced(f"the options did not see the same requests: {whole}")
    return whole


def _settle(scenario: Scenario, folder: Path, contender: Contender) -> pa.Table:
    """Settles a contender's store; gives its entries in the ledger."""
    store = Places(folder).store(contender)
    accounts = []
    with ExitStack() as stack:
        writers: dict[str, pq.ParquetWriter] = {}
        for part in contender.strategy(scenario).settle(store):
            if part.table == LEDGER_PART:
                accounts.append(part.rows)
                continue
            if part.table not in writers:
                path = stack.enter_context(replacing(store.table(part.table) / "settled.parquet"))
                writer = pq.ParquetWriter(path, part.rows.schema, compression="zstd")
                writers[part.table] = stack.enter_context(writer)
            writers[part.table].write(part.rows)
    return ledger.entries(contender.option.id, contender.strategy.name, accounts)


def _answers(
    scenario: Scenario, folder: Path, earlier: truth.Calibration, contender: Contender
) -> pa.Table:
    """All answers of a contender, from what it stored."""
    tables = [
        as_answers(contender.option.id, contender.strategy.name, query, answer)
        for query, answer in _asked(scenario, folder, earlier, contender, tuple(catalogue()))
    ]
    return pa.concat_tables([ANSWERS.empty_table(), *tables])


def _asked(
    scenario: Scenario,
    folder: Path,
    earlier: truth.Calibration,
    contender: Contender,
    questions: Sequence[str],
) -> Iterator[tuple[Query, pa.Table]]:
    """The queries of some questions that the contender's database can run, with their answers."""
    strategy = contender.strategy(scenario)
    source = open_source(scenario, folder)
    constants = strategy.constants(earlier)
    first = source.days[max(0, source.earlier.stop)] if constants else source.days[0]
    named = parameters(first, source.days[-1], constants)
    with strategy.database(Places(folder).store(contender)) as database:
        for query in queries(strategy.queries):
            if query.question in questions and query.language in database.languages:
                yield query, ask(query, database, named)


def ask_again(
    folder: Path, contender: Contender, question: str
) -> Iterator[tuple[Query, pa.Table]]:
    """The queries of a question with their answers from the store of a finished run."""
    scenario = scenario_of(folder)
    earlier = truth.Calibration.from_table(result(folder, "calibration"))
    return _asked(scenario, folder, earlier, contender, (question,))


def _seen(source: Source, places: Places, column: str) -> Iterator[np.ndarray]:
    """What was seen, block by block, of shape (days, users)."""
    for block in range(source.blocks):
        days = [
            pq.read_table(
                places.work("seen") / f"{Unit(block, day).name}.parquet", columns=[column]
            )[column].to_numpy()
            for day in range(len(source.days))
        ]
        yield truth.stacked(days)


def _truth(source: Source, places: Places, column: str) -> pa.Table:
    return truth.total(
        truth.counts(days, tuple(source.days)) for days in _seen(source, places, column)
    )


def _classification(source: Source, places: Places, exact: pa.Table) -> pa.Table:
    """Empty where the true segments are not known, as in most traces."""
    parts = list(places.work("seen").glob("*.parquet"))
    known = all("truly" in pq.read_schema(path).names for path in parts)
    return classification(exact, _truth(source, places, "truly") if known else TRUTH.empty_table())


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Holds the folder's lock; a second run of it leaves at once."""
    with (folder / ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BadInput(
                f"{folder}: another process is running this scenario; wait for it"
            ) from error
        yield


def result(folder: Path, name: str) -> pa.Table:
    """A stored table of a finished run, by its name (`accuracy`, `ledger`, ...).

    Raises BadInput where the folder is no finished run or has no such table.
    """
    finished(folder)
    places = [
        folder / f"{name}.parquet",
        folder / "results" / f"{name}.parquet",
        folder / "timings" / f"{name}.parquet",
    ]
    for path in places:
        if path.is_file():
            return pq.read_table(path)
    raise BadInput(f"{folder}: no table {name!r}; there are {', '.join(tables(folder))}")


def tables(folder: Path) -> list[str]:
    """The names of the stored tables of a run."""
    paths = [
        *folder.glob("*.parquet"),
        *folder.glob("results/*.parquet"),
        *folder.glob("timings/*.parquet"),
    ]
    return sorted(path.stem for path in paths)


def finished(folder: Path) -> dict[str, Any]:
    """The manifest of a finished run. Raises BadInput where the folder is no finished run."""
    if not folder.is_dir():
        raise BadInput(f"{folder}: no such folder; give the folder of a run")
    if not manifest.path(folder).is_file():
        raise BadInput(
            f"{folder}: not a finished run (no manifest.json); run its scenario again, it goes on "
            "where it stopped"
        )
    return manifest.read(folder)


def scenario_of(folder: Path) -> Scenario:
    """The scenario of a run."""
    return load(folder / "scenario.toml")
