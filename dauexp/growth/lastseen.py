"""A's trailing windows in two ways, day by day: from the documents of the whole window, or from a
table of days seen, carried from day to day.

The second is how Mozilla's warehouse does it (`clients_last_seen`): a day's table is made of that
of the day before and the documents of the day. Both are exact. The first reads a whole window for
each day; the second reads a day, and the table, which has a row a user of the window.

The table holds hashed users. It is in the memory of the database alone and ends with it, so nothing
of a user who is deleted stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dauexp.audit import write_checksums
from dauexp.database import SqlDatabase, pattern
from dauexp.errors import BadInput
from dauexp.growth.observing import observed, without_cache
from dauexp.ingest.names import snake_case
from dauexp.ingest.strategy import QUERIED_AS, STABLE
from dauexp.options import contenders, glean
from dauexp.options.glean import GleanEvents
from dauexp.questions import catalogue, queries
from dauexp.results import TIMED, finished, scenario_of
from dauexp.run import Progress, silent
from dauexp.store import write_table
from dauexp.traffic.source import open_source
from dauexp.unit import Places

DAYS_SEEN: Final = pa.schema(
    [
        pa.field("question", pa.string(), nullable=False),
        pa.field("way", pa.string(), nullable=False),
        pa.field("day", pa.date32(), nullable=False),
        pa.field("segment", pa.string(), nullable=False),
        pa.field("value", pa.float64(), nullable=False),
    ]
)
"""The answers, one row a question, way (`direct` or `incremental`), day and segment: those of the
days whose whole window lies in the run."""

DAYS_SEEN_COST: Final = pa.schema(
    [
        pa.field("question", pa.string(), nullable=False),
        pa.field("way", pa.string(), nullable=False),
        pa.field("day", pa.date32(), nullable=False),
        pa.field("rows_read", pa.float64(), nullable=False),
        pa.field("bytes_read", pa.float64(), nullable=False),
        pa.field("memory_bytes", pa.float64(), nullable=False),
        pa.field("time_seconds", pa.float64(), nullable=False),
        pa.field("fastest_seconds", pa.float64(), nullable=False),
        pa.field("slowest_seconds", pa.float64(), nullable=False),
        pa.field("repeats", pa.int64(), nullable=False),
    ]
)
"""What the answer of a day cost, one row a question, way and day; `time_seconds` is the median of
so many repeats, the ways in turn, in the opposite order every other time. The step from day to day
serves all questions: it is a row of its own, whose question is `step`."""

FILE: Final = "days_seen_cost"
"""The name of the second table in a run."""

Observed = tuple[pa.Table, dict[str, float]]
"""An answer (columns segment and value), and what it cost."""

STEP: Final = "step"
DIRECT: Final = "direct"
INCREMENTAL: Final = "incremental"

FOLDER: Final = Path(glean.__file__).parent / "last_seen"
"""The step and the questions asked of its table, a file each."""

WINDOWS: Final = tuple(name for name in catalogue() if (FOLDER / f"{name}.sql").is_file())
"""The questions that can be asked both ways."""

_DOCUMENTS: Final = "documents"
_DATED: Final = "submission_timestamp"


def days_seen(
    folder: Path, repeats: int = 5, progress: Progress = silent
) -> tuple[pa.Table, pa.Table]:
    """Asks a finished run both ways, for each of its days: the tables `DAYS_SEEN` and
    `DAYS_SEEN_COST`, of which the run keeps the second.

    Raises BadInput where the folder is no finished run, or option A is not in it.
    """
    finished(folder)
    answers, costs = compared(folder, repeats, progress)
    write_table(folder / TIMED / f"{FILE}.parquet", costs)
    write_checksums(folder)
    return answers, costs


def compared(
    folder: Path, repeats: int, progress: Progress = silent, last: int | None = None
) -> tuple[pa.Table, pa.Table]:
    """The same of any run, of which nothing is kept; of `last` days alone, if that is given."""
    scenario = scenario_of(folder)
    chosen = [each for each in contenders(scenario.strategies) if each.option.id == "glean"]
    if not chosen:
        raise BadInput(f"{folder}: option A, whose trailing windows these are, is not in this run")
    strategy = chosen[0].strategy(scenario)
    assert isinstance(strategy, GleanEvents)
    days = open_source(scenario, folder).days
    answers: list[dict[str, Any]] = []
    costs: list[dict[str, Any]] = []
    stable = Places(folder).store(chosen[0]).table(STABLE)
    with Ways(strategy, stable) as ways:
        for done, day in enumerate(days, start=1):
            progress("days seen", done, len(days))
            asked = last is None or done > len(days) - last
            (stepped,) = _in_turn([partial(ways.step, day)], repeats if asked else 1)
            ways.advance(stepped.answer)
            if not asked:
                continue
            costs.append({"question": STEP, "way": INCREMENTAL, "day": day} | stepped.cost)
            keys = [
                (question, way)
                for question in WINDOWS
                for way in (DIRECT, INCREMENTAL)
                if done >= catalogue()[question].window
            ]
            tasks = [partial(ways.ask, question, way, day) for question, way in keys]
            for (question, way), found in zip(keys, _in_turn(tasks, repeats), strict=True):
                about = {"question": question, "way": way, "day": day}
                costs.append(about | found.cost)
                answers += [about | row for row in found.answer.to_pylist()]
    return pa.Table.from_pylist(answers, DAYS_SEEN), pa.Table.from_pylist(costs, DAYS_SEEN_COST)


class _Found(NamedTuple):
    """An answer, and what it cost over its repeats."""

    answer: pa.Table
    cost: dict[str, float]


def _in_turn(tasks: Sequence[Callable[[], Observed]], repeats: int) -> list[_Found]:
    """Each task so many times, in rounds, every other one in the opposite order."""
    found: dict[int, list[Observed]] = {number: [] for number in range(len(tasks))}
    for round_ in range(repeats):
        for number in list(found)[:: -1 if round_ % 2 else 1]:
            found[number].append(tasks[number]())
    return [_over(each) for each in found.values()]


def _over(repeats: Sequence[Observed]) -> _Found:
    answer, cost = repeats[0]
    seconds = [each["time_seconds"] for _, each in repeats]
    spread = {
        "time_seconds": median(seconds),
        "fastest_seconds": min(seconds),
        "slowest_seconds": max(seconds),
        "repeats": len(repeats),
    }
    return _Found(answer, cost | spread)


def with_steps(costs: Iterable[Mapping[Any, Any]]) -> list[dict[str, Any]]:
    """Rows of `DAYS_SEEN_COST` of answers alone, the step of the day counted into those that need
    it: sums, and the larger of what was held. The step serves all questions."""
    rows = list(costs)
    steps = {row["day"]: row for row in rows if row["question"] == STEP}
    return [
        {**row, **(_sum(row, steps[row["day"]]) if row["way"] == INCREMENTAL else {})}
        for row in rows
        if row["question"] != STEP
    ]


def _sum(row: Mapping[str, Any], step: Mapping[str, Any]) -> dict[str, Any]:
    sums = ("rows_read", "bytes_read", "time_seconds", "fastest_seconds", "slowest_seconds")
    held = max(row["memory_bytes"], step["memory_bytes"])
    return {name: row[name] + step[name] for name in sums} | {"memory_bytes": held}


def of_last_day(costs: pa.Table) -> list[dict[str, Any]]:
    """What the answers of the last day cost, the step counted in: a row a question and way."""
    last = pc.max(costs["day"]).as_py()
    return [row for row in with_steps(costs.to_pylist()) if row["day"] == last]


class Ways:
    """Both ways to the answer of a day, from the stable table of option A."""

    def __init__(self, strategy: GleanEvents, stable: Path) -> None:
        self._strategy = strategy
        self._table = f"{QUERIED_AS}_{STABLE}.{snake_case(strategy.ping)}"
        self._steps = {path.stem: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
        self._asked = {
            query.question: query.text
            for query in queries(strategy.queries)
            if query.question in WINDOWS and not query.variant
        }
        self._days = {path: _days(path) for path in sorted(stable.rglob("*.parquet"))}
        self._database = SqlDatabase({_DOCUMENTS: stable})
        without_cache(self._database)
        self._run(f"CREATE SCHEMA {self._table.partition('.')[0]}")
        self._run("CREATE TABLE last_seen (uid VARCHAR, days_seen_bits BIGINT)")

    def step(self, day: date) -> Observed:
        """The table of days seen of a day, from that of the day before."""
        self._partitions(day, day)
        return self._ask(self._strategy.asks(self._steps[STEP]), {"day": day})

    def advance(self, made: pa.Table) -> None:
        """Puts the table of a day in the place of that of the day before."""
        self._database.connection.register("made", made)
        self._run("CREATE OR REPLACE TABLE last_seen AS FROM made")
        self._database.connection.unregister("made")

    def ask(self, question: str, way: str, day: date) -> Observed:
        """The answer of a day: from the table of days seen, which is that of the day, or from the
        documents."""
        if way == INCREMENTAL:
            return _answered(self._ask(self._steps[question], {}))
        return self._direct(question, day)

    def _direct(self, question: str, day: date) -> Observed:
        first = day - timedelta(days=catalogue()[question].window - 1)
        self._partitions(first, day)
        return _answered(self._ask(self._asked[question], {"first_day": first, "last_day": day}))

    def _partitions(self, first: date, last: date) -> None:
        """Makes the stable table one of the documents of some days, in whose files alone it looks:
        those with another day's are known beforehand, as a warehouse knows its partitions."""
        held = [path for path, (low, high) in self._days.items() if low <= last and high >= first]
        files = [pattern(path.absolute()).replace("'", "''") for path in held or [*self._days][:1]]
        self._run(
            f"CREATE OR REPLACE VIEW {self._table} AS FROM read_parquet({files}) WHERE "
            f"{_DATED} >= TIMESTAMPTZ '{first} 00:00:00+00' AND "
            f"{_DATED} < TIMESTAMPTZ '{last + timedelta(days=1)} 00:00:00+00'"
        )

    def _ask(self, text: str, parameters: Mapping[str, object]) -> Observed:
        return observed(self._database, lambda: self._database.ask(text, "sql", parameters))

    def _run(self, statement: str) -> None:
        self._database.connection.execute(statement)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.connection.close()


def _days(path: Path) -> tuple[date, date]:
    """The first and the last UTC day of a file's documents; of none, days of no window."""
    times = pc.min_max(pq.read_table(path, columns=[_DATED])[_DATED]).as_py()
    if times["min"] is None:
        return date.max, date.min
    return times["min"].date(), times["max"].date()


def _answered(asked: Observed) -> Observed:
    answer, cost = asked
    segmented = "segment" in answer.column_names
    segment = answer["segment"] if segmented else pa.array(["all"] * len(answer), pa.string())
    return pa.table({"segment": segment, "value": answer["value"].cast(pa.float64())}), cost
