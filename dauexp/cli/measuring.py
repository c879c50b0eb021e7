"""Measuring more on a finished run; the run keeps the tables."""

from __future__ import annotations

from typing import Annotated

import typer

from dauexp.cli.arguments import CORES, Changes, Json, Processes, RunFolder

PANEL = "Measure more on a finished run"

commands = typer.Typer()

Contender = Annotated[
    str, typer.Option("--option", metavar="OPTION[:STRATEGY]", help="Whose emission to replay.")
]
Server = Annotated[
    str, typer.Option("--server", metavar="telegraf|telegraf-tuned|statsd", help="For packets.")
]


@commands.command(rich_help_panel=PANEL)
def load(
    folder: RunFolder,
    contender: Contender,
    rate: Annotated[str, typer.Option("--rate", help="Requests a s, min or h.")] = "190000/min",
    multiples: Annotated[
        str, typer.Option("--multiples", help="Of the rate, one after the other.")
    ] = "1,2,5,10,unpaced",
    seconds: Annotated[float, typer.Option("--seconds", help="Length of each replay.")] = 10,
    server: Server = "telegraf",
    changes: Changes = None,
    as_json: Json = False,
) -> None:
    """Replay requests of a run in real time over a real socket or pipe; the run keeps the table."""
    from dauexp.commands import measuring

    measuring.load(
        folder, contender, rate, multiples, seconds, server, changes or [], as_json=as_json
    )


@commands.command(rich_help_panel=PANEL)
def capacity(
    folder: RunFolder,
    contender: Contender,
    start: Annotated[
        str, typer.Option("--from", help="The rate to begin with: requests a s, min or h.")
    ] = "190000/min",
    seconds: Annotated[float, typer.Option("--seconds", help="Length of each replay.")] = 60,
    server: Server = "telegraf",
    changes: Changes = None,
    as_json: Json = False,
) -> None:
    """Search by bisection for the highest rate held without loss; the run keeps the table."""
    from dauexp.commands import measuring

    measuring.capacity(folder, contender, start, seconds, server, changes or [], as_json=as_json)


@commands.command(rich_help_panel=PANEL)
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
    from dauexp.commands import measuring

    levels = {"users": users, "days": days, "events": events}
    more = [f"strategies={options}"] if options else []
    measuring.growth(
        folder,
        levels,
        questions or [],
        [*(changes or []), *more],
        repeats,
        processes,
        as_json=as_json,
    )


@commands.command("days-seen", rich_help_panel=PANEL)
def days_seen(
    folder: RunFolder,
    repeats: Annotated[int, typer.Option("--repeats", min=1, help="Timings of each answer.")] = 5,
    as_json: Json = False,
) -> None:
    """Compare both ways to A's trailing windows, day by day: from documents, from days seen."""
    from dauexp.commands import measuring

    measuring.days_seen(folder, repeats, as_json=as_json)
