"""The bases of the strategies of option C: all, and those that go through a StatsD server.

A strategy through StatsD says what the client sends for a request, what is kept of a flush, and
what is asked of it (the queries); the rest is here.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import statsd

from dauexp import ledger
from dauexp.database import Database, Step
from dauexp.ledger import Law
from dauexp.options import LEDGER_PART, Part, Strategy
from dauexp.options.statsd.aggregator import Series
from dauexp.options.statsd.columns import BatchAggregator
from dauexp.options.statsd.emission import messages, recording, tagged_names
from dauexp.options.statsd.packets import METRIC_TYPE
from dauexp.options.statsd.points import Limits
from dauexp.options.statsd.remote import asked, written
from dauexp.options.statsd.settlement import Measurement, PointsDatabase, Settled, settle_flushes
from dauexp.options.statsd.shelves import shelved
from dauexp.scenario import Scenario
from dauexp.store import Store

TAGS = ("platform", "device_family")
"""What each message is tagged with, beside the host."""

WRITTEN = Law(("points_written",), ("stored", "overwritten", "rejected"), settled=True)

FLUSHED = "flushed"
"""The table of what each block of users and day puts into the flushes of the servers.

It is the memory of the servers, made durable so that blocks can be done apart; it is not stored
by the option, so it is no part of what the option keeps or costs at rest."""


class InfluxStrategy(Strategy):
    """A strategy whose points end up in one measurement of InfluxDB."""

    languages: ClassVar[tuple[str, ...]] = ("sql", "flux", "influxql")
    measurement_name: ClassVar[str]
    """The measurement without the scenario's prefix: so it is called in queries."""
    shelved_by: ClassVar[str | None] = None
    """The column of users, where it has one: of a large table, a user's points lie together."""

    @property
    def measurement(self) -> str:
        """The name of the measurement in InfluxDB."""
        return f"{self.scenario.statsd.prefix}_{self.measurement_name}".replace(".", "_")

    @property
    @abstractmethod
    def schema(self) -> Measurement:
        """The tags and fields of the measurement."""

    @property
    def kept(self) -> Mapping[str, str]:
        """The points of the measurement."""
        return {"stored": self.measurement_name}

    @property
    def limits(self) -> Limits:
        """What the index takes, of the scenario."""
        influxdb = self.scenario.influxdb
        return Limits(influxdb.max_series or None, influxdb.max_values_per_tag or None)

    @property
    def queries(self) -> Path:
        """The folder of this package named after the strategy."""
        return Path(__file__).parent / "queries" / self.name

    @property
    def steps(self) -> Mapping[str, Step]:
        """The steps outside the database that its queries may declare, by name."""
        return {}

    def stored(self, settled: Iterator[Settled]) -> Iterator[Part]:
        """What is settled as parts of the store; by the server too, where the scenario has one."""
        if self.scenario.influxdb.backend == "server":
            settled = written(settled, self.schema, self.measurement, self.scenario, self.name)
        for points, accounts, portions in settled:
            if self.shelved_by is None or portions == 1:
                yield Part(self.measurement_name, points)
            else:
                for shelf, rows in shelved(points, self.shelved_by, portions):
                    yield Part(f"{self.measurement_name}/{shelf:03}", rows)
            yield Part(LEDGER_PART, accounts)

    def database(self, store: Store) -> Database:
        """The measurement as the table `influxdb.NAME`, or in the server of the scenario."""
        if self.scenario.influxdb.backend == "server":
            return asked(self.measurement, self.scenario, self.name, self.steps)
        folder = store.table(self.measurement_name)
        tables = {f"influxdb.{self.measurement_name}": (self.schema, folder)}
        return PointsDatabase(tables, self.steps)


