"""The stages as filters: standard input to standard output."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dauexp.cli.arguments import Changes, ScenarioArgument, SettingsOf

PANEL = "Use a stage as a filter"

commands = typer.Typer()


@commands.command(rich_help_panel=PANEL)
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
    from dauexp.commands import streams

    streams.traffic(scenario, changes or [], output)


@commands.command(rich_help_panel=PANEL)
def emit(
    contender: Annotated[
        str, typer.Argument(metavar="OPTION[:STRATEGY]", help="Whose wire; see `dauexp options`.")
    ],
    wrap: Annotated[
        str,
        typer.Option(
            "--as", metavar="wire|logentry", help="The bare wire, or Cloud Logging entries."
        ),
    ] = "wire",
    scenario: SettingsOf = "default",
    changes: Changes = None,
) -> None:
    """Read requests (NDJSON) on stdin, write exactly what goes on the wire."""
    from dauexp.commands import streams

    streams.emit(contender, wrap, scenario, changes or [])


@commands.command(rich_help_panel=PANEL)
def ingest(
    scenario: SettingsOf = "default",
    changes: Changes = None,
) -> None:
    """Read log entries on stdin, write one JSON verdict a document."""
    from dauexp.commands import streams

    streams.ingest(scenario, changes or [])


@commands.command(rich_help_panel=PANEL)
def classify() -> None:
    """Read user agents, a line each, write platform and device family as CSV."""
    from dauexp.commands import streams

    streams.classify()


@commands.command(rich_help_panel=PANEL)
def aggregate(
    at: Annotated[
        int | None,
        typer.Option("--at", metavar="NANOSECONDS", help="Timestamp of the flush; else none."),
    ] = None,
) -> None:
    """Read StatsD packets, a line each, write the line protocol of one flush."""
    from dauexp.commands import streams

    streams.aggregate(at)
