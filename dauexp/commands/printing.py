"""What the commands print: tables on stdout, progress on stderr."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Mapping
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from dauexp.timeleft import time_left, told

_WIDEST = 10_000


class Bars:
    """Progress bars on stderr; silent where that is no terminal."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description:>12}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[left]}"),
            console=Console(stderr=True),
            disable=not sys.stderr.isatty(),
        )
        self._tasks: dict[str, TaskID] = {}
        self._ends: dict[str, list[float]] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def __call__(self, stage: str, done: int, steps: int) -> None:
        """Shows that `done` of the `steps` of a stage are done."""
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(stage, total=steps, left="")
        ends = self._ends.setdefault(stage, [])
        if len(ends) > done:  # the stage begins, perhaps once more
            ends.clear()
        ends += [time.monotonic()] * (done + 1 - len(ends))
        left = told(time_left(ends, steps)) if 0 < done < steps else ""
        self._progress.update(self._tasks[stage], completed=done, total=steps, left=left)


def print_rows(
    rows: Iterable[Mapping[str, object]], *, as_json: bool, width: int | None = None
) -> None:
    """Prints a table, or one JSON object a row; `width` is the table's without a terminal, where it
    is as wide as it needs if none is given."""
    rows = list(rows)
    if as_json:
        for row in rows:
            print(json.dumps(row, default=str))
        return
    table = Table()
    for name in rows[0] if rows else ():
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(as_it_is(_short(value))) for value in row.values()))
    Console(width=None if sys.stdout.isatty() else width or _WIDEST).print(table)


def _short(value: object) -> object:
    """A value as a person reads it: six digits of a fraction. JSON has all."""
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 1e6 else f"{value:.6g}"
    return "" if value is None else value


def as_it_is(value: object) -> str:
    """A value as text that a terminal shows and does not obey: what cannot be printed, such as the
    escape that begins a command to it, is spelt out."""
    return "".join(
        each if each.isprintable() or each == "\n" else each.encode("unicode_escape").decode()
        for each in str(value)
    )
