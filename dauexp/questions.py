"""The catalogue of questions, the query files that ask them, and asking.

A query file is named after its question, `QUESTION.LANGUAGE`, or `QUESTION.VARIANT.LANGUAGE` where
one language can ask it in several ways. `QUESTION.md` says why a question cannot be asked,
`QUESTION.LANGUAGE.md` why it cannot be asked in that language.

What a language cannot say may be done by steps outside the database. A query file declares them at
its top, a line of comment each, in the order in which they are done: `outside: STEP`. In the same
way it declares what must be known beforehand, a parameter or a number in it: `needs: CONSTANT`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from math import isnan
from pathlib import Path
from typing import Literal

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from dauexp.database import Asking, Database, Step
from dauexp.errors import BadInput
from dauexp.resources import resource
from dauexp.tables import ANSWERS

IMPOSSIBLE = ".md"
_OUTSIDE = re.compile(r"^(?:--|//) outside: (\w+)$", re.MULTILINE)
_NEEDS = re.compile(r"^(?:--|//) needs: ([\w.]+)$", re.MULTILINE)


@dataclass(frozen=True)
class Question:
    """What is asked of the data."""

    id: str
    title: str
    unit: str
    window: int
    """Days in the trailing window: the first `window` - 1 days of a run have no answer."""
    segment: Literal["all", "platform", "device_family", "days_seen"]


@dataclass(frozen=True)
class Query:
    """One query file of a strategy, or the file that says why there is none."""

    question: str
    variant: str
    language: str
    """Empty where the file says why there is none in any language."""
    path: Path

    @property
    def possible(self) -> bool:
        """Whether this is a query, not a reason why there is none."""
        return self.path.suffix != IMPOSSIBLE

    @property
    def outside(self) -> tuple[str, ...]:
        """The steps outside the database that the file declares."""
        return tuple(_OUTSIDE.findall(self.text)) if self.possible else ()

    @property
    def needs(self) -> tuple[str, ...]:
        """The constants that the file declares."""
        return tuple(_NEEDS.findall(self.text)) if self.possible else ()

    @property
    def text(self) -> str:
        """The text of the file."""
        return self.path.read_text(encoding="utf-8")


@cache
def catalogue() -> Mapping[str, Question]:
    """All questions, by id, in the order they are shown."""
    with resource("data", "questions.toml").open("rb") as file:
        return {key: Question(id=key, **values) for key, values in tomllib.load(file).items()}


def queries(folder: Path) -> list[Query]:
    """The query files of a folder, in the order of the catalogue.

    Raises BadInput for a file that is named after no question, and for a question without a file.
    """
    found = []
    for path in sorted(folder.iterdir()):
        stem, _, language = path.name.removesuffix(IMPOSSIBLE).rpartition(".")
        stem, language = (stem, language) if stem else (language, "")
        question, _, variant = stem.partition(".")
        if question not in catalogue():
            raise BadInput(f"{path}: there is no question {question!r}; see data/questions.toml")
        found.append(Query(question, variant, language, path))
    missing = catalogue().keys() - {query.question for query in found}
    if missing:
        raise BadInput(
            f"{folder}: no file for {', '.join(sorted(missing))}: write the query, or a .md "
            "file that says why it cannot be written"
        )
    order = list(catalogue())
    return sorted(
        found, key=lambda query: (order.index(query.question), query.language, query.variant)
    )


def ask(
    query: Query,
    database: Database,
    parameters: Mapping[str, object],
    question: Question | None = None,
) -> pa.Table:
    """Asks a query. Gives day, segment and value: what the file's text returns, nothing else.

    `parameters` are first_day, last_day and the strategy's constants; `question` is that of the
    catalogue, if none is given. Raises BadInput where the query does not run or returns other
    columns.
    """
    asking: Asking = partial(database.ask, query.text, query.language)
    try:
        for name in query.outside:
            asking = partial(_step(database, name), asking)
        answer = asking(parameters)
    except BadInput as error:
        raise BadInput(f"{query.path}: {error}") from error
    except (duckdb.ProgrammingError, duckdb.DataError) as error:
        raise BadInput(f"{query.path}: does not run: {' '.join(str(error).split())}") from error
    segmented = (question or catalogue()[query.question]).segment != "all"
    expected = ["day", "segment", "value"] if segmented else ["day", "value"]
    if answer.column_names != expected:
        raise BadInput(
            f"{query.path}: returns the columns {', '.join(answer.column_names)}, "
            f"not {', '.join(expected)}"
        )
    segment = answer["segment"] if segmented else pa.array(["all"] * answer.num_rows, pa.string())
    table = pa.table(
        {
            "day": answer["day"].cast(pa.date32()),
            "segment": segment.cast(pa.string()),
            "value": answer["value"].cast(pa.float64()),
        }
    )
    return table.sort_by([("day", "ascending"), ("segment", "ascending")])


def _step(database: Database, name: str) -> Step:
    if name not in database.steps:
        known = ", ".join(database.steps) or "none"
        raise BadInput(f"there is no step {name!r} outside this database; there are: {known}")
    return database.steps[name]


def parameters(
    first_day: date, last_day: date, constants: Mapping[str, float]
) -> dict[str, object]:
    """The named parameters of a query; a constant that nobody knows (NaN) is null there."""
    known = {name: None if isnan(value) else value for name, value in constants.items()}
    return {"first_day": first_day, "last_day": last_day, **known}


def as_answers(option: str, strategy: str, query: Query, answer: pa.Table) -> pa.Table:
    """An answer as rows of the table `ANSWERS`."""
    labels = {
        "option": option,
        "strategy": strategy,
        "question": query.question,
        "variant": query.variant,
        "language": query.language,
    }
    columns = {
        key: pa.array([value] * answer.num_rows, pa.string()) for key, value in labels.items()
    }
    return pa.table(
        {**columns, **{name: answer[name] for name in answer.column_names}}, schema=ANSWERS
    )


def answered(answers: pa.Table, question: str) -> pa.Table:
    """The rows of one question."""
    return answers.filter(pc.field("question") == question)
