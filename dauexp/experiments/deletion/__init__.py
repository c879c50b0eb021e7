"""Opt-out: devices ask to be forgotten. Can each option do it, by which statement, what is left?

The ids that must vanish are searched for as bytes in every file: in the tables that an option
keeps, in what it keeps on the way, and in the log. DAU is asked before and after, and held against
the traffic of those who remain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dauexp.asking import answers
from dauexp.experiments import Experiment
from dauexp.experiments.deletion import erasure, optout
from dauexp.experiments.trial import trial
from dauexp.faults import Faults, Malformed
from dauexp.ingest.strategy import IngestedStrategy
from dauexp.measures.needles import Needles
from dauexp.options import Contender, Part, contenders
from dauexp.scenario import Scenario
from dauexp.traffic.source import calibration

DELETION = pa.schema(
    [
        pa.field("option", pa.string(), nullable=False),
        pa.field("strategy", pa.string(), nullable=False),
        pa.field("identity", pa.string(), nullable=False),
        pa.field("way", pa.string(), nullable=False),
        pa.field("possible", pa.bool_(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("named", pa.string(), nullable=False),
        pa.field("statement", pa.string(), nullable=False),
        pa.field("statements", pa.int64(), nullable=False),
        pa.field("devices_asked", pa.int64(), nullable=False),
        pa.field("ids_asked", pa.int64(), nullable=False),
        pa.field("ids_before", pa.int64(), nullable=False),
        pa.field("ids_remaining", pa.int64(), nullable=False),
        pa.field("requests_asked", pa.int64(), nullable=False),
        pa.field("rows_deleted", pa.int64(), nullable=False),
        pa.field("dau_before", pa.float64()),
        pa.field("dau_after", pa.float64()),
        pa.field("dau_due", pa.float64(), nullable=False),
        pa.field("relative_error_before", pa.float64()),
        pa.field("relative_error_after", pa.float64()),
    ]
)
"""One row an option, strategy, kind of device id (`identity`) and way of deleting.

`way` is empty, and `reason` says why, where there is none; `named` is what its statements name: a
device, a user or a point. `statement` is the first of `statements`. `ids_asked` are the hashes that
must vanish: those of the devices that asked, and those of users of whom no device is left;
`ids_before` and `ids_remaining` count those in the tables that the option keeps. `requests_asked`
are the requests of these devices, `rows_deleted` the rows gone from the table that questions are
asked of. DAU is the mean over the days; `dau_due` is the exact one of the devices that remain.
`relative_error_after` is `dau_after` / `dau_due` - 1, and `relative_error_before` the same of what
was asked and was exact before: some documents were damaged on the way."""

REMAINS = pa.schema(
    [
        pa.field("option", pa.string(), nullable=False),
        pa.field("strategy", pa.string(), nullable=False),
        pa.field("identity", pa.string(), nullable=False),
        pa.field("way", pa.string(), nullable=False),
        pa.field("place", pa.string(), nullable=False),
        pa.field("kept", pa.bool_(), nullable=False),
        pa.field("when", pa.string(), nullable=False),
        pa.field("files", pa.int64(), nullable=False),
        pa.field("rows", pa.int64()),
        pa.field("ids_found", pa.int64(), nullable=False),
        pa.field("id_bytes_found", pa.int64(), nullable=False),
    ]
)
"""One row a place, before and after (`when`). `kept` is false for what the option does not store:
the log, and what is held on the way to a database. `rows` is null for a log."""

LOG: Final = "log"
DAYS: Final = 2 * optout.FIRST_DAY
"""A week before the first request for deletion, and one in which they come."""

DAMAGED: Final = Faults(malformed=Malformed(rate=0.02))
"""Some documents are rejected, for these are kept too."""


class Deletion(Experiment):
    """Devices opt out of every option."""

    name: ClassVar[str] = "deletion"
    summary: ClassVar[str] = "devices opt out: what deletes them, what of them remains, and DAU"
    tables: ClassVar[Mapping[str, pa.Schema]] = {"deletion": DELETION, "remains": REMAINS}

    def cases(self, scenario: Scenario) -> Sequence[str]:
        """Every contender, with an id for each device and with one for each user."""
        return [
            f"{contender.label} {identity}"
            for contender in contenders(scenario.strategies)
            for identity in ("per-device", "placeholder")
        ]

    def observe(self, scenario: Scenario, case: str, scratch: Path) -> Mapping[str, pa.Table]:
        """One contender and kind of device id."""
        label, _, identity = case.rpartition(" ")
        (contender,) = (each for each in contenders() if each.label == label)
        kind = scenario.identity.model_copy(update={"device_id": identity})
        period = scenario.traffic.model_copy(update={"days": DAYS})
        changes = {"identity": kind, "traffic": period, "faults": DAMAGED}
        tried = _Tried(scenario.model_copy(update=changes), contender, scratch)
        rows, remains = [], []
        for way in erasure.ways(tried.strategy, tried.store, tried.request):
            row, places = tried.erased(way)
            rows.append(row)
            remains += places
        who = {"option": contender.option.id, "strategy": contender.strategy.name}
        labels = {**who, "identity": identity}
        return {
            "deletion": pa.Table.from_pylist([{**labels, **row} for row in rows], DELETION),
            "remains": pa.Table.from_pylist([{**labels, **row} for row in remains], REMAINS),
        }


class _Tried:
    """A contender that has seen all traffic, up to the requests for deletion."""

    def __init__(self, scenario: Scenario, contender: Contender, folder: Path) -> None:
        self.scenario, self.contender, self.folder = scenario, contender, folder
        self.log = folder / LOG
        traffic = optout.traffic(scenario)
        self.until = optout.opting_out(scenario, traffic.by_device)
        self.sent = optout.Without(traffic, self.until)
        self.remaining = optout.Without(traffic, dict.fromkeys(self.until, 0))
        carried, gone = optout.ids_to_vanish(traffic, self.until)
        self.request = erasure.Request(
            frozenset(carried), frozenset(device.owner for device in self.until)
        )
        self.needles = Needles(each.encode() for each in carried | gone)
        self.store = trial(scenario, _logged(contender, self.log), folder, self.sent).store
        self.strategy = contender.strategy(scenario)

    def erased(self, way: erasure.Way) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Deletes in one way: a row of `DELETION` and rows of `REMAINS`, without labels."""
        before, dau_before = self._places(), self._dau()
        reason = ""
        try:
            erasure.erase(self.strategy, self.store, way, self.request)
        except erasure.NotDeletable as refusal:
            reason = str(refusal)
        after, dau_after = self._places(), self._dau()
        exact, due = optout.daily_users(self.sent), optout.daily_users(self.remaining)
        row = {
            "way": way.name,
            "possible": not reason,
            "reason": reason,
            "named": way.named,
            "statement": _without_comments(way.statements[0]) if way.statements else "",
            "statements": len(way.statements),
            "devices_asked": len(self.until),
            "ids_asked": len(self.needles),
            "ids_before": _kept_ids(before),
            "ids_remaining": _kept_ids(after),
            "requests_asked": optout.requests(self.sent) - optout.requests(self.remaining),
            "rows_deleted": self._asked_rows(before) - self._asked_rows(after),
            "dau_before": dau_before,
            "dau_after": dau_after,
            "dau_due": due,
            "relative_error_before": _relative_error(dau_before, exact),
            "relative_error_after": _relative_error(dau_after, due),
        }
        places = [
            {"way": way.name, "when": when, **place.row()}
            for when, places in (("before", before), ("after", after))
            for place in places
        ]
        return row, places

    def _places(self) -> list[Place]:
        tables = sorted(path.name for path in self.store.folder.iterdir() if path.is_dir())
        kept = set(self.strategy.kept.values())
        found = [
            place(name, self.store.table(name), self.needles, kept=name in kept) for name in tables
        ]
        logged = [place(LOG, self.log, self.needles, kept=False)] if self.log.is_dir() else []
        return [*found, *logged]

    def _asked_rows(self, places: Iterable[Place]) -> int:
        """Rows of the table that questions are asked of: the last that the strategy keeps."""
        asked = list(self.strategy.kept.values())[-1]
        return sum(each.rows or 0 for each in places if each.name == asked)

    def _dau(self) -> float | None:
        """The mean over the days that were answered."""
        earlier = calibration(self.sent)
        given = answers(self.scenario, self.folder, earlier, self.contender, ("dau",))
        mean: float | None = pc.mean(given["value"]).as_py()
        return mean


