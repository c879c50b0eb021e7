"""Starting and stopping the real servers of option C."""

from __future__ import annotations

from typing import Annotated

import typer

from dauexp.cli.arguments import Json

commands = typer.Typer(no_args_is_help=True)

ServiceNames = Annotated[
    list[str] | None, typer.Argument(metavar="[SERVICE]...", help="Default: all there are.")
]


@commands.command()
def up(names: ServiceNames = None, as_json: Json = False) -> None:
    """Start services on loopback; builds what is not there yet, minutes the first time."""
    from dauexp.commands import servers

    servers.up(names or [], as_json=as_json)


@commands.command()
def down(names: ServiceNames = None) -> None:
    """End services that `up` started, and remove their data."""
    from dauexp.commands import servers

    servers.down(names or [])


@commands.command()
def status(as_json: Json = False) -> None:
    """Tell which services run, and where; exit code 1 where one does not answer."""
    from dauexp.commands import servers

    servers.status(everything=False, as_json=as_json)


@commands.command()
def doctor(as_json: Json = False) -> None:
    """Tell what there is of each service, what is missing, and what to do."""
    from dauexp.commands import servers

    servers.status(everything=True, as_json=as_json)
