"""What the commands on runs do, below the command line: find, call, print."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from dauexp import experiments as trials
from dauexp import options as contract
from dauexp import questions as catalogue
from dauexp.asking import ask_again
from dauexp.audit import audit as audit_run
from dauexp.errors import BadInput, DauexpError, Unbalanced
from dauexp.explain import explained
from dauexp.ingest import bigquery
from dauexp.ingest.names import snake_case
from dauexp.ingest.rustreader import rust_library
from dauexp.load import load as measure_load
from dauexp.load import paces
from dauexp.options.glean import REGISTRY, GleanEvents
from dauexp.options.glean.rustbuild import rust_program
from dauexp.report import make
from dauexp.report.claims import judged
from dauexp.report.content import shown
from dauexp.report.frames import USERS, frames, label
from dauexp.report.weighing import WEIGHTS_FILE, load_weights, weighed
from dauexp.results import finished, result, scenario_of
from dauexp.run import run as run_scenario
from dauexp.scenario import load, parsed
from dauexp.services import doctor, state


def run(scenario: str, changes: Sequence[str], runs: Path, processes: int) -> None:
    """Runs a scenario and makes its report; prints where it is and what it found."""
    with _Bars() as bars:
        folder = run_scenario(load(scenario, changes), runs, processes, bars)
        make(folder, processes, bars)
    _print_summary(folder)


def scheduled(
    scenario: str, changes: Sequence[str], top: Path, keep: int, processes: int, *, as_json: bool
) -> int:
    """Makes the next run of a schedule, prints its summary and gives its exit code."""
    from dauexp import schedule

    with _Bars() as bars:
        summary = schedule.scheduled(load(scenario, changes), top, keep, processes, bars)
    print(msgspec.json.encode(summary).decode() if as_json else summary.line)
    return summary.exit_code


def history(top: Path, page: Path | None, *, as_json: bool) -> None:
    """Prints the history of a folder of runs, with what drifts; writes the page too."""
    from dauexp import history as past
    from dauexp.history.page import page as drawn
    from dauexp.history.table import contender_rows, measure_rows
    from dauexp.store import replacing

    entries = past.history(top)
    rows = measure_rows(entries) if as_json else contender_rows(entries)
    _print_rows(rows, as_json=as_json, width=160)
    if page is not None:
        with replacing(page) as beside:
            beside.write_text(drawn(entries), encoding="utf-8")


def sweep(
    source: str,
    changes: Sequence[str],
    runs: Path,
    processes: int,
    *,
    stores: bool,
    plan: bool,
    as_json: bool,
) -> None:
    """Runs a sweep and prints what it found, or only its points; an error where a point failed."""
    from dauexp.sweep import load_sweep, run_sweep
    from dauexp.sweep.summary import figures, heading, planned, told

    chosen, base = load_sweep(source, changes)
    if plan:
        _print_rows(planned(chosen, base), as_json=as_json)
        return
    with _Bars() as bars:
        folder = run_sweep(chosen, base, runs, processes, stores=stores, progress=bars)
    if as_json:
        _print_rows(figures(folder), as_json=True)
    else:
        print(heading(folder))
        _print_rows(told(folder), as_json=False, width=160)
        print(f"sweep   {folder}")
    failed = [row for row in result(folder, "points").to_pylist() if row["failed"]]
    if failed:
        raise DauexpError(
            f"{len(failed)} of {result(folder, 'points').num_rows} points failed, the first: "
            f"{failed[0]['failed']} (run `dauexp show {folder} points` for all; the sweep tries "
            "them again when it is run again)"
        )


def report(folder: Path, weights: Path | None, processes: int) -> None:
    """Makes the report of a finished run anew; a file of weights is checked, then kept in it."""
    finished(folder)
    if weights is not None:
        weighed(frames(folder), load_weights(weights))
        shutil.copyfile(weights, folder / WEIGHTS_FILE)
    with _Bars() as bars:
        make(folder, processes, bars, anew=True)
    print(folder / "report.html")


def load_run(
    folder: Path,
    contender: str,
    rate: str,
    multiples: str,
    seconds: float,
    server: str,
    *,
    as_json: bool,
) -> None:
    """Replays requests of a run in real time and prints what was sent, received and lost."""
    chosen = contract.contenders([contender])
    if len(chosen) > 1:
        labels = ", ".join(each.label for each in chosen)
        raise BadInput(f"--option {contender!r} has several strategies: give one of {labels}")
    every = paces(rate, multiples)
    with _Bars() as bars:
        measured = measure_load(folder, chosen[0], every, seconds, server, bars)
    _print_rows(
        measured.to_pylist() if as_json else map(_told, measured.to_pylist()), as_json=as_json
    )


def _told(row: Mapping[str, Any]) -> dict[str, object]:
    """A row of a load, in few columns for a person."""
    delays = (row["latency_p50_us"], row["latency_p99_us"])
    return {
        "to": row["receiver"],
        "pace": row["pace"],
        "sent/s": f"{row['sent_per_second']:,.0f}",
        "sent": f"{row['sent']:,}",
        "received": f"{row['received']:,}",
        "lost": f"{row['lost']:,} ({row['lost_share']:.2%})",
        "kernel drops": "" if row["kernel_drops"] is None else f"{row['kernel_drops']:,}",
        "p50, p99": "" if None in delays else "{:,.0f}, {:,.0f} \N{MICRO SIGN}s".format(*delays),
    }


def growth(
    folder: Path,
    levels: Mapping[str, str],
    questions: Sequence[str],
    changes: Sequence[str],
    repeats: int,
    processes: int,
    *,
    as_json: bool,
) -> None:
    """Measures how the cost of each query grows, and prints the exponents."""
    from dauexp.growth import growth as measure_growth
    from dauexp.growth.grid import numbers

    settings = {factor: numbers(text, factor) for factor, text in levels.items()}
    asked = questions or list(USERS)
    with _Bars() as bars:
        changed = dict(map(parsed, changes))
        fitted = measure_growth(folder, settings, asked, changed, repeats, processes, bars)
    rows = fitted.to_pylist()
    _print_rows(rows if as_json else map(_grown, rows), as_json=as_json, width=160)


def _grown(row: Mapping[str, Any]) -> dict[str, object]:
    """A row of fits, in few columns for a person."""
    between = "" if row["low"] is None else f"{row['low']:.2f} to {row['high']:.2f}"
    return {
        "of": label(row["option"], row["strategy"]),
        "question": ".".join(filter(None, (row["question"], row["variant"], row["language"]))),
        "measure": row["measure"],
        "by": row["factor"],
        "exponent": f"{row['exponent']:.2f}",
        "95 % interval": between,
    }


def claims(folder: Path, *, as_json: bool) -> None:
    """Prints the claims with what a run says of each."""
    rows = [
        {
            "claim": each.claim.id,
            "text": each.claim.text,
            "verdict": each.verdict,
            "evidence": each.claim.cannot
            or "; ".join(f"{said.test.what}: {shown(said)}" for said in each.evidence),
        }
        for each in judged(frames(folder))
    ]
    _print_rows(rows, as_json=as_json)


def build() -> None:
    """Builds what there is in Rust, and prints where it is."""
    if sys.stderr.isatty():
        print("building the Rust emitter and decoder: minutes the first time", file=sys.stderr)
    print(rust_program(REGISTRY))
    print(rust_library())


def options(*, as_json: bool) -> None:
    """Lists the options and their strategies."""
    rows = [
        {
            "option": each.option.id,
            "letter": each.option.letter,
            "title": each.option.title,
            "strategy": each.strategy.name,
            "summary": each.strategy.summary,
        }
        for each in contract.contenders()
    ]
    _print_rows(rows, as_json=as_json)


def questions(*, as_json: bool) -> None:
    """Lists the questions with the languages in which each strategy has a query."""
    scenario = load()
    rows = []
    for contender in contract.contenders():
        for query in catalogue.queries(contender.strategy(scenario).queries):
            question = catalogue.catalogue()[query.question]
            rows.append(
                {
                    "question": question.id,
                    "title": question.title,
                    "unit": question.unit,
                    "contender": contender.label,
                    "variant": query.variant,
                    "language": query.language if query.possible else "impossible",
                }
            )
    _print_rows(rows, as_json=as_json)


def experiments(*, as_json: bool) -> None:
    """Lists the experiments with their tables and how many cases each tries by default."""
    standard = trials.smaller(load())
    rows = [
        {
            "experiment": each.name,
            "summary": each.summary,
            "tables": ", ".join(each.tables),
            "cases": len(each.cases(standard)),
        }
        for each in trials.experiments().values()
    ]
    _print_rows(rows, as_json=as_json)


def scenario(scenario: str, changes: Sequence[str], *, explain: bool) -> None:
    """Prints a scenario as TOML, or explains its parameters."""
    loaded = load(scenario, changes)
    if not explain:
        print(loaded.to_toml(), end="")
        return
    _print_rows(explained(loaded), as_json=not sys.stdout.isatty())


def show(folder: Path, table: str, *, as_json: bool) -> None:
    """Prints a stored table of a run; `questions` is the summary of all answers' errors."""
    name = "accuracy_summary" if table == "questions" else table
    _print_rows(result(folder, name).to_pylist(), as_json=as_json)


