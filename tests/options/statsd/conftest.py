"""Hand-made observations, and a run of one strategy on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from dauexp import ledger, questions
from dauexp.options import LEDGER_PART, Strategy
from dauexp.scenario import Scenario, load
from dauexp.store import Store, read_table, write_table
from dauexp.tables import CODED, OBSERVATIONS
from dauexp.traffic.truth import Calibration

FIRST_DAY = date(2026, 1, 5)
KINDS = [("firefoxdesktop", "desktop"), ("fenix", "mobile"), ("firefoxios", "tablet")]

Change = Callable[[pa.RecordBatch], pa.RecordBatch]


def midnight(day: int) -> datetime:
    """The beginning of a day of the run, from 0."""
    return datetime.combine(FIRST_DAY, datetime.min.time(), UTC) + timedelta(days=day)


def observations(rows: pd.DataFrame) -> pa.RecordBatch:
    """A batch of observations from the columns time, host, user, platform and device_family."""
    rows = rows.sort_values("time", kind="stable")
    size = len(rows)

    def coded(values: Iterable[str]) -> pa.DictionaryArray:
        return pa.array(list(values), pa.string()).dictionary_encode().cast(CODED)

    return pa.record_batch(
        [
            pa.array(range(size), pa.int64()),
            pa.array(rows["time"].tolist(), OBSERVATIONS.field("time").type),
            coded(rows["host"]),
            coded(["agent"] * size),
            coded(rows["user"]),
            coded(["device"] * size),
            coded(rows["platform"]),
            coded(rows["device_family"]),
        ],
        schema=OBSERVATIONS,
    )


def random_requests(
    days: int, a_day: int = 300, users: int = 40, seed: int = 1, within: int = 86_400_000
) -> pd.DataFrame:
    """Random requests on some days, all in the first `within` milliseconds of each, no two at the
    same millisecond of a day; `day` is the day from 0."""
    random = np.random.default_rng(seed)
    frames = []
    for day in range(days):
        moment = random.choice(within, a_day, replace=False)
        kind = random.integers(len(KINDS), size=a_day)
        frames.append(
            pd.DataFrame(
                {
                    "day": day,
                    "time": pd.to_datetime(midnight(day)) + pd.to_timedelta(moment, unit="ms"),
                    "host": [f"host-{n}" for n in random.integers(3, size=a_day)],
                    "user": [f"{n:032x}" for n in random.integers(users, size=a_day)],
                    "platform": [KINDS[n][0] for n in kind],
                    "device_family": [KINDS[n][1] for n in kind],
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


@dataclass
class Outcome:
    """What a strategy left of some requests."""

    strategy: Strategy
    store: Store
    days: int
    accounts: list[pa.Table] = field(default_factory=list)

    @property
    def entries(self) -> pa.Table:
        return ledger.entries("statsd", self.strategy.name, self.accounts)

    def count(self, account: str) -> int:
        """All of one account."""
        rows = self.entries.to_pylist()
        return sum(row["count"] for row in rows if row["account"] == account)

    def violations(self) -> list[ledger.Violation]:
        laws = {("statsd", self.strategy.name): self.strategy.laws}
        return ledger.violations(self.entries, laws)

    def points(self, table: str) -> pa.Table:
        return read_table(self.store.table(table))

    def answer(self, question: str, calibration: Calibration | None = None) -> pd.DataFrame:
        """The answer of the strategy's SQL to a question: day (from 0), segment, value."""
        (query,) = (
            query
            for query in questions.queries(self.strategy.queries)
            if query.question == question and query.language == "sql"
        )
        last_day = FIRST_DAY + timedelta(days=self.days - 1)
        constants = self.strategy.constants(calibration) if calibration else {}
        known = {**constants, **self.strategy.settings}
        parameters = questions.parameters(FIRST_DAY, last_day, known)
        with self.strategy.database(self.store) as database:
            answer: pd.DataFrame = questions.ask(query, database, parameters).to_pandas()
        answer["day"] = [(day - FIRST_DAY).days for day in answer["day"]]
        return answer


Runner = Callable[..., Outcome]


@pytest.fixture
def requests() -> Callable[..., pd.DataFrame]:
    """Makes random requests."""
    return random_requests


def daily(values: pd.Series[Any], days: int) -> list[float]:
    """A value for each day from 0, 0 where there is none."""
    return [float(values.get(day, 0)) for day in range(days)]


def set_sizes(rows: pd.DataFrame, flush_seconds: int, by: list[str]) -> pd.Series[Any]:
    """Users for each window, host and pair of tags, added up."""
    seconds = rows["time"].dt.as_unit("s").astype("int64")
    cells = rows.assign(window=seconds // flush_seconds)
    keys = list(dict.fromkeys([*by, "day", "window", "host", "platform", "device_family"]))
    sizes: pd.Series[Any] = cells.groupby(keys)["user"].nunique().groupby(by).sum()
    return sizes


@pytest.fixture
def rows() -> pd.DataFrame:
    """Requests of nine days."""
    return random_requests(9)


class Kit:
    """What makes single pieces."""

    observations = staticmethod(observations)
    midnight = staticmethod(midnight)
    daily = staticmethod(daily)
    set_sizes = staticmethod(set_sizes)

    @staticmethod
    def scenario(*changes: str) -> Scenario:
        """The quick scenario with changes."""
        return load("quick", changes)


@pytest.fixture
def kit() -> type[Kit]:
    """Makes single pieces."""
    return Kit


@pytest.fixture
def run(tmp_path: Path) -> Runner:
    """Runs a strategy on requests: emit, collect by blocks and days, settle."""
    runs = iter(range(1000))

    def run(
        kind: type[Strategy],
        rows: pd.DataFrame,
        changes: Sequence[str] = (),
        *,
        blocks: int = 1,
        batch_rows: int = 1000,
        carry: Change = lambda messages: messages,
    ) -> Outcome:
        strategy = kind(Kit.scenario(*changes))
        days = int(rows["day"].max()) + 1
        outcome = Outcome(strategy, Store(tmp_path / f"{next(runs)}"), days)
        block = rows["user"].map(lambda user: int(user, 16) % blocks)
        for day in range(days):
            for number in range(blocks):
                batch = observations(rows[(rows["day"] == day) & (block == number)])
                name = f"{day:05}-{number:06}.parquet"
                _one_unit(outcome, batch, name, batch_rows, carry)
        _settle(outcome)
        return outcome

    return run


def _one_unit(
    outcome: Outcome, batch: pa.RecordBatch, name: str, batch_rows: int, carry: Change
) -> None:
    delivered = []
    for start in range(0, len(batch), batch_rows):
        delivered.append(carry(outcome.strategy.emit(batch.slice(start, batch_rows))))
        outcome.accounts.append(ledger.tally("delivered", delivered[-1]))
    tables: dict[str, list[pa.Table]] = {}
    for part in outcome.strategy.collect(delivered):
        if part.table == LEDGER_PART:
            outcome.accounts.append(part.rows)
        elif part.rows.num_rows:
            tables.setdefault(part.table, []).append(part.rows)
    for table, rows in tables.items():
        write_table(outcome.store.table(table) / name, pa.concat_tables(rows))


def _settle(outcome: Outcome) -> None:
    for number, part in enumerate(outcome.strategy.settle(outcome.store)):
        if part.table == LEDGER_PART:
            outcome.accounts.append(part.rows)
        else:
            write_table(outcome.store.table(part.table) / f"{number:05}.parquet", part.rows)