class StatsdStrategy(InfluxStrategy):
    """A strategy whose messages are StatsD packets, aggregated by a server on each host."""

    tags: ClassVar[tuple[str, ...]] = TAGS
    """The tags that its metrics have, beside the host and the type."""
    clock = "host"
    laws = (Law(("delivered",), ("aggregated", "malformed", "forgotten")), WRITTEN)

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(scenario)
        self.interval = 1000 * scenario.statsd.flush_seconds

    @property
    def schema(self) -> Measurement:
        """One value for each flush, host and set of tags."""
        return Measurement(("host", *self.tags, METRIC_TYPE), {"value": pa.int64()})

    @property
    @abstractmethod
    def together(self) -> str:
        """How the value of a point comes of its parts, in SQL."""

    @abstractmethod
    def flushed(self, aggregator: BatchAggregator) -> pa.Table:
        """The parts of points: columns time, host, series, and what `together` is of."""

    @abstractmethod
    def send(self, client: statsd.StatsClient, names: list[str], users: list[str]) -> None:
        """Makes the client send one packet for each name and user."""

    def emit(self, observations: pa.RecordBatch) -> pa.RecordBatch:
        """One packet a request, tagged by platform and device family."""
        names = tagged_names(self.measurement_name, observations, TAGS)
        users = observations["hashed_fxa_uid"].cast(pa.string()).to_pylist()
        with recording(self.scenario.statsd) as (client, datagrams):
            self.send(client, names, users)
        return messages(observations, datagrams)

    def collect(self, messages: Iterable[pa.RecordBatch]) -> Iterator[Part]:
        """The flushes of the servers, as far as these messages make them.

        A server that restarts forgets what it has not flushed: those messages are `forgotten`.
        """
        aggregator = BatchAggregator(self.interval)
        for delivered in messages:
            lost = self._forgotten(delivered)
            forgotten, batch = delivered.filter(lost), delivered.filter(pc.invert(lost))
            counted = _add(aggregator, batch)
            yield Part(LEDGER_PART, ledger.tally("forgotten", forgotten, reason="restart"))
            yield Part(LEDGER_PART, ledger.tally("aggregated", batch.filter(counted)))
            malformed = batch.filter(pc.invert(counted))
            yield Part(LEDGER_PART, ledger.tally("malformed", malformed))
        yield Part(FLUSHED, self._tagged(self.flushed(aggregator), aggregator.series))

    def _forgotten(self, messages: pa.RecordBatch) -> pa.BooleanArray:
        restart = self.scenario.faults.statsd_restart
        arrival = np.asarray(messages["arrival"].cast(pa.int64()))
        return pa.array(restart.forgotten(arrival, messages["host"], self.interval))

    def _tagged(self, table: pa.Table, series: Sequence[Series]) -> pa.Table:
        """The rows of this strategy's measurement, with tags in place of the series. A metric of
        another name, which only a damaged packet has, is left out: nothing asks for it."""
        names = pa.array([name for name, _ in series], pa.string()).take(table["series"])
        known = [dict(tags) for _, tags in series]
        for tag in (*self.tags, METRIC_TYPE):
            values = pa.array([tags.get(tag) for tags in known], pa.string())
            table = table.append_column(tag, values.take(table["series"]))
        return table.filter(pc.equal(names, self.measurement)).drop_columns("series")

    def settle(self, store: Store) -> Iterator[Part]:
        """The points that the servers wrote: the parts of all blocks and days, put together."""
        flushed = store.table(FLUSHED)
        return self.stored(settle_flushes(flushed, self.schema, self.together, self.limits))


def _add(aggregator: BatchAggregator, packets: pa.RecordBatch) -> pa.BooleanArray:
    """Gives packets to the aggregator, line by line, which it reads much faster than packets of
    several lines. Says which packets counted: those of which any line did."""
    lines = pc.split_pattern(packets["wire"], b"\n")
    packet = pc.list_parent_indices(lines)
    place = packets.schema.get_field_index("wire")
    wire = packets.schema.field(place)
    each = packets.take(packet).set_column(place, wire, pc.list_flatten(lines))
    counted = np.zeros(len(packets), np.bool_)
    counted[np.asarray(packet)[aggregator.add(each)]] = True
    return pa.array(counted)