def schema(scenario: str, changes: Sequence[str], *, as_json: bool) -> None:
    """Prints the tables of ingestion: statements that create them, or their schemas as JSON."""
    strategy = GleanEvents(load(scenario, changes))
    kinds = bigquery.tables(strategy.decoder.table)
    if as_json:
        print(json.dumps({kind: bigquery.schema_json(each) for kind, each in kinds.items()}))
        return
    application = snake_case(strategy.scenario.glean.application_id)
    for kind, each in kinds.items():
        print(bigquery.ddl(application, kind, strategy.ping, each))


def audit(folder: Path) -> None:
    """Says what is wrong with a run's files, or that nothing is."""
    wrong = audit_run(folder)
    for sentence in wrong:
        print(sentence)
    if wrong:
        raise Unbalanced(f"{folder}: the audit found {len(wrong)} faults")
    print(f"{folder}: all files are as they were written, and the ledger balances")


def query(contender: str, question: str, folder: Path, *, as_json: bool) -> None:
    """Prints the queries of a question and their answers from a run's store."""
    finished(folder)
    if question not in catalogue.catalogue():
        raise BadInput(
            f"{question!r} is no question: give one of {', '.join(catalogue.catalogue())}"
        )
    chosen = contract.contenders([contender])
    if len(chosen) > 1:
        raise BadInput(
            f"{contender!r} has several strategies: give one of "
            f"{', '.join(each.label for each in chosen)}"
        )
    impossible = [each for each in _queries(chosen[0], question) if not each.possible]
    for reason in impossible:
        raise BadInput(f"{chosen[0].label} cannot be asked {question}: {reason.text.strip()}")
    for asked, answer in ask_again(folder, chosen[0], question):
        if not as_json:
            print(f"-- {asked.path.name}\n{asked.text}")
        _print_rows(answer.to_pylist(), as_json=as_json)