class Place(NamedTuple):
    """What was found in one place."""

    name: str
    kept: bool
    files: int
    rows: int | None
    found: frozenset[bytes]

    def row(self) -> dict[str, Any]:
        """As columns of `REMAINS`."""
        return {
            "place": self.name,
            "kept": self.kept,
            "files": self.files,
            "rows": self.rows,
            "ids_found": len(self.found),
            "id_bytes_found": sum(map(len, self.found)),
        }


def place(name: str, folder: Path, needles: Needles, *, kept: bool) -> Place:
    """Searches all files below a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    tables = [path for path in files if path.suffix == ".parquet"]
    rows = sum(pq.read_metadata(path).num_rows for path in tables) if tables else None
    found = frozenset[bytes]().union(*(needles.found_in(path) for path in files))
    return Place(name, kept, len(files), rows, found)


def _without_comments(statement: str) -> str:
    return re.sub(r"^--.*\n", "", statement, flags=re.MULTILINE).strip()


def _relative_error(dau: float | None, exact: float) -> float | None:
    return None if dau is None or not exact else dau / exact - 1


def _kept_ids(places: Iterable[Place]) -> int:
    return len(frozenset[bytes]().union(*(each.found for each in places if each.kept)))


def _logged(contender: Contender, log: Path) -> Contender:
    """The contender; if it writes lines on standard output, they are kept in a folder, as the log
    pipeline keeps them."""
    if not issubclass(contender.strategy, IngestedStrategy):
        return contender
    written = contender.strategy

    def collect(self: IngestedStrategy, messages: Iterable[pa.RecordBatch]) -> Iterator[Part]:
        return written.collect(self, _kept(messages, log))

    return Contender(contender.option, type(written.__name__, (written,), {"collect": collect}))


def _kept(messages: Iterable[pa.RecordBatch], log: Path) -> Iterator[pa.RecordBatch]:
    log.mkdir(parents=True, exist_ok=True)
    with (log / "stdout.log").open("ab") as file:
        for batch in messages:
            file.writelines(line + b"\n" for line in batch["wire"].to_pylist())
            yield batch


EXPERIMENT: Final = Deletion()
