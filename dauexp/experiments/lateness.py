"""What documents that arrive late, or twice, do to DAU at midnight.

Ingestion dates a document by its arrival (`submission_timestamp`), as production does. A user whose
last document of a day comes after midnight is lost to that day and gained by the next, where she
may not have been active at all; so is one whose document is delivered again on the next day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Final, NamedTuple

import pyarrow as pa

from dauexp.database import connect
from dauexp.experiments import Experiment
from dauexp.experiments.trial import trial
from dauexp.faults import Delay, Duplication, Faults
from dauexp.ingest.strategy import IngestedStrategy
from dauexp.options import contenders
from dauexp.scenario import Scenario
from dauexp.traffic.source import dated, open_source

LATENESS = pa.schema(
    [
        pa.field("option", pa.string(), nullable=False),
        pa.field("fault", pa.string(), nullable=False),
        pa.field("rate", pa.float64(), nullable=False),
        pa.field("mean_seconds", pa.float64(), nullable=False),
        pa.field("day", pa.date32(), nullable=False),
        pa.field("truth", pa.int64(), nullable=False),
        pa.field("dau", pa.int64(), nullable=False),
        pa.field("users_lost", pa.int64(), nullable=False),
        pa.field("users_gained", pa.int64(), nullable=False),
        pa.field("relative_error", pa.float64()),
    ]
)
"""One row an option, case and UTC day but the first, before which nothing could be late.

`dau` = `truth` - `users_lost` + `users_gained`: users active on the day who are not counted on it,
and users counted on it who were not active. `relative_error` is `dau` / `truth` - 1."""


class Late(NamedTuple):
    """Documents that are late: this share of them, by exponentially distributed times."""

    fault: str
    rate: float
    mean_seconds: float

    @property
    def name(self) -> str:
        """The name of the case."""
        return f"{self.fault} of {self.rate:.0%} by {self.mean_seconds:.0f} s"

    @property
    def faults(self) -> Faults:
        """The faults of a channel that does so."""
        if self.fault == "duplication":
            again = Duplication(rate=self.rate, after_seconds=self.mean_seconds)
            return Faults(duplication=again)
        return Faults(delay=Delay(rate=self.rate, mean_seconds=self.mean_seconds))


CASES: Final = (
    Late("delay", 1.0, 1),
    Late("delay", 1.0, 60),
    Late("delay", 1.0, 600),
    Late("delay", 0.1, 3600),
    Late("delay", 1.0, 3600),
    Late("duplication", 0.1, 3600),
)
"""From a pipeline that keeps up to one that is an hour behind."""

_COUNTED = """
SELECT DISTINCT
  DATE(submission_timestamp) AS day,
  metrics.string.syncstorage_hashed_fxa_uid AS user
FROM syncstorage_stable.events
"""

_COMPARED = """
SELECT
  coalesce(active.day, counted.day) AS day,
  count(active.user) AS truth,
  count(counted.user) AS dau,
  count(*) FILTER (counted.user IS NULL) AS users_lost,
  count(*) FILTER (active.user IS NULL) AS users_gained,
  dau / nullif(truth, 0) - 1 AS relative_error
FROM active FULL JOIN counted USING (day, user)
GROUP BY 1
HAVING coalesce(active.day, counted.day) > $first AND coalesce(active.day, counted.day) <= $last
ORDER BY 1
"""


class Lateness(Experiment):
    """Late and repeated documents, for the options whose documents are dated by arrival."""

    name: ClassVar[str] = "lateness"
    summary: ClassVar[str] = "documents late or delivered twice over midnight, and what DAU becomes"
    tables: ClassVar[Mapping[str, pa.Schema]] = {"lateness": LATENESS}

    def cases(self, scenario: Scenario) -> Sequence[str]:  # noqa: ARG002 - the same for all
        """How many documents are late, and by how much."""
        return [late.name for late in CASES]

    def observe(self, scenario: Scenario, case: str, scratch: Path) -> Mapping[str, pa.Table]:
        """One case, for each option that is ingested."""
        (late,) = (late for late in CASES if late.name == case)
        scenario = scenario.model_copy(update={"faults": late.faults})
        active = _active(scenario, scratch)
        rows = []
        for contender in contenders(scenario.strategies):
            if issubclass(contender.strategy, IngestedStrategy):
                folder = scratch / contender.option.id
                store = trial(scenario, contender, folder, questions=("dau",)).store
                strategy = contender.strategy(scenario)
                assert isinstance(strategy, IngestedStrategy)
                with strategy.database(store) as database:
                    counted = database.ask(strategy.asks(_COUNTED), "sql", {})
                rows += [
                    {"option": contender.option.id, **late._asdict(), **row}
                    for row in compared(active, counted, scenario).to_pylist()
                ]
        return {"lateness": pa.Table.from_pylist(rows, LATENESS)}


def compared(active: pa.Table, counted: pa.Table, scenario: Scenario) -> pa.Table:
    """Users active and users counted, by day: two tables of distinct `day` and `user`."""
    days = scenario.traffic.calendar
    with connect() as duck:
        duck.register("active", active)
        duck.register("counted", counted)
        bounds = {"first": days[0], "last": days[-1]}
        return duck.sql(_COMPARED, params=bounds).to_arrow_table()


def _active(scenario: Scenario, folder: Path) -> pa.Table:
    """Who truly sent a request on which day."""
    pairs = {
        (day, user)
        for day, observations in dated(open_source(scenario, folder))
        for user in observations["hashed_fxa_uid"].cast(pa.string()).to_pylist()
    }
    days, users = zip(*sorted(pairs), strict=True) if pairs else ((), ())
    return pa.table({"day": pa.array(days, pa.date32()), "user": pa.array(users, pa.string())})


EXPERIMENT: Final = Lateness()
