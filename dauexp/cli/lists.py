"""What there is: options, questions, experiments, parameters, schemas, dashboards, programs."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from dauexp.cli.arguments import Changes, Json, ScenarioArgument, SettingsOf

PANEL = "See what there is"

commands = typer.Typer()


class Compiled(StrEnum):
    """Languages in which parts of options A and B are compiled."""

    RUST = "rust"


@commands.command(rich_help_panel=PANEL)
def options(as_json: Json = False) -> None:
    """List the options and their strategies."""
    from dauexp.commands import lists

    lists.options(as_json=as_json)


@commands.command(rich_help_panel=PANEL)
def questions(as_json: Json = False) -> None:
    """List the questions, and in which languages each strategy can be asked."""
    from dauexp.commands import lists

    lists.questions(as_json=as_json)


@commands.command(rich_help_panel=PANEL)
def experiments(as_json: Json = False) -> None:
    """List the experiments that a run tries beside its main comparison."""
    from dauexp.commands import lists

    lists.experiments(as_json=as_json)


@commands.command(rich_help_panel=PANEL)
def scenario(
    scenario: ScenarioArgument = "default",
    changes: Changes = None,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Tell unit, range, default and source of each parameter."),
    ] = False,
) -> None:
    """Print a scenario, all defaults included, as TOML."""
    from dauexp.commands import lists

    lists.scenario(scenario, changes or [], explain=explain)


@commands.command(rich_help_panel=PANEL)
def schema(
    as_json: Annotated[
        bool, typer.Option("--json", help="BigQuery's schema JSON by table, in place of DDL.")
    ] = False,
    scenario: SettingsOf = "default",
    changes: Changes = None,
) -> None:
    """Print the live, stable and errors tables of A and B as BigQuery knows them."""
    from dauexp.commands import lists

    lists.schema(scenario, changes or [], as_json=as_json)


@commands.command(rich_help_panel=PANEL)
def dashboard(
    strategy: Annotated[
        str, typer.Argument(metavar="STRATEGY", help="A strategy of option C.")
    ] = "field",
    changes: Changes = None,
) -> None:
    """Print a Grafana dashboard of a strategy of option C, made from its query files."""
    from dauexp.dashboard import dashboard as made
    from dauexp.scenario import load

    typer.echo(made(load(changes=changes or []), strategy), nl=False)


@commands.command(rich_help_panel=PANEL)
def build(
    language: Annotated[Compiled, typer.Argument(help="What to build, once for all runs to come.")],
) -> None:
    """Build the emitter and the decoder that need a compiler, and print where they are."""
    from dauexp.commands import lists

    assert language is Compiled.RUST
    lists.build()
