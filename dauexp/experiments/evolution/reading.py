"""Old and new messages before an old and a new reader, for each kind of option alike."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from dauexp.database import SqlDatabase
from dauexp.experiments.evolution.changes import Made
from dauexp.experiments.evolution.points import Written, database
from dauexp.experiments.evolution.warehouse import Read, ingested, table_of, warehouse
from dauexp.ingest.decoder import decoder
from dauexp.ingest.registry import Registry
from dauexp.ingest.strategy import IngestedStrategy
from dauexp.options.statsd.strategies import InfluxStrategy

Messages = Sequence[pa.RecordBatch]


class Sent(NamedTuple):
    """Messages of the old code, of the new, and those that the new sends for what is added."""

    old: Messages
    new: Messages
    more: Messages


class Readers(ABC):
    """The old reader and the new one."""

    @abstractmethod
    def accepted_by_old(self, sent: Sent) -> int:
        """How many messages the old reader accepts."""

    @abstractmethod
    def accepted_by_new(self, sent: Sent) -> int:
        """How many messages the new reader accepts."""

    @abstractmethod
    def database(self, sent: Sent, folder: Path) -> SqlDatabase:
        """What is stored of messages."""

    @abstractmethod
    def filled(self, sent: Sent, folder: Path) -> float | None:
        """The share of the documents that should have what was added which have it; None where
        nothing was added."""


class PingReaders(Readers):
    """Ingestion with the old registry and with the new one."""

    def __init__(
        self, old: IngestedStrategy, new: IngestedStrategy, made: Made, code: Path
    ) -> None:
        """`code` is the folder with the changed code."""
        self._old, self._new, self._made = old.decoder, new.decoder, made
        application = made.application or self._new.application
        files = tuple(code / file for file in made.registry)
        registry = Registry(files) if files else new.registry
        self._more = decoder(registry, made.ping or self._new.ping, application)

    def accepted_by_old(self, sent: Sent) -> int:
        """By its registry, which knows no ping or application that was added."""
        return ingested(self._old, [*sent.old, *sent.new, *sent.more]).accepted

    def accepted_by_new(self, sent: Sent) -> int:
        """By its registry, and that of what was added."""
        more = ingested(self._more, sent.more).accepted
        return more + ingested(self._new, [*sent.old, *sent.new]).accepted

    def database(self, sent: Sent, folder: Path) -> SqlDatabase:
        """The stable tables, under the name that the queries give the application.

        The pipeline makes columns for all metrics that ever were, so a document of the old code
        fills its own after a change as before it.
        """
        main = [ingested(self._old, sent.old).rows, ingested(self._new, sent.new).rows]
        tables = {"syncstorage_stable.events": main}
        more = ingested(self._more, sent.more).rows
        name = table_of(self._made.application or "syncstorage", self._made.ping or "events")
        tables.setdefault(name, []).append(more)
        return warehouse(folder, tables)

    def filled(self, sent: Sent, folder: Path) -> float | None:
        """Of documents that the new reader accepted."""
        carrying = (
            ingested(self._more, sent.more) if self._made.more else ingested(self._new, sent.new)
        )
        return _share(self._made, warehouse(folder, {"added.rows": [carrying.rows]}), "added.rows")


class PointReaders(Readers):
    """InfluxDB, which is the same reader before and after: it has no schema."""

    def __init__(self, old: InfluxStrategy, made: Made) -> None:
        self._strategy, self._made = old, made
        self._precision = old.scenario.influxdb.precision

    def accepted_by_old(self, sent: Sent) -> int:
        """By a database that has the points of the old code."""
        return self.accepted_by_new(sent)

    def accepted_by_new(self, sent: Sent) -> int:
        """All but lines in which the type of a field is another one than before."""
        main, more = self._written(sent)
        return main.accepted + more.accepted

    def database(self, sent: Sent, folder: Path) -> SqlDatabase:
        """The measurements; one has the tags and fields that any point of it has, ever."""
        main, more = self._written(sent)
        ever = pa.concat_tables(
            [main.rows, self._strategy.schema.schema.empty_table()], promote_options="default"
        )
        tables = {self._strategy.measurement_name: ever}
        if self._made.table:
            tables[self._made.table] = more.rows
        return database(folder, tables)

    def filled(self, sent: Sent, folder: Path) -> float | None:
        """Of the points of the new code."""
        main, more = self._written(sent._replace(old=[]))
        name = self._made.table or self._strategy.measurement_name
        rows = more.rows if self._made.table else main.rows
        return _share(self._made, database(folder, {name: rows}), f"influxdb.{name}")

    def _written(self, sent: Sent) -> tuple[Read, Read]:
        points = Written(self._precision)
        main = points.write([*sent.old, *sent.new], self._strategy.measurement)
        return main, points.write(sent.more, self._made.table)


def _share(made: Made, database: SqlDatabase, table: str) -> float | None:
    if not made.filled:
        return None
    query = f"SELECT AVG(IF({made.filled}, 1, 0)) AS share FROM {table}"
    with database:
        share: float | None = database.ask(query, "sql", {})["share"][0].as_py()
    return share
