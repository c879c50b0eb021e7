"""Making runs: one, on a schedule, many; their history and their reports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dauexp.cli.arguments import CORES, Changes, Json, Processes, RunFolder, Runs, ScenarioArgument
from dauexp.errors import BadInput

PANEL = "Make runs"

commands = typer.Typer()


@commands.command(rich_help_panel=PANEL)
def run(
    scenario: ScenarioArgument = "default",
    changes: Changes = None,
    runs: Annotated[
        str,
        typer.Option(
            "--runs",
            help="Folder below which runs are kept; with --scheduler, one that all machines see, "
            "or a URL such as s3://BUCKET/RUNS.",
        ),
    ] = "runs",
    processes: Processes = CORES,
    scheduler: Annotated[
        str | None,
        typer.Option(
            "--scheduler",
            metavar="ADDRESS",
            help="Of a Dask scheduler, such as tcp://HOST:8786: its workers do the steps of the "
            "run; see the guide to clusters.",
        ),
    ] = None,
    schedule_dir: Annotated[
        str | None,
        typer.Option(
            "--schedule-dir",
            metavar="RUNS",
            help="Run in a dated folder there, link latest, keep a history; exit code 1 where a "
            "threshold of the scenario is crossed or a notebook fails. A folder, or a URL such as "
            "s3://BUCKET/RUNS.",
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
    from dauexp.commands import making

    if schedule_dir is None and as_json:
        raise BadInput("--json is for scheduled runs: give --schedule-dir too")
    if schedule_dir is not None and scheduler is not None:
        raise BadInput("--scheduler is for a single run: give --runs in place of --schedule-dir")
    if schedule_dir is None:
        making.run(scenario, changes or [], runs, processes, scheduler)
    else:
        code = making.scheduled(
            scenario, changes or [], schedule_dir, keep, processes, as_json=as_json
        )
        raise typer.Exit(code)


@commands.command(rich_help_panel=PANEL)
def init(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A new folder; its name is that of the service.")
    ],
    name: Annotated[
        str | None, typer.Option("--name", help="Name of the service, if another than DIR's.")
    ] = None,
) -> None:
    """Write a starter project for a service of your own: registry, scenario and questions."""
    from dauexp.commands import making

    making.init(folder, name)


@commands.command(rich_help_panel=PANEL)
def history(
    runs: Annotated[
        str, typer.Argument(metavar="RUNS", help="A folder of runs, or a schedule's folder or URL.")
    ],
    as_json: Json = False,
    page: Annotated[
        Path | None, typer.Option("--page", metavar="FILE", help="Write an HTML page too.")
    ] = None,
) -> None:
    """Tell how accuracy, cost and complexity moved over runs and versions; mark drift."""
    from dauexp.commands import making

    making.history(runs, page, as_json=as_json)


@commands.command(rich_help_panel=PANEL)
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
    from dauexp.commands import making

    making.sweep(
        source, changes or [], runs, processes, stores=keep_stores, plan=plan, as_json=as_json
    )


@commands.command(rich_help_panel=PANEL)
def report(
    folder: RunFolder,
    weights: Annotated[
        Path | None,
        typer.Option("--weights", help="A TOML file of weights of the drivers; kept in the run."),
    ] = None,
    processes: Processes = CORES,
) -> None:
    """Make the notebooks, the figures, the appendix and the page of a finished run anew."""
    from dauexp.commands import making

    making.report(folder, weights, processes)
