"""What options A and B share: lines on standard output, ingested into BigQuery-shaped tables."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import ClassVar, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from dauexp import ledger
from dauexp.database import SqlDatabase
from dauexp.ingest.decoder import Decoder, decoder, gc_paused
from dauexp.ingest.names import snake_case
from dauexp.ingest.registry import Registry
from dauexp.ingest.rustreader import rust_library
from dauexp.ingest.stable import settle
from dauexp.ledger import Law
from dauexp.options import LEDGER_PART, Part, Strategy
from dauexp.store import Store
from dauexp.tables import MESSAGES

LIVE: Final = "live"
STABLE: Final = "stable"
ERRORS: Final = "errors"

QUERIED_AS: Final = "syncstorage"
"""The application whose tables the query files name."""


class Logged(NamedTuple):
    """What a service logs of one request."""

    user_agent: str
    hashed_fxa_uid: str
    hashed_device_id: str
    platform: str
    device_family: str


class IngestedStrategy(Strategy):
    """A strategy that logs one line a request, which ingestion makes a row of.

    Accounts: `live` and `errors` (by reason, the stage) of what was delivered, by host and day of
    arrival; `stable` and `deduplicated` of what is live, by day of arrival.
    """

    registry: Registry
    """Decides the columns of the tables."""
    exact: ClassVar[bool] = True
    ping: str = "events"
    """The ping that it sends, after which its tables are named."""
    laws: ClassVar[tuple[Law, ...]] = (
        Law(("delivered",), (LIVE, ERRORS)),
        Law((LIVE,), (STABLE, "deduplicated"), by_host=False, settled=True),
    )

    @property
    def kept(self) -> Mapping[str, str]:
        """The three tables, each named as its account."""
        return {LIVE: LIVE, ERRORS: ERRORS, STABLE: STABLE}

    def asks(self, statement: str) -> str:
        """An SQL statement on Sync's tables, on those of the service that is measured."""
        return statement

    @abstractmethod
    def log(self, requests: Iterable[Logged]) -> list[bytes]:
        """The lines that the service writes for some requests, in order, without line ends."""

    def emit(self, observations: pa.RecordBatch) -> pa.RecordBatch:
        """One line a request."""
        when_and_where = [observations[name] for name in ("ordinal", "time", "host")]
        return pa.record_batch([*when_and_where, self.wire(observations)], MESSAGES)

    def wire(self, observations: pa.RecordBatch) -> pa.Array:
        """The lines for a batch of requests, in order."""
        return logged(self.log, observations)

    def collect(self, messages: Iterable[pa.RecordBatch]) -> Iterator[Part]:
        """Ingests the lines: parts of the tables `live` and `errors`."""
        for batch in messages:
            decoded = self.decoder.decode(batch)
            yield Part(LIVE, decoded.live)
            yield Part(ERRORS, decoded.errors)
            where = batch.select(["arrival", "host"])  # for the lines are the bulk
            accepted = where.filter(decoded.accepted)
            yield Part(LEDGER_PART, ledger.tally(LIVE, accepted))
            rejected = where.filter(pc.invert(decoded.accepted))
            stages = decoded.errors["stage"]
            for stage in stages.unique().to_pylist():
                of_stage = rejected.filter(pc.equal(stages, stage).combine_chunks())
                yield Part(LEDGER_PART, ledger.tally(ERRORS, of_stage, reason=stage))

    def settle(self, store: Store) -> Iterator[Part]:
        """Makes the table `stable` from `live`: of each document and day the earliest row."""
        return settle(store, self.decoder.table.live)

    def database(self, store: Store) -> SqlDatabase:
        """`APPLICATION_live.PING`, `APPLICATION_stable.PING` and `APPLICATION_errors.PING`, the
        application being named `syncstorage` too, whatever its id, as Sync's queries name it."""
        names = {snake_case(self.scenario.glean.application_id), QUERIED_AS}
        tables = [table for table in (LIVE, STABLE, ERRORS) if store.has(table)]
        return SqlDatabase(
            {
                f"{name}_{table}.{snake_case(self.ping)}": store.table(table)
                for name in names
                for table in tables
            }
        )

    @cached_property
    def decoder(self) -> Decoder:
        """What ingests its lines."""
        glean = self.scenario.glean
        return decoder(self.registry, self.ping, glean.application_id, glean.decoder)

    def prepare(self) -> None:
        """Builds what reads the lines, where it is in Rust."""
        if self.scenario.glean.decoder == "rust":
            rust_library()


def logged(
    log: Callable[[Iterable[Logged]], list[bytes]], observations: pa.RecordBatch
) -> pa.Array:
    """The lines that a logger in Python writes for a batch of requests, in order."""
    columns = [_texts(observations[name]) for name in Logged._fields]
    with gc_paused():
        lines = log(map(Logged._make, zip(*columns, strict=True)))
    return pa.array(lines, pa.binary())


def _texts(column: pa.Array) -> list[str]:
    """The values of a dictionary-encoded column, one text object for each distinct value."""
    values = column.dictionary.to_pylist()
    return [values[index] for index in column.indices.to_pylist()]
