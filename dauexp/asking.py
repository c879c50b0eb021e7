"""From what was collected to answers: a contender's store is settled, then asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from dauexp import ledger
from dauexp.options import LEDGER_PART, Contender, Strategy
from dauexp.ownquestions import asked_of, known_questions
from dauexp.questions import Query, as_answers, ask, parameters
from dauexp.results import result, scenario_of
from dauexp.scenario import Scenario
from dauexp.tables import ANSWERS
from dauexp.traffic.source import open_source
from dauexp.traffic.truth import Calibration
from dauexp.unit import Places


def settle(scenario: Scenario, folder: Path, contender: Contender) -> pa.Table:
    """Settles a contender's store; gives its entries in the ledger."""
    store = Places(folder).store(contender)
    accounts = []
    with store.writing("settled") as write:
        for part in contender.strategy(scenario).settle(store):
            if part.table == LEDGER_PART:
                accounts.append(part.rows)
            else:
                write(part.table, part.rows)
    return ledger.entries(contender.option.id, contender.strategy.name, accounts)


def answers(
    scenario: Scenario,
    folder: Path,
    earlier: Calibration,
    contender: Contender,
    questions: Sequence[str] = (),
) -> pa.Table:
    """The answers of a contender, a table `ANSWERS`, from what it stored; where no questions are
    named, to all but those whose window is longer than the run: no day has an answer to them, and
    on a large day it would take long to find none."""
    days = len(open_source(scenario, folder).days)
    known = known_questions(scenario).values()
    asked = tuple(questions) or tuple(each.id for each in known if each.window <= days)
    tables = [
        as_answers(contender.option.id, contender.strategy.name, query, answer)
        for query, answer in _asked(scenario, folder, earlier, contender, asked)
    ]
    return pa.concat_tables([ANSWERS.empty_table(), *tables])


def ask_again(
    folder: Path, contender: Contender, question: str
) -> Iterator[tuple[Query, pa.Table]]:
    """The queries of a question with their answers from the store of a finished run."""
    earlier = Calibration.from_table(result(folder, "calibration"))
    return _asked(scenario_of(folder), folder, earlier, contender, (question,))


def _asked(
    scenario: Scenario,
    folder: Path,
    earlier: Calibration,
    contender: Contender,
    questions: Sequence[str],
) -> Iterator[tuple[Query, pa.Table]]:
    """The queries of some questions that the contender's database can run, with their answers."""
    strategy = contender.strategy(scenario)
    named = parameters_of(scenario, folder, earlier, strategy)
    with strategy.database(Places(folder).store(contender)) as database:
        for question, query in asked_of(scenario, contender):
            asked = query.possible and query.question in questions
            if asked and query.language in database.languages:
                yield query, ask(query, database, named, question)


def parameters_of(
    scenario: Scenario, folder: Path, earlier: Calibration, strategy: Strategy
) -> dict[str, object]:
    """The named parameters of a strategy's queries about the days of a run: those after the earlier
    period alone, where it must know constants."""
    source = open_source(scenario, folder)
    constants = strategy.constants(earlier)
    first = source.days[source.earlier.stop] if constants else source.days[0]
    return parameters(first, source.days[-1], {**constants, **strategy.settings})
