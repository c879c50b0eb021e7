"""A run: the stages in order, each made of steps that leave files (`dauexp.stages`), so that a run
that was stopped goes on.

Folder of a run: `scenario.toml`; `work/` (what steps left, and their marks); `store/` (what each
strategy stored); `ledger.parquet`; `results/` (tables that repeat byte for byte for the same
scenario); `timings/` (those that cannot); `notebooks/`, `figures/`, `appendix.md`, `report.html`;
and last `manifest.json`, without which the folder is no result.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dauexp import experiments, ledger, manifest
from dauexp.asking import answers, settle
from dauexp.audit import write_checksums
from dauexp.crew import Crew, Job
from dauexp.errors import BadInput, Unbalanced
from dauexp.inputs import inputs
from dauexp.locking import alone
from dauexp.measures.accuracy import accuracy, summary
from dauexp.measures.capability import capability
from dauexp.measures.classification import classification
from dauexp.measures.privacy import privacy
from dauexp.measures.static import static_tables
from dauexp.measures.storage import STORAGE, storage
from dauexp.options import Contender, contenders, laws_of
from dauexp.ownquestions import asked_of, exactly, own_questions
from dauexp.pool import Pool
from dauexp.resources import notebook_file
from dauexp.results import LEDGER_FILE, REPEATABLE, TIMED
from dauexp.scenario import Scenario
from dauexp.shortage import shortages_told
from dauexp.stages import Mark, Step, begin, digest_of, inputs_of, mark_of, tables
from dauexp.store import flush_folders, read_table, replacing, scratch, write_table
from dauexp.tables import ANSWERS, TRUTH
from dauexp.temporary import SCRATCH, temporary_in
from dauexp.traffic import truth
from dauexp.traffic.source import Source, calibration, open_source, prepare_source
from dauexp.traffic.truth import Calibration
from dauexp.unit import Places, Unit, store_of, work

Progress = Callable[[str, int, int], None]
"""Told the stage, the steps done and the steps in all."""


def silent(stage: str, done: int, steps: int) -> None:
    """The progress that says nothing."""


def folder_of(scenario: Scenario, runs: Path) -> Path:
    """The folder of a scenario's run: two scenarios never share one, nor do two traces.

    Raises BadInput where the trace cannot be read.
    """
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
    process is at it, Unbalanced where the ledger does not balance, DauexpError where the memory
    does not suffice.
    """
    folder = folder_of(scenario, runs)
    run_in(scenario, folder, processes, progress)
    return folder


def run_in(
    scenario: Scenario, folder: Path, processes: int = 2, progress: Progress = silent
) -> None:
    """Runs a scenario in a folder of any name, as `run` does in that of its digest.

    Raises BadInput, Unbalanced and DauexpError as `run` does.
    """
    run_by(partial(Pool, processes), scenario, folder, progress)


def run_by(
    hired: Callable[[], AbstractContextManager[Crew]],
    scenario: Scenario,
    folder: Path,
    progress: Progress = silent,
) -> None:
    """The same with whatever crew does its steps; it is hired once the folder is taken.

    Raises BadInput, Unbalanced and DauexpError as `run` does.
    """
    known = folder_of(scenario, folder.parent).name
    folder.mkdir(parents=True, exist_ok=True)
    with (
        alone(folder / ".lock", f"{folder}: another process is running this scenario; wait for it"),
        temporary_in(folder / SCRATCH),
        shortages_told(),
        hired() as crew,
    ):
        if not manifest.path(folder).exists():
            _compute(scenario, known, folder, crew, progress)


