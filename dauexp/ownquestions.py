"""Questions of a service's own, beside those of the catalogue.

A folder each, named after the question: `question.toml` says what it is, `truth.sql` is its exact
answer from the requests themselves, and a file for each contender, `OPTION[.STRATEGY].LANGUAGE`,
asks it of what the contender stored, or says why that cannot be, as `OPTION[.STRATEGY].md`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from dauexp import tomltext
from dauexp.database import SqlDatabase
from dauexp.errors import BadInput
from dauexp.options import Contender, contenders
from dauexp.parameters import Parameters
from dauexp.questions import IMPOSSIBLE, Query, Question, ask, catalogue, parameters, queries
from dauexp.scenario import Scenario
from dauexp.tables import OBSERVATIONS, TRUTH
from dauexp.temporary import temporary_folder
from dauexp.traffic.source import Source, dated

DESCRIPTION: Final = "question.toml"
TRUTH_FILE: Final = "truth.sql"

_ID = re.compile(r"[a-z][a-z0-9_]{0,62}")
_PLAIN: Final = pa.schema(
    [
        pa.field(field.name, pa.string() if pa.types.is_dictionary(field.type) else field.type)
        for field in OBSERVATIONS
    ]
)


class Described(Parameters):
    """What `question.toml` says."""

    title: str
    unit: str
    window: int = 1
    segment: Literal["all", "platform", "device_family"] = "all"


@dataclass(frozen=True)
class OwnQuestion:
    """A question of a service's own, in its folder."""

    question: Question
    folder: Path

    @property
    def truth(self) -> Query:
        """What answers it exactly, from the table `requests`."""
        return Query(self.question.id, "", "sql", self.folder / TRUTH_FILE)

    def queries(self, contender: Contender) -> list[Query]:
        """Its query files for a contender. Raises BadInput where there is none."""
        mine = {contender.option.id, f"{contender.option.id}.{contender.strategy.name}"}
        found = [
            Query(self.question.id, "", language, path)
            for path in sorted(self.folder.iterdir())
            for whose, language in [_named(path)]
            if whose in mine
        ]
        if not found:
            name = contender.label.replace(":", ".")
            raise BadInput(
                f"{self.folder}: no file asks {contender.label}: write {name}.sql, or {name}.md "
                "that says why it cannot be asked"
            )
        return found


def own_questions(folder: Path | None) -> Mapping[str, OwnQuestion]:
    """The questions of a folder, by id, in the order of their names.

    Raises BadInput where one is not whole, or has a file of no option.
    """
    if folder is None:
        return {}
    found = [_read(path) for path in sorted(folder.iterdir()) if path.is_dir()]
    return {each.question.id: each for each in found}


def asked_of(scenario: Scenario, contender: Contender) -> list[tuple[Question, Query]]:
    """All query files of a contender, each with its question: of the catalogue, then its own."""
    files = queries(contender.strategy(scenario).queries)
    known = [(catalogue()[query.question], query) for query in files]
    return known + [
        (own.question, query)
        for own in own_questions(scenario.questions).values()
        for query in own.queries(contender)
    ]


def known_questions(scenario: Scenario) -> Mapping[str, Question]:
    """The questions of a scenario by id: those of the catalogue, then its own."""
    own = own_questions(scenario.questions)
    return {**catalogue(), **{name: each.question for name, each in own.items()}}


def exactly(questions: Sequence[OwnQuestion], source: Source) -> pa.Table:
    """The exact answers, a table `TRUTH`, from all requests of a source.

    `truth.sql` asks the table `requests`, whose columns are those of `dauexp.tables.OBSERVATIONS`.
    Memory does not grow with the number of requests; on disk they lie in a folder that goes.
    Raises BadInput where a query does not run, or returns other columns than it should.
    """
    with temporary_folder() as folder:
        with pq.ParquetWriter(folder / "requests.parquet", _PLAIN, compression="zstd") as writer:
            for _, observations in dated(source):
                writer.write_batch(observations.cast(_PLAIN))
        named = parameters(source.days[0], source.days[-1], {})
        with SqlDatabase({"requests": folder}) as database:
            answers = [
                _as_truth(each.question.id, ask(each.truth, database, named, each.question))
                for each in questions
            ]
    return pa.concat_tables([TRUTH.empty_table(), *answers])


def _as_truth(question: str, answer: pa.Table) -> pa.Table:
    named = pa.array([question] * answer.num_rows, pa.string())
    return answer.add_column(0, "question", named).select(TRUTH.names).cast(TRUTH)


def _read(folder: Path) -> OwnQuestion:
    if not _ID.fullmatch(folder.name):
        raise BadInput(
            f"{folder}: {folder.name!r} is no question's id: use lower-case letters, digits and _"
        )
    if folder.name in catalogue():
        raise BadInput(f"{folder}: the catalogue has a question {folder.name}: give another name")
    missing = [name for name in (DESCRIPTION, TRUTH_FILE) if not (folder / name).is_file()]
    if missing:
        raise BadInput(f"{folder}: has no {missing[0]}: a question says what it is and its truth")
    try:
        said = Described.model_validate(tomltext.read(folder / DESCRIPTION))
    except ValidationError as error:
        detail = error.errors()[0]
        where = ".".join(map(str, detail["loc"]))
        raise BadInput(f"{folder / DESCRIPTION}: {where}: {detail['msg']}") from error
    for path in sorted(folder.iterdir()):
        if path.name not in {DESCRIPTION, TRUTH_FILE}:
            try:
                contenders([_named(path)[0].replace(".", ":", 1)])
            except BadInput as error:
                raise BadInput(f"{path}: {error}") from error
    question = Question(folder.name, said.title, said.unit, said.window, said.segment)
    return OwnQuestion(question, folder)


def _named(path: Path) -> tuple[str, str]:
    """Whose a query file is, and its language, which is empty where it says why there is none."""
    return path.stem, "" if path.suffix == IMPOSSIBLE else path.suffix.removeprefix(".")
