"""What happens to the answers when the secret of the hashes is changed, at a midnight.

From then on a user has another id, and nothing tells that it is the same user. A day knows one
secret, so DAU stays. A window that spans the change counts twice who was active on both sides of
it: WAU for 6 days, MAU for 27. Who was new before is not seen to come back, and all are new again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

import pyarrow as pa
import pyarrow.compute as pc

from dauexp.experiments import Experiment
from dauexp.experiments.trial import trial
from dauexp.options import contenders
from dauexp.questions import queries
from dauexp.scenario import Scenario
from dauexp.traffic.expected import Expected
from dauexp.traffic.source import Batch, Simulated, Source
from dauexp.traffic.truth import WINDOWS

ROTATION = pa.schema(
    [
        pa.field("option", pa.string(), nullable=False),
        pa.field("strategy", pa.string(), nullable=False),
        pa.field("question", pa.string(), nullable=False),
        pa.field("days_after", pa.int64(), nullable=False),
        pa.field("answer", pa.float64()),
        pa.field("truth", pa.float64()),
        pa.field("relative_error", pa.float64()),
        pa.field("expected_relative_error", pa.float64()),
    ]
)
"""One row an option, strategy, question and day, counted from the first day of the new secret; with
several queries, that of the first. The truth is of people, whatever their ids. `relative_error` is
`answer` / `truth` - 1; `expected_relative_error` is that by the closed form, for questions of users
in a window."""

ROTATED_ON: Final = 14
"""The first day (offset) of the new secret."""

DAYS: Final = 42
"""So that a whole window of 28 days comes after it."""


class Rotated:
    """Simulated traffic whose ids are hashed under another secret from a day on."""

    def __init__(self, scenario: Scenario, day: int, folder: Path) -> None:
        """`folder` is for the file of the new secret, which is made up."""
        new = folder / "secret"
        new.write_text(hashlib.sha256(f"rotated {scenario.seed}".encode()).hexdigest())
        identity = scenario.identity.model_copy(update={"secret_file": new})
        self._before: Source = Simulated(scenario)
        self._after: Source = Simulated(scenario.model_copy(update={"identity": identity}))
        self._day = day
        self.days = self._before.days
        self.blocks = self._before.blocks
        self.earlier = self._before.earlier

    def batches(self, block: int, day: int) -> Iterator[Batch]:
        """See `dauexp.traffic.source.Source`; the dictionaries change with the secret, but have the
        same people at the same places."""
        return (self._before if day < self._day else self._after).batches(block, day)


class Rotation(Experiment):
    """A change of the secret, for every contender that can be asked for a week."""

    name: ClassVar[str] = "rotation"
    summary: ClassVar[str] = "the secret of the hashes is changed: WAU, MAU and retention"
    tables: ClassVar[Mapping[str, pa.Schema]] = {"rotation": ROTATION}

    def cases(self, scenario: Scenario) -> Sequence[str]:
        """The contenders."""
        return [
            contender.label
            for contender in contenders(scenario.strategies)
            if any(
                query.question == "wau" and query.possible and query.language == "sql"
                for query in queries(contender.strategy(scenario).queries)
            )
        ]

    def observe(self, scenario: Scenario, case: str, scratch: Path) -> Mapping[str, pa.Table]:
        """One contender."""
        (contender,) = (each for each in contenders() if each.label == case)
        period = scenario.traffic.model_copy(update={"days": DAYS})
        scenario = scenario.model_copy(update={"traffic": period})
        source = Rotated(scenario, ROTATED_ON, scratch)
        given = trial(scenario, contender, scratch / "run", source)
        rows = list(_asked(given.accuracy))
        expected = Expected(scenario.traffic)
        offsets = {day: offset for offset, day in enumerate(source.days)}
        who = {"option": contender.option.id, "strategy": contender.strategy.name}
        return {
            "rotation": pa.Table.from_pylist(
                [
                    {
                        **who,
                        **row,
                        "days_after": offsets[row["day"]] - ROTATED_ON,
                        "relative_error": _relative_error(row["answer"], row["truth"]),
                        "expected_relative_error": expected_error(
                            expected, row["question"], offsets[row["day"]], ROTATED_ON
                        ),
                    }
                    for row in rows
                ],
                ROTATION,
            )
        }


def expected_error(expected: Expected, question: str, day: int, rotated_on: int) -> float | None:
    """The error by the closed form: who is active on both sides of the change counts twice. None
    for a question that is not about users in a window."""
    if question not in WINDOWS:
        return None
    first = day - WINDOWS[question] + 1
    if not first < rotated_on <= day:
        return 0.0
    twice = expected.active(first, rotated_on - 1) + expected.active(rotated_on, day)
    return twice / expected.active(first, day) - 1


def _asked(accuracy: pa.Table) -> Iterator[dict[str, Any]]:
    """What the contender's own queries answered, of all users, each question once."""
    seen: dict[str, tuple[str, str]] = {}
    for row in accuracy.filter(pc.field("segment") == "all").to_pylist():
        query = (row["variant"], row["language"])
        if seen.setdefault(row["question"], query) == query:
            yield {name: row[name] for name in ("question", "day", "answer", "truth")}


def _relative_error(answer: float | None, truth: float | None) -> float | None:
    return None if answer is None or not truth else answer / truth - 1


EXPERIMENT: Final = Rotation()
