"""The command line: one short function a command. Heavy modules load when a command runs."""

from __future__ import annotations

import errno
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from dauexp import __version__
from dauexp.errors import BadInput, DauexpError

app = typer.Typer(
    name="dauexp",
    help="Three ways of measuring the daily active users of a sync service, on identical traffic.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

ScenarioArgument = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="A scenario file (.toml), or a preset's name.")
]
Changes = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change one parameter; may be given again."),
]
Runs = Annotated[Path, typer.Option("--runs", help="Folder below which runs are kept.")]
RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a finished run.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
Processes = Annotated[
    int,
    typer.Option("--processes", "-j", min=1, help="Processes; the results do not depend on it."),
]
CORES = os.cpu_count() or 1


class Compiled(StrEnum):
    """Languages in which parts of options A and B are compiled."""

    RUST = "rust"


services = typer.Typer(help="Start and stop the real servers of option C.", no_args_is_help=True)
app.add_typer(services, name="services")
ServiceNames = Annotated[
    list[str] | None, typer.Argument(metavar="[SERVICE]...", help="Default: all there are.")
]


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(f"dauexp {__version__}")
        raise typer.Exit


@app.command()
def run(
    scenario: ScenarioArgument = "default",
    changes: Changes = None,
    runs: Runs = Path("runs"),
    processes: Processes = CORES,
    schedule_dir: Annotated[
        Path | None,
        typer.Option(
            "--schedule-dir",
            metavar="RUNS",
            help="Run in a dated folder there, link latest, keep a history; exit code 1 where a "
            "threshold of the scenario is crossed or a notebook fails.",
        ),
    ] = None,
    keep: Annotated[
        int, typer.Option("--keep", min=1, help="Dated folders that stay in --schedule-dir.")
    ] = 30,
    as_json: Annotated[
        bool, typer.Option("--json", help="Summary of a scheduled run as a JSON object.")
    ] = False,
) -> None:
    """Run a scenario: traffic, all options, answers, measures, notebooks and appendix."""
    from dauexp import commands

    if schedule_dir is None and as_json:
        raise BadInput("--json is for scheduled runs: give --schedule-dir too")
    if schedule_dir is None:
        commands.run(scenario, changes or [], runs, processes)
    else:
        code = commands.scheduled(
            scenario, changes or [], schedule_dir, keep, processes, as_json=as_json
        )
        raise typer.Exit(code)


@app.command()
def history(
    runs: Annotated[
        Path, typer.Argument(metavar="RUNS", help="The folder of a schedule, or of runs.")
    ],
    as_json: Json = False,
    page: Annotated[
        Path | None, typer.Option("--page", metavar="FILE", help="Write an HTML page too.")
    ] = None,
) -> None:
    """Tell how accuracy, cost and complexity moved over runs and versions; mark drift."""
    from dauexp import commands

    commands.history(runs, page, as_json=as_json)


@app.command()
def sweep(
    source: Annotated[
        str, typer.Argument(metavar="SWEEP", help="A sweep's file (.toml), or a preset's name.")
    ] = "faults",
    changes: Changes = None,
    runs: Runs = Path("runs"),
    processes: Processes = CORES,
    keep_stores: Annotated[
        bool, typer.Option("--keep-stores", help="Keep what each strategy stored, in each point.")
    ] = False,
    plan: Annotated[bool, typer.Option("--plan", help="List the points, run none.")] = False,
    as_json: Json = False,
) -> None:
    """Run many scenarios: replicates, grids, faults by strength, or a sample of all parameters."""
    from dauexp import commands

    commands.sweep(
        source, changes or [], runs, processes, stores=keep_stores, plan=plan, as_json=as_json
    )


@app.command()
def report(
    folder: RunFolder,
    weights: Annotated[
        Path | None,
        typer.Option("--weights", help="A TOML file of weights of the drivers; kept in the run."),
    ] = None,
    processes: Processes = CORES,
) -> None:
    """Make the notebooks, the figures, the appendix and the page of a finished run anew."""
    from dauexp import commands

    commands.report(folder, weights, processes)


