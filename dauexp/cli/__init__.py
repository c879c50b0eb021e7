"""The command line: one short function a command. Heavy modules load when a command runs."""

from __future__ import annotations

import os
import sys
from typing import Annotated, NoReturn

import typer

from dauexp import __version__
from dauexp.cli import lists, making, measuring, servers, stored, streams
from dauexp.errors import DauexpError
from dauexp.shortage import shortage

app = typer.Typer(
    name="dauexp",
    help="Three ways of measuring the daily active users of a sync service, on identical traffic.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for each in (making, stored, measuring, lists, streams):
    app.add_typer(each.commands)
app.add_typer(
    servers.commands,
    name="services",
    help="Start and stop the real servers of option C.",
    rich_help_panel=measuring.PANEL,
)


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(f"dauexp {__version__}")
        raise typer.Exit


def main() -> NoReturn:
    """Runs the command line; errors become one sentence and their exit code."""
    try:
        code = _run()
    except DauexpError as error:
        _leave(str(error), error.exit_code)
    except BrokenPipeError:
        # Without a word, and as the shell tells of a program that SIGPIPE ended.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except Exception as error:
        told = shortage(error)
        if told is None:
            raise
        _leave(str(told), told.exit_code)
    sys.exit(code)


def _run() -> str | int | None:
    """Runs the command line, writes out what it printed, and gives its exit code.

    Raises BrokenPipeError where nobody reads that any more; typer and rich make it exit code 1.
    """
    try:
        app(standalone_mode=True)
    except SystemExit as leaving:
        if isinstance(leaving.__context__, BrokenPipeError):
            raise leaving.__context__ from None
        code = leaving.code
    else:
        code = 0
    print(end="", flush=True)
    return code


def _leave(sentence: str, code: int) -> NoReturn:
    typer.echo(f"dauexp: {sentence}", err=True)
    sys.exit(code)
