"""Looking into a finished run, and taking its tables elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dauexp.cli.arguments import Json, RunFolder

PANEL = "Look into a finished run"

commands = typer.Typer()


@commands.command(rich_help_panel=PANEL)
def show(
    folder: RunFolder,
    table: Annotated[
        str, typer.Argument(help="accuracy, ledger, questions, truth, answers, cost, ...")
    ],
    explain: Annotated[
        bool, typer.Option("--explain", help="Tell unit and meaning of each column instead.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Print a stored table of a run."""
    from dauexp.commands import stored

    stored.show(folder, table, explain=explain, as_json=as_json)


@commands.command(rich_help_panel=PANEL)
def query(
    contender: Annotated[
        str, typer.Argument(metavar="OPTION[:STRATEGY]", help="Whose store; see `dauexp options`.")
    ],
    question: Annotated[str, typer.Argument(help="A question's id; see `dauexp questions`.")],
    folder: Annotated[
        Path, typer.Option("--run", metavar="RUN", help="The folder of a finished run.")
    ],
    as_json: Json = False,
) -> None:
    """Print the query of a question, and its answer from a run's store."""
    from dauexp.commands import stored

    stored.query(contender, question, folder, as_json=as_json)


@commands.command(rich_help_panel=PANEL)
def claims(folder: RunFolder, as_json: Json = False) -> None:
    """Print the claims of the decision record, each with its verdict and evidence from a run."""
    from dauexp.commands import stored

    stored.claims(folder, as_json=as_json)


@commands.command(rich_help_panel=PANEL)
def audit(folder: RunFolder) -> None:
    """Check a run's files against its ledger; exit code 3 where they disagree."""
    from dauexp.commands import stored

    stored.audit(folder)


@commands.command(rich_help_panel=PANEL)
def export(
    folder: RunFolder,
    form: Annotated[
        str, typer.Option("--to", metavar="csv|parquet|xlsx|duckdb|bigquery", help="The format.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Default: in the run's folder.")
    ] = None,
) -> None:
    """Write all tables of a finished run in the format of another tool; for BigQuery, the tables
    of events that A and B stored, with their queries."""
    from dauexp.export import export as write

    print(write(folder, form, output))