def services_up(names: Sequence[str], *, as_json: bool) -> None:
    """Starts services and prints where they are."""
    if sys.stderr.isatty():
        print("starting; what has to be built first takes minutes", file=sys.stderr)
    addresses = state.up(names)
    rows = [{"service": name, "address": doctor.shown(each)} for name, each in addresses.items()]
    _print_rows(rows, as_json=as_json)


def services_down(names: Sequence[str]) -> None:
    """Ends services and prints which."""
    ended = state.down(names)
    print(f"ended: {', '.join(ended)}" if ended else "nothing ran")


def services_status(*, everything: bool, as_json: bool) -> None:
    """Prints what there is of the services; an error where one should answer and does not."""
    findings = doctor.doctor() if everything else doctor.status()
    _print_rows([msgspec.structs.asdict(each) for each in findings], as_json=as_json)
    unwell = [each.service for each in findings if each.unwell]
    if unwell:
        raise DauexpError(f"not well: {', '.join(unwell)}; the table says what to do")


def _queries(contender: contract.Contender, question: str) -> list[catalogue.Query]:
    every = catalogue.queries(contender.strategy(load()).queries)
    return [query for query in every if query.question == question]


class _Bars:
    """Progress bars on stderr; silent where that is no terminal."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description:>12}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=not sys.stderr.isatty(),
        )
        self._tasks: dict[str, object] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def __call__(self, stage: str, done: int, steps: int) -> None:
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(stage, total=steps)
        self._progress.update(self._tasks[stage], completed=done)  # type: ignore[arg-type]


SUMMARISED = ("dau", "wau", "mau")


def _print_summary(folder: Path) -> None:
    """What a run found: the mean and the worst error of each contender's answers."""
    summary = [row for row in result(folder, "accuracy_summary").to_pylist() if not row["variant"]]
    errors = {
        (row["option"], row["strategy"], row["question"]): row
        for row in summary
        if row["segment"] == "all"
    }
    table = Table("", *map(str.upper, SUMMARISED))
    for contender in contract.contenders(scenario_of(folder).strategies):
        key = (contender.option.id, contender.strategy.name)
        cells = [_error(errors.get((*key, question))) for question in SUMMARISED]
        table.add_row(f"{contender.option.letter}  {contender.label}", *cells)
    print("Mean error against the exact truth, and the worst day's:")
    Console(width=None if sys.stdout.isatty() else 100).print(table)
    print(f"run     {folder}\npage    {folder / 'report.html'}\nrecord  {folder / 'appendix.md'}")


def _error(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return "cannot be asked"
    if row["mean_relative_error"] is None:
        return "no answer"
    return f"{row['mean_relative_error']:+.2%}  (worst {row['worst_absolute_error']:.2%})"


def _print_rows(
    rows: Iterable[Mapping[str, object]], *, as_json: bool, width: int | None = None
) -> None:
    """`width` is that of a table where there is no terminal."""
    rows = list(rows)
    if as_json:
        for row in rows:
            print(json.dumps(row, default=str))
        return
    table = Table()
    for name in rows[0] if rows else ():
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    Console(width=None if sys.stdout.isatty() else width).print(table)
