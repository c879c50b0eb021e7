"""Queries asked in rounds: what slows the machine for a while does not fall on one query alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from dauexp.asking import parameters_of
from dauexp.database import Database
from dauexp.growth.observing import without_cache
from dauexp.options import Contender
from dauexp.questions import Query, queries
from dauexp.results import result, scenario_of
from dauexp.run import Progress, silent
from dauexp.traffic.truth import Calibration
from dauexp.unit import Places

Observe = Callable[[Query, Database, Mapping[str, object]], Mapping[str, float]]
"""What is observed of one asking, by the names of measures."""


class Asked(NamedTuple):
    """A contender of a run, to be asked."""

    folder: Path
    contender: Contender


Observed = dict[tuple[Path, str, Query], dict[str, list[float]]]
"""All values of each measure, by the run, the contender's label and the query."""


def in_rounds(
    asked: Sequence[Asked],
    questions: Sequence[str],
    observers: Sequence[Observe],
    progress: Progress = silent,
) -> Observed:
    """What each observer observes, in a round of its own: all queries of all contenders, in every
    other round in the opposite order."""
    found: Observed = {}
    for number, observe in enumerate(observers):
        progress("rounds", number, len(observers))
        step = 1 if number % 2 else -1
        for each in asked[::step]:
            for query, values in _asking(each, questions, observe, step):
                of = found.setdefault((each.folder, each.contender.label, query), {})
                for measure, value in values.items():
                    of.setdefault(measure, []).append(value)
    progress("rounds", len(observers), len(observers))
    return found


def _asking(
    asked: Asked, questions: Sequence[str], observe: Observe, step: int
) -> Iterator[tuple[Query, Mapping[str, float]]]:
    """What is observed of each query of a contender that its database can run, in their order or,
    with a `step` of -1, in the opposite one."""
    scenario = scenario_of(asked.folder)
    strategy = asked.contender.strategy(scenario)
    earlier = Calibration.from_table(result(asked.folder, "calibration"))
    named = parameters_of(scenario, asked.folder, earlier, strategy)
    with strategy.database(Places(asked.folder).store(asked.contender)) as database:
        without_cache(database)
        for query in queries(strategy.queries)[::step]:
            mine = query.possible and query.question in questions
            if mine and query.language in database.languages:
                yield query, observe(query, database, named)