def _compute(scenario: Scenario, known: str, folder: Path, crew: Crew, progress: Progress) -> None:
    started = manifest.now()
    places = Places(folder)
    chosen = contenders(scenario.strategies)
    cases = experiments.chosen(scenario)
    for contender in chosen:
        asked_of(scenario, contender)  # a question of one's own that is not whole is told now
    for name in scenario.report.notebooks:
        notebook_file(name)  # so is one that there is not
    begun = begin(folder, inputs(scenario, known, chosen))
    with replacing(folder / "scenario.toml") as beside:
        own = scenario.placed({kind: Path(kind) for kind in scenario.own})
        beside.write_text(own.to_toml(), encoding="utf-8")
    scenario = scenario.keep_own(folder)
    prepare_source(scenario, folder)
    source = open_source(scenario, folder)
    units = [Unit(block, day) for block in range(source.blocks) for day in range(len(source.days))]
    _prepare(scenario, chosen, progress)
    job = Job(scenario, folder, progress)
    passed = _passed(job, crew, units)
    digests = _digests(passed)
    stream = digest_of(begun, *(mark.digest for mark in passed))
    collected = _folders(passed)
    settling = partial(_settled, since=stream, collected=collected)
    settled = crew.steps("settle", job, settling, chosen, partial(_of_store, "settle"))
    entries = [read_table(places.work(kind)) for kind in ("ledger", "settled")]
    write_table(folder / LEDGER_FILE, ledger.merged(pa.concat_tables(entries)))
    check(folder, chosen)

    results = folder / REPEATABLE

    def made(name: str, since: str, make: Callable[[], dict[str, pa.Table]]) -> dict[str, pa.Table]:
        return tables(Step(folder, name, since), results, make)

    exact = made("truth", stream, partial(_truths, scenario, source, places))["truth"]
    calibrated = made("calibration", begun, partial(_calibration, source))["calibration"]
    stored = digest_of(begun, *(mark.digest for mark in settled))
    asking = partial(_answered, since=stored, earlier=Calibration.from_table(calibrated))
    given = crew.steps("questions", job, asking, chosen, partial(_of_store, "questions"))
    asked = pa.concat_tables([ANSWERS.empty_table(), *given])
    write_table(results / "answers.parquet", asked)
    compared = accuracy(asked, exact)
    write_table(results / "accuracy.parquet", compared)
    write_table(results / "accuracy_summary.parquet", summary(compared))
    write_table(results / "capability.parquet", capability(scenario, chosen, compared))
    made("static", begun, partial(static_tables, scenario, chosen))
    observed = crew.steps(
        "experiments", job, _observed, cases, lambda case: [mark_of(_trial(folder, case).name)]
    )
    for name, table in experiments.together(cases, observed).items():
        write_table(results / f"{name}.parquet", table)
    write_table(folder / TIMED / "cost.parquet", read_table(places.work("timings")))
    write_table(folder / TIMED / "storage.parquet", _storage(job, crew, chosen))
    within = collected | _folders(settled)
    made("privacy", digest_of(stream, stored), lambda: {"privacy": privacy(job, crew, within)})
    shutil.rmtree(folder / SCRATCH, ignore_errors=True)
    write_checksums(folder)
    flush_folders(folder)
    manifest.write(folder, scenario, started=started, processes=crew.processes, digests=digests)
    flush_folders(folder)


def _prepare(scenario: Scenario, chosen: Sequence[Contender], progress: Progress) -> None:
    """Lets each contender make what takes long and is kept, here, where it is seen to be made."""
    for done, contender in enumerate(chosen):
        progress("prepare", done, len(chosen))
        contender.strategy(scenario).prepare()
    progress("prepare", len(chosen), len(chosen))


def _passed(job: Job, crew: Crew, units: Sequence[Unit]) -> list[Mark]:
    """The marks of all units. Those that a run which was stopped has done are checked first, as a
    stage of their own: how fast that goes says nothing of how long the others take."""

    def needs(unit: Unit) -> list[Path]:
        return [mark_of(unit.name)]

    stages: dict[str, list[Unit]] = {"resume": [], "traffic": []}
    for unit in units:
        marked = (job.folder / mark_of(unit.name)).exists()
        stages["resume" if marked else "traffic"].append(unit)
    marks: dict[Unit, Mark] = {}
    for stage, its in stages.items():
        if its:
            marks |= zip(its, crew.steps(stage, job, work, its, needs), strict=True)
    return [marks[unit] for unit in units]