@app.command()
def load(
    folder: RunFolder,
    contender: Annotated[str, typer.Option("--option", metavar="OPTION[:STRATEGY]")],
    rate: Annotated[str, typer.Option("--rate", help="Requests a s, min or h.")] = "190000/min",
    multiples: Annotated[
        str, typer.Option("--multiples", help="Of the rate, one after the other.")
    ] = "1,2,5,10,unpaced",
    seconds: Annotated[float, typer.Option("--seconds", help="Length of each replay.")] = 10,
    server: Annotated[
        str,
        typer.Option("--server", metavar="telegraf|telegraf-tuned|statsd", help="For packets."),
    ] = "telegraf",
    as_json: Json = False,
) -> None:
    """Replay requests of a run in real time over a real socket or pipe; the run keeps the table."""
    from dauexp import commands

    commands.load_run(folder, contender, rate, multiples, seconds, server, as_json=as_json)


@app.command()
def growth(
    folder: RunFolder,
    users: Annotated[
        str, typer.Option("--users", help="Levels, divided by commas.")
    ] = "250,500,1000,2000,4000",
    days: Annotated[str, typer.Option("--days", help="Levels.")] = "28,40,56,80,112",
    events: Annotated[
        str, typer.Option("--events", help="Levels of traffic.requests.scale.")
    ] = "1,2,4,8,16",
    questions: Annotated[
        list[str] | None,
        typer.Option("--question", help="May be given again. Default: dau, wau, mau."),
    ] = None,
    options: Annotated[
        list[str] | None,
        typer.Option(
            "--option",
            metavar="OPTION[:STRATEGY]",
            help="May be given again. Default: those of the run.",
        ),
    ] = None,
    repeats: Annotated[int, typer.Option("--repeats", min=1, help="Timings of each query.")] = 5,
    changes: Changes = None,
    processes: Processes = CORES,
    as_json: Json = False,
) -> None:
    """Measure how the cost of each query grows with the data; the run keeps the tables."""
    from dauexp import commands

    levels = {"users": users, "days": days, "events": events}
    more = [f"strategies={options}"] if options else []
    commands.growth(
        folder,
        levels,
        questions or [],
        [*(changes or []), *more],
        repeats,
        processes,
        as_json=as_json,
    )


@app.command()
def dashboard(
    strategy: Annotated[str, typer.Argument(metavar="STRATEGY")] = "field",
    changes: Changes = None,
) -> None:
    """Print a Grafana dashboard of a strategy of option C, made from its query files."""
    from dauexp.dashboard import dashboard as made
    from dauexp.scenario import load

    typer.echo(made(load(changes=changes or []), strategy), nl=False)


@app.command()
def claims(folder: RunFolder, as_json: Json = False) -> None:
    """Print the claims of the decision record, each with its verdict and evidence from a run."""
    from dauexp import commands

    commands.claims(folder, as_json=as_json)


@app.command()
def export(
    folder: RunFolder,
    form: Annotated[str, typer.Option("--to", metavar="csv|parquet|xlsx|duckdb")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Default: in the run's folder.")
    ] = None,
) -> None:
    """Write all tables of a finished run in the format of another tool."""
    from dauexp.export import export as write

    print(write(folder, form, output))


@app.command()
def options(as_json: Json = False) -> None:
    """List the options and their strategies."""
    from dauexp import commands

    commands.options(as_json=as_json)


@app.command()
def questions(as_json: Json = False) -> None:
    """List the questions, and in which languages each strategy can be asked."""
    from dauexp import commands

    commands.questions(as_json=as_json)


@app.command()
def experiments(as_json: Json = False) -> None:
    """List the experiments that a run tries beside its main comparison."""
    from dauexp import commands

    commands.experiments(as_json=as_json)


@app.command()
def scenario(
    scenario: ScenarioArgument = "default",
    changes: Changes = None,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Tell unit, range, default and source of each parameter."),
    ] = False,
) -> None:
    """Print a scenario, all defaults included, as TOML."""
    from dauexp import commands

    commands.scenario(scenario, changes or [], explain=explain)


@app.command()
def traffic(
    scenario: ScenarioArgument = "default",
    changes: Changes = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="A file .ndjson, .csv or .parquet; else NDJSON on stdout."
        ),
    ] = None,
) -> None:
    """Write the requests of a scenario."""
    from dauexp import filters

    filters.traffic(scenario, changes or [], output)


@app.command()
def emit(
    contender: Annotated[str, typer.Argument(metavar="OPTION[:STRATEGY]")],
    wrap: Annotated[
        str,
        typer.Option(
            "--as", metavar="wire|logentry", help="The bare wire, or Cloud Logging entries."
        ),
    ] = "wire",
    scenario: Annotated[
        str, typer.Option("--scenario", help="The scenario whose settings hold.")
    ] = "default",
    changes: Changes = None,
) -> None:
    """Read requests (NDJSON) on stdin, write exactly what goes on the wire."""
    from dauexp import filters

    filters.emit(contender, wrap, scenario, changes or [])


