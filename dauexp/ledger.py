"""The ledger: the account of every request at every stage of a run. It must balance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dauexp.tables import LEDGER

_EPOCH = date(1970, 1, 1)

COUNTS = pa.schema([LEDGER.field(name) for name in ("account", "reason", "host", "day", "count")])
"""What a stage says: the ledger without option and strategy, which the run adds."""


class Law(NamedTuple):
    """A conservation law: on every day, and host if `by_host`, the accounts on the left add up to
    those on the right. Reasons are summed over."""

    left: tuple[str, ...]
    right: tuple[str, ...]
    by_host: bool = True
    settled: bool = False
    """Whether it can hold only when the store is settled, not yet for a block and day."""

    def __str__(self) -> str:
        return f"{' + '.join(self.left)} = {' + '.join(self.right)}"


Laws = Mapping[tuple[str, str], Sequence[Law]]
"""The laws that each option and strategy keeps."""

GENERATION = Law(("generated",), ("emitted",))
SAMPLING = Law(("generated",), ("emitted", "unsampled"))
"""In place of `GENERATION` where the client sends only a sample."""
CARRIAGE = Law(("emitted", "duplicated", "moved_in"), ("delivered", "lost", "moved_out"))


def violated_so_far(entries: pa.Table, laws: Laws) -> list[Violation]:
    """Violations of those laws that hold for each block and day on its own."""
    early = {key: [law for law in its if not law.settled] for key, its in laws.items()}
    return violations(entries, early)


def counts(account: str, rows: Iterable[tuple[str, str, object, int]]) -> pa.Table:
    """Counts of one account from rows of (reason, host, day, count)."""
    return pa.Table.from_pylist(
        [
            {"account": account, "reason": reason, "host": host, "day": day, "count": count}
            for reason, host, day, count in rows
        ],
        schema=COUNTS,
    )


def tally(
    account: str, rows: pa.RecordBatch, *, reason: str = "", time: str = "arrival"
) -> pa.Table:
    """Counts the rows of a batch that has the columns `host` and `time`, by host and UTC day."""
    host = rows["host"].dictionary_encode()
    names = host.dictionary.to_pylist()
    days = rows[time].cast(pa.date32()).cast(pa.int32()).to_numpy().astype(np.int64)
    places, number = np.unique(days * len(names) + host.indices.to_numpy(), return_counts=True)
    split = (
        (*divmod(place, len(names)), count) for place, count in zip(places, number, strict=True)
    )
    return counts(
        account,
        [
            (reason, names[code], _EPOCH + timedelta(int(day)), int(count))
            for day, code, count in split
        ],
    )


def entries(option: str, strategy: str, accounts: Iterable[pa.Table]) -> pa.Table:
    """The ledger of one strategy from its stages' counts: summed and sorted."""
    stacked = pa.concat_tables([*accounts, COUNTS.empty_table()])
    keys = ["account", "reason", "host", "day"]
    summed = (
        stacked.group_by(keys)
        .aggregate([("count", "sum")])
        .sort_by([(k, "ascending") for k in keys])
    )
    rows = summed.num_rows
    return pa.table(
        {
            "option": pa.array([option] * rows, pa.string()),
            "strategy": pa.array([strategy] * rows, pa.string()),
            **{key: summed[key] for key in keys},
            "count": summed["count_sum"],
        },
        schema=LEDGER,
    )


def merged(entries: pa.Table) -> pa.Table:
    """Entries of several units or stages as one ledger: summed and sorted."""
    keys = LEDGER.names[:-1]
    summed = entries.group_by(keys).aggregate([("count", "sum")])
    return (
        summed.rename_columns(LEDGER.names).sort_by([(k, "ascending") for k in keys]).cast(LEDGER)
    )


class Violation(NamedTuple):
    """A place where a law does not hold. `host` is empty for a law by day alone."""

    option: str
    strategy: str
    law: Law
    host: str
    day: object
    left: int
    right: int

    def __str__(self) -> str:
        where = f"{self.option}:{self.strategy} on {self.day}" + (
            f" at {self.host}" if self.host else ""
        )
        return f"{where}: {self.law} does not hold: {self.left} is not {self.right}"


def violations(ledger: pa.Table, laws: Laws) -> list[Violation]:
    """All places where the laws of an (option, strategy) do not hold in a table `LEDGER`."""
    found: list[Violation] = []
    for (option, strategy), its_laws in laws.items():
        mine = ledger.filter((pc.field("option") == option) & (pc.field("strategy") == strategy))
        for law in its_laws:
            sides: dict[tuple[str, object], list[int]] = {}
            for row in mine.to_pylist():
                place = (row["host"] if law.by_host else "", row["day"])
                for side, names in enumerate((law.left, law.right)):
                    if row["account"] in names:
                        sides.setdefault(place, [0, 0])[side] += row["count"]
            found += [
                Violation(option, strategy, law, host, day, left, right)
                for (host, day), (left, right) in sorted(sides.items(), key=str)
                if left != right
            ]
    return found