def _folders(marks: Sequence[Mark]) -> frozenset[Path]:
    """Where the files of some steps lie, below the folder of the run."""
    return frozenset(Path(name).parent for mark in marks for name in mark.files)


def _of_store(stage: str, contender: Contender) -> list[Path]:
    """What a step about a contender's store needs."""
    return [mark_of(f"{stage}.{_name(contender)}"), store_of(contender)]


def _settled(
    scenario: Scenario,
    folder: Path,
    contender: Contender,
    *,
    since: str,
    collected: Collection[Path],
) -> Mark:
    """The step that settles a contender's store. `collected` are the folders of the tables that
    units left, below that of the run."""
    places, name = Places(folder), _name(contender)
    step = Step(folder, f"settle.{name}", digest_of(since, name))
    mark = step.done()
    if mark:
        return mark
    entries = places.work("settled") / f"{name}.parquet"
    write_table(entries, settle(scenario, folder, contender))
    left = [
        path
        for path in places.store(contender).folder.rglob("*.parquet")
        if path.name == "settled.parquet" or path.parent.relative_to(folder) not in collected
    ]
    return step.finish([entries, *left])


def _answered(
    scenario: Scenario, folder: Path, contender: Contender, *, since: str, earlier: Calibration
) -> pa.Table:
    """The step that asks a contender all questions."""
    name = _name(contender)
    step = Step(folder, f"questions.{name}", digest_of(since, name))
    return tables(
        step,
        Places(folder).work("answers"),
        lambda: {name: answers(scenario, folder, earlier, contender)},
    )[name]


def _observed(scenario: Scenario, folder: Path, case: experiments.Case) -> dict[str, pa.Table]:
    """The step that tries one case of an experiment."""
    step = _trial(folder, case)
    place = Places(folder).work("experiments") / step.name

    def observe() -> Mapping[str, pa.Table]:
        with scratch():
            return experiments.observe(scenario, case)

    return tables(step, place, observe)


def _trial(folder: Path, case: experiments.Case) -> Step:
    inputs = digest_of(inputs_of(folder), *case)
    name = re.sub(r"[^A-Za-z0-9.]+", "-", ".".join(case))[:80]
    return Step(folder, f"experiment.{name}.{inputs[:8]}", inputs)


def _storage(job: Job, crew: Crew, chosen: Sequence[Contender]) -> pa.Table:
    sizes = crew.steps("storage", job, storage, chosen, lambda each: [store_of(each)])
    return pa.concat_tables([STORAGE.empty_table(), *sizes])


def _name(contender: Contender) -> str:
    return f"{contender.option.id}.{contender.strategy.name}"


def check(folder: Path, chosen: list[Contender]) -> None:
    """Raises Unbalanced where the ledger of a run does not balance."""
    broken = ledger.violations(pq.read_table(folder / LEDGER_FILE), laws_of(chosen))
    if broken:
        raise Unbalanced(
            f"{folder / LEDGER_FILE}: the ledger does not balance in {len(broken)} places; "
            f"the first: {broken[0]}"
        )


def _digests(units: Sequence[Mark]) -> dict[str, str]:
    """The digest of the whole request stream as each contender saw it: all must be equal."""
    whole = manifest.combined_digests([mark.said["digests"] for mark in units])
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


def _truths(scenario: Scenario, source: Source, places: Places) -> dict[str, pa.Table]:
    exact = _truth(source, places)
    whole = {"classification": _classification(source, places, exact)}
    own = list(own_questions(scenario.questions).values())
    if own:
        exact = pa.concat_tables([exact, exactly(own, source)])
    return {"truth": exact, **whole}


def _calibration(source: Source) -> dict[str, pa.Table]:
    return {"calibration": calibration(source).to_table()}
