"""Growth: what each option needs to be changed, and what then works.

Each change is made in a copy of the code that a team writes by hand, and the copy is run: the
registry is generated from anew, the changed emitter emits, and the changed registry decides the
tables. C is tried with the user as a field, its only way that is exact and has no tag a user.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Final

import pyarrow as pa

from dauexp.experiments import Experiment
from dauexp.experiments.evolution.changes import CHANGES
from dauexp.experiments.evolution.observing import OPTIONS, observed
from dauexp.options import contenders
from dauexp.scenario import Scenario

EVOLUTION = pa.schema(
    [
        pa.field("option", pa.string(), nullable=False),
        pa.field("strategy", pa.string(), nullable=False),
        pa.field("change", pa.string(), nullable=False),
        pa.field("registry_lines_changed", pa.int64(), nullable=False),
        pa.field("code_lines_changed", pa.int64(), nullable=False),
        pa.field("query_lines_changed", pa.int64(), nullable=False),
        pa.field("generated_lines_changed", pa.int64(), nullable=False),
        pa.field("files_touched", pa.int64(), nullable=False),
        pa.field("accepted_share", pa.float64(), nullable=False),
        pa.field("filled_share", pa.float64()),
        pa.field("new_query_rows", pa.int64()),
        pa.field("old_queries_right", pa.float64(), nullable=False),
        pa.field("new_queries_right", pa.float64(), nullable=False),
        pa.field("history_readable", pa.float64(), nullable=False),
        pa.field("old_reader_accepted_share", pa.float64(), nullable=False),
        pa.field("mixed_accepted_share", pa.float64(), nullable=False),
        pa.field("mixed_queries_right", pa.float64(), nullable=False),
        pa.field("told", pa.string(), nullable=False),
    ]
)
"""One row an option and change.

Lines are counted by difflib, one that is replaced once, blank ones not; queries are those in SQL;
`generated_lines_changed` are those of glean_parser's Python. Shares of documents (C: of points)
that are accepted: of the new emitter by the new reader; by the old reader; and, while half of the
hosts have the new emitter, of all by the new reader. `filled_share` is that of the documents that
should have what was added which have it, `new_query_rows` what the query for it gives; both null
where nothing is added. The last are shares of the old questions' answers that are what they were:
by the old queries, by the changed ones, by these on half of the days before and half after the
change, and on the mixed ones. `told` is what the generator said."""

DAYS: Final = 8
"""A week and a day: all questions but those of a month."""

USERS: Final = 150
"""At most so many users: what is right does not depend on how many there are."""


class Evolution(Experiment):
    """Changes of what is measured, made and run for every option."""

    name: ClassVar[str] = "evolution"
    of_sync: ClassVar[bool] = True
    summary: ClassVar[str] = "what is measured changes: lines to change, documents accepted"
    tables: ClassVar[Mapping[str, pa.Schema]] = {"evolution": EVOLUTION}

    def cases(self, scenario: Scenario) -> Sequence[str]:
        """Every change, for every option that the scenario compares."""
        chosen = {contender.label for contender in contenders(scenario.strategies)}
        return [
            f"{each.label} {name}" for each in OPTIONS if each.label in chosen for name in CHANGES
        ]

    def observe(self, scenario: Scenario, case: str, scratch: Path) -> Mapping[str, pa.Table]:
        """One change of one option."""
        label, _, name = case.partition(" ")
        (option,) = (each for each in OPTIONS if each.label == label)
        (contender,) = (each for each in contenders() if each.label == label)
        period = scenario.traffic.model_copy(
            update={"days": DAYS, "users": min(scenario.traffic.users, USERS)}
        )
        python = scenario.glean.model_copy(update={"emitter": "python"})
        scenario = scenario.model_copy(update={"traffic": period, "glean": python})
        row = observed(scenario, option, contender, name, scratch)
        who = {"option": contender.option.id, "strategy": contender.strategy.name}
        return {"evolution": pa.Table.from_pylist([{**who, "change": name, **row}], EVOLUTION)}


EXPERIMENT: Final = Evolution()
