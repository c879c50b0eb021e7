"""The tables of a run as data frames, with the names under which charts and pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pandas as pd
import pyarrow as pa

from dauexp import results
from dauexp.options import options
from dauexp.questions import catalogue
from dauexp.report.suppression import without_small

USERS = ("dau", "wau", "mau")
"""The questions that a report is about."""

Frames = Mapping[str, pd.DataFrame]
"""Tables of a run by name, each with the columns that `named` adds."""


@cache
def label(option: str, strategy: str) -> str:
    """The contender's label, `OPTION` or `OPTION:STRATEGY`, as the command line takes it."""
    known = options().get(option)
    single = known is not None and len(known.strategies) == 1
    return option if single else f"{option}:{strategy}"


@cache
def display(option: str, strategy: str) -> str:
    """The contender as people read it: the option's letter in the record, and its label. Rows of
    what all contenders share, which have no option, are the run's."""
    if not option:
        return "the run"
    known = options().get(option)
    return f"{known.letter} {label(option, strategy)}" if known else label(option, strategy)


def named(table: pa.Table) -> pd.DataFrame:
    """The table as a data frame with dates as text (2026-01-05), and, for a table by contenders,
    the columns `label` and `contender` (to be shown), and `query` for one by queries."""
    frame: pd.DataFrame = table.to_pandas()
    if "day" in frame:
        frame["day"] = frame["day"].astype(str)
    if {"option", "strategy"} <= set(frame):
        pairs = list(zip(frame["option"], frame["strategy"], strict=True))
        frame["label"] = [label(*pair) for pair in pairs]
        frame["contender"] = [display(*pair) for pair in pairs]
    if {"variant", "language"} <= set(frame):
        frame["query"] = [
            ".".join(filter(None, pair))
            for pair in zip(frame["variant"], frame["language"], strict=True)
        ]
    return frame


def frame(folder: Path, name: str) -> pd.DataFrame:
    """One table of a finished run by its name. Raises BadInput where there is none."""
    return named(results.result(folder, name))


def frames(folder: Path) -> dict[str, pd.DataFrame]:
    """All tables of a finished run, without the segments that its scenario leaves out of reports.

    Raises BadInput where the folder is no finished run.
    """
    return without_small(whole_frames(folder), results.scenario_of(folder).report.min_segment)


def whole_frames(folder: Path) -> dict[str, pd.DataFrame]:
    """All tables of a finished run, as they are stored. Raises BadInput where it is none."""
    results.finished(folder)
    return {name: frame(folder, name) for name in results.tables(folder)}


def contenders(of: Frames) -> pd.DataFrame:
    """The contenders of a run, one row each (option, strategy, label, contender), as the ledger
    has them, in the order of their letters and strategies."""
    columns = ["option", "strategy", "label", "contender"]
    known = [(o.id, s.name) for o in options().values() for s in o.strategies]
    rows = of["ledger"][columns].drop_duplicates().to_dict("records")
    rows.sort(key=lambda row: _position((row["option"], row["strategy"]), known))
    return pd.DataFrame(rows, columns=columns)


def ordered(of: Frames, name: str) -> pd.DataFrame:
    """A table by contenders in their order, its rows of one contender as they are stored."""
    order = {who: n for n, who in enumerate(contenders(of)["contender"])}
    return of[name].sort_values("contender", key=lambda who: who.map(order), kind="stable")


def _position(pair: tuple[str, str], known: list[tuple[str, str]]) -> tuple[int, tuple[str, str]]:
    return (known.index(pair) if pair in known else len(known), pair)


def main_questions(of: Frames) -> list[str]:
    """The questions of `USERS` that have an answer at all: a run of a few days has no MAU."""
    return [question for question in USERS if question in set(of["truth"]["question"])]


def title(question: str) -> str:
    """The title of a question, or its id where the catalogue has it no more."""
    return catalogue()[question].title if question in catalogue() else question


def short(question: str) -> str:
    """The id of a question as people write it: `DAU by platform`."""
    first, *rest = question.split("_")
    return " ".join([first.upper() if first in USERS else first.capitalize(), *rest])