@app.command()
def ingest(
    scenario: Annotated[
        str, typer.Option("--scenario", help="The scenario whose settings hold.")
    ] = "default",
    changes: Changes = None,
) -> None:
    """Read log entries on stdin, write one JSON verdict a document."""
    from dauexp import filters

    filters.ingest(scenario, changes or [])


@app.command()
def classify() -> None:
    """Read user agents, a line each, write platform and device family as CSV."""
    from dauexp import filters

    filters.classify()


@app.command()
def aggregate(
    at: Annotated[
        int | None,
        typer.Option("--at", metavar="NANOSECONDS", help="Timestamp of the flush; else none."),
    ] = None,
) -> None:
    """Read StatsD packets, a line each, write the line protocol of one flush."""
    from dauexp import filters

    filters.aggregate(at)


@app.command()
def build(
    language: Annotated[Compiled, typer.Argument(help="What to build, once for all runs to come.")],
) -> None:
    """Build the emitter and the decoder that need a compiler, and print where they are."""
    from dauexp import commands

    assert language is Compiled.RUST
    commands.build()


@app.command()
def show(
    folder: RunFolder,
    table: Annotated[
        str, typer.Argument(help="accuracy, ledger, questions, truth, answers, cost, ...")
    ],
    as_json: Json = False,
) -> None:
    """Print a stored table of a run."""
    from dauexp import commands

    commands.show(folder, table, as_json=as_json)


@app.command()
def schema(
    as_json: Annotated[
        bool, typer.Option("--json", help="BigQuery's schema JSON by table, in place of DDL.")
    ] = False,
    scenario: Annotated[
        str, typer.Option("--scenario", help="The scenario whose settings hold.")
    ] = "default",
    changes: Changes = None,
) -> None:
    """Print the live, stable and errors tables of A and B as BigQuery knows them."""
    from dauexp import commands

    commands.schema(scenario, changes or [], as_json=as_json)


@app.command()
def audit(folder: RunFolder) -> None:
    """Check a run's files against its ledger; exit code 3 where they disagree."""
    from dauexp import commands

    commands.audit(folder)


@app.command()
def query(
    contender: Annotated[str, typer.Argument(metavar="OPTION[:STRATEGY]")],
    question: Annotated[str, typer.Argument(help="A question's id; see `dauexp questions`.")],
    folder: Annotated[
        Path, typer.Option("--run", metavar="RUN", help="The folder of a finished run.")
    ],
    as_json: Json = False,
) -> None:
    """Print the query of a question, and its answer from a run's store."""
    from dauexp import commands

    commands.query(contender, question, folder, as_json=as_json)


@services.command()
def up(names: ServiceNames = None, as_json: Json = False) -> None:
    """Start services on loopback; builds what is not there yet, minutes the first time."""
    from dauexp import commands

    commands.services_up(names or [], as_json=as_json)


@services.command()
def down(names: ServiceNames = None) -> None:
    """End services that `up` started, and remove their data."""
    from dauexp import commands

    commands.services_down(names or [])


@services.command()
def status(as_json: Json = False) -> None:
    """Tell which services run, and where; exit code 1 where one does not answer."""
    from dauexp import commands

    commands.services_status(everything=False, as_json=as_json)


@services.command()
def doctor(as_json: Json = False) -> None:
    """Tell what there is of each service, what is missing, and what to do."""
    from dauexp import commands

    commands.services_status(everything=True, as_json=as_json)


def main() -> NoReturn:
    """Runs the command line; errors become one sentence and their exit code."""
    try:
        app(standalone_mode=True)
    except DauexpError as error:
        _leave(str(error), error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if not _is_full(error):
            raise
        where = f" ({error.filename})" if isinstance(error, OSError) and error.filename else ""
        _leave(
            f"no space left on the device{where}: free some, or write elsewhere",
            BadInput.exit_code,
        )
    sys.exit(0)


def _is_full(error: Exception) -> bool:
    """Whether a disk is full: Python, Arrow and DuckDB each say so by an error of their own."""
    full = os.strerror(errno.ENOSPC)
    return getattr(error, "errno", None) == errno.ENOSPC or full in str(error)


def _leave(sentence: str, code: int) -> NoReturn:
    typer.echo(f"dauexp: {sentence}", err=True)
    sys.exit(code)
