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
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dauexp import experiments, ledger, manifest
from dauexp.asking import answers, settle
from dauexp.audit import write_checksums
from dauexp.errors import BadInput, Unbalanced
from dauexp.measures.accuracy import accuracy, summary
from dauexp.measures.classification import classification
from dauexp.measures.privacy import privacy
from dauexp.measures.static import static_tables
from dauexp.options import Contender, contenders, laws_of
from dauexp.pool import Pool
from dauexp.results import LEDGER_FILE, REPEATABLE, TIMED
from dauexp.scenario import Scenario
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
    units = [Unit(block, day) for block in range(source.blocks) for day in range(len(source.days))]
    chosen = contenders(scenario.strategies)
    _prepare(scenario, chosen, progress)
    pool.each("traffic", partial(work, scenario, folder), units, progress)
    digests = _digests(places, units)
    settled = pool.each("settle", partial(settle, scenario, folder), chosen, progress)
    write_table(places.work("settled") / "ledger.parquet", pa.concat_tables(settled))
    entries = pa.concat_tables([read_table(places.work("ledger")), *settled])
    write_table(folder / LEDGER_FILE, ledger.merged(entries))
    check(folder, chosen)

    exact = _truth(source, places)
    results = folder / REPEATABLE
    write_table(results / "truth.parquet", exact)
    earlier = calibration(source)
    write_table(results / "calibration.parquet", earlier.to_table())
    given = pool.each("questions", partial(answers, scenario, folder, earlier), chosen, progress)
    asked = pa.concat_tables([ANSWERS.empty_table(), *given])
    write_table(results / "answers.parquet", asked)
    compared = accuracy(asked, exact)
    write_table(results / "accuracy.parquet", compared)
    write_table(results / "accuracy_summary.parquet", summary(compared))
    write_table(results / "classification.parquet", _classification(source, places, exact))
    for name, table in static_tables(scenario, chosen).items():
        write_table(results / f"{name}.parquet", table)
    cases = experiments.chosen(scenario)
    observed = pool.each("experiments", partial(experiments.observe, scenario), cases, progress)
    for name, table in experiments.together(cases, observed).items():
        write_table(results / f"{name}.parquet", table)
    write_table(folder / TIMED / "cost.parquet", read_table(places.work("timings")))
    write_table(results / "privacy.parquet", privacy(scenario, folder, pool, progress))
    write_checksums(folder)
    manifest.write(folder, scenario, started=started, processes=pool.processes, digests=digests)


def _prepare(scenario: Scenario, chosen: Sequence[Contender], progress: Progress) -> None:
    """Lets each contender make what takes long and is kept, here, where it is seen to be made."""
    for done, contender in enumerate(chosen):
        progress("prepare", done, len(chosen))
        contender.strategy(scenario).prepare()
    progress("prepare", len(chosen), len(chosen))


def check(folder: Path, chosen: list[Contender]) -> None:
    """Raises Unbalanced where the ledger of a run does not balance."""
    broken = ledger.violations(pq.read_table(folder / LEDGER_FILE), laws_of(chosen))
    if broken:
        raise Unbalanced(
            f"{folder / LEDGER_FILE}: the ledger does not balance in {len(broken)} places; "
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


def _truth(source: Source, places: Places) -> pa.Table:
    seen, devices = (_seen(source, places, column) for column in ("seen", "devices"))
    return truth.total(
        truth.counts(days, tuple(source.days), on) for days, on in zip(seen, devices, strict=True)
    )


def _truly(source: Source, places: Places) -> pa.Table:
    """The same by the true segments."""
    return truth.total(
        truth.counts(days, tuple(source.days)) for days in _seen(source, places, "truly")
    )


def _classification(source: Source, places: Places, exact: pa.Table) -> pa.Table:
    """Empty where the true segments are not known, as in most traces."""
    parts = list(places.work("seen").glob("*.parquet"))
    known = all("truly" in pq.read_schema(path).names for path in parts)
    return classification(exact, _truly(source, places) if known else TRUTH.empty_table())


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
