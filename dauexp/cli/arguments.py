"""Arguments that several commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

CORES = os.cpu_count() or 1

ScenarioArgument = Annotated[
    str, typer.Argument(metavar="SCENARIO", help="A scenario file (.toml), or a preset's name.")
]
SettingsOf = Annotated[str, typer.Option("--scenario", help="The scenario whose settings hold.")]
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
