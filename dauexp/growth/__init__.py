"""How the cost of each query grows with users, days and events: runs of a grid, asked repeatedly.

Each point of the grid is a run of its own beside the run whose scenario it changes, and is kept, so
that what was stopped goes on. Times are measured in rounds: all queries of all runs, then all again
in the opposite order, so that what slows the machine for a while does not fall on one query.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from types import MappingProxyType
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from dauexp.audit import write_checksums
from dauexp.errors import BadInput
from dauexp.growth.grid import Point, grid
from dauexp.growth.lastseen import DIRECT, INCREMENTAL, WINDOWS, compared, of_last_day
from dauexp.growth.observing import profiled, timed
from dauexp.growth.rounds import Asked, Observed, in_rounds
from dauexp.measures.growth import GROWTH, fits
from dauexp.measures.storage import storage
from dauexp.options import Contender, contenders
from dauexp.questions import catalogue
from dauexp.results import TIMED, finished, result, scenario_of
from dauexp.run import Progress, run, silent
from dauexp.scenario import Scenario, changed
from dauexp.store import write_table

FILES: Final = {name: f"{TIMED}/{name}.parquet" for name in ("growth", "growth_fit")}


def growth(
    folder: Path,
    settings: Mapping[str, Sequence[float]],
    questions: Sequence[str],
    changes: Mapping[str, Any] = MappingProxyType({}),
    repeats: int = 5,
    processes: int = 2,
    progress: Progress = silent,
) -> pa.Table:
    """Measures how the cost of some questions grows, from the scenario of a finished run. The run
    keeps the tables `GROWTH` and `GROWTH_FIT`; given is the latter.

    `settings` are the levels of each factor (`dauexp.growth.grid.SETTINGS`); `changes` are other
    values of dotted keys of the scenario, such as `strategies`, or `influxdb.backend`. Each query
    is timed `repeats` times.

    Raises BadInput where the folder is no finished run, or a parameter cannot be.
    """
    finished(folder)
    base = changed(scenario_of(folder), changes)
    table = measured(base, folder.parent, settings, questions, repeats, processes, progress)
    fitted = fits(table)
    write_table(folder / FILES["growth"], table)
    write_table(folder / FILES["growth_fit"], fitted)
    write_checksums(folder)
    return fitted


def measured(
    base: Scenario,
    runs: Path,
    settings: Mapping[str, Sequence[float]],
    questions: Sequence[str],
    repeats: int,
    processes: int,
    progress: Progress = silent,
) -> pa.Table:
    """The table `GROWTH` of a grid of runs around a scenario, which are kept below `runs`."""
    unknown = sorted(set(questions) - catalogue().keys())
    if unknown or not questions:
        raise BadInput(f"--question: there is no question {', '.join(unknown) or 'given'}")
    points = grid(base, settings)
    folders: dict[Point, Path] = {}
    for done, point in enumerate(points):
        progress("runs", done, len(points))
        folders[point] = run(point.scenario, runs, processes)
    progress("runs", len(points), len(points))
    asked = [
        Asked(each, contender)
        for each in dict.fromkeys(folders.values())
        for contender in contenders(base.strategies)
    ]
    observed = in_rounds(asked, questions, [profiled, *[timed] * repeats], progress)
    seen = {each.folder: _days_seen(each, questions, repeats) for each in asked if _is_glean(each)}
    rows = [
        row
        for point in points
        for row in _rows(point, folders[point], observed, seen.get(folders[point], ()))
    ]
    return pa.Table.from_pylist(rows, schema=GROWTH)


def _about(point: Point, folder: Path) -> dict[str, Any]:
    """What the rows of a point have in common."""
    traffic = point.scenario.traffic
    ledger = result(folder, "ledger")
    first = ledger.filter(
        (pc.field("account") == "generated")
        & (pc.field("option") == ledger["option"][0])
        & (pc.field("strategy") == ledger["strategy"][0])
    )
    requests = pc.sum(first["count"]).as_py()
    level = {
        "users": float(traffic.users),
        "days": float(traffic.days),
        "events": requests / (traffic.users * traffic.days),
    }[point.factor]
    return {
        "factor": point.factor,
        "level": level,
        "users": traffic.users,
        "days": traffic.days,
        "requests": requests,
    }


def _rows(
    point: Point, folder: Path, observed: Observed, seen: Sequence[Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    """The rows of the table `GROWTH` of a point; `seen` are those of its run that are the same at
    every point."""
    about = _about(point, folder)
    yield from ({**each, **about} for each in seen)
    chosen = contenders(point.scenario.strategies)
    whose = {contender.label: contender for contender in chosen}
    for (where, label, query), measures in observed.items():
        if where == folder:
            asked = _named(whose[label], query.question, query.variant, query.language)
            for measure, values in measures.items():
                yield {**asked, **about, "measure": measure, **_spread(values)}
    kept = pa.concat_tables([storage(point.scenario, folder, each) for each in chosen])
    for contender in chosen:
        size = pc.sum(kept.filter(_of(contender))["bytes"]).as_py()
        yield {**_named(contender), **about, "measure": "bytes_at_rest", **_spread([float(size)])}


VARIANTS: Final = {DIRECT: "one_day", INCREMENTAL: "last_seen"}
"""How the two ways to the answer of one day, the last, are called beside the queries that answer
all days at once."""


def _is_glean(asked: Asked) -> bool:
    return asked.contender.option.id == "glean"


def _days_seen(asked: Asked, questions: Sequence[str], repeats: int) -> list[dict[str, Any]]:
    """What both ways to the last day's answer cost of A's trailing windows that are asked."""
    if not set(questions) & set(WINDOWS):
        return []
    _, costs = compared(asked.folder, repeats, last=1)
    return [
        {**_named(asked.contender, row["question"], VARIANTS[row["way"]], "sql"), **measure}
        for row in of_last_day(costs)
        if row["question"] in questions
        for measure in _measures(row)
    ]


def _measures(row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The measures in a row of `DAYS_SEEN_COST`, as the table `GROWTH` has them."""
    for measure in ("rows_read", "bytes_read", "memory_bytes"):
        yield {"measure": measure, **_spread([row[measure]])}
    yield {
        "measure": "time_seconds",
        "repeats": row["repeats"],
        "minimum": row["fastest_seconds"],
        "median": row["time_seconds"],
        "maximum": row["slowest_seconds"],
    }


def _named(
    contender: Contender, question: str = "", variant: str = "", language: str = ""
) -> dict[str, str]:
    return {
        "option": contender.option.id,
        "strategy": contender.strategy.name,
        "question": question,
        "variant": variant,
        "language": language,
    }


def _of(contender: Contender) -> pc.Expression:
    option, strategy = contender.option.id, contender.strategy.name
    return (pc.field("option") == option) & (pc.field("strategy") == strategy)


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {
        "repeats": len(values),
        "minimum": min(values),
        "median": median(values),
        "maximum": max(values),
    }
