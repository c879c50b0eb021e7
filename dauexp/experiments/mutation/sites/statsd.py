"""Option C: `service.py`, the calls of a service, and how its StatsD servers are configured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, cast

import pyarrow as pa
import pyarrow.compute as pc

from dauexp import ledger
from dauexp.experiments.mutation import service
from dauexp.experiments.mutation.catalogue import Code
from dauexp.experiments.mutation.processes import Process, Request, lines, module_of
from dauexp.experiments.mutation.sites import AtWork, Site
from dauexp.ingest.strategy import Logged
from dauexp.options import LEDGER_PART, Part, Strategy
from dauexp.options.statsd.columns import BatchAggregator
from dauexp.options.statsd.counter import Counter
from dauexp.options.statsd.emission import recorded_client
from dauexp.options.statsd.field import Field
from dauexp.options.statsd.sets import SetPerFlush
from dauexp.options.statsd.strategies import StatsdStrategy
from dauexp.options.statsd.tag import Tag
from dauexp.scenario import Scenario
from dauexp.store import Store

SERVICE = "service.py"

DATAGRAM = 1432
"""Bytes of a datagram that fit into one Ethernet frame, as statsd's documentation advises; what
is longer is cut off."""

SETTINGS: Mapping[str, Any] = {"flush_seconds": None, "hostname": None}


class StatsdSite(Site):
    """One call, and two settings of the servers.

    Settings: `flush_seconds`, the flush interval of all servers (None: as in the scenario), and
    `hostname`, what every server calls itself (None: by the name of its host).
    """

    base: ClassVar[type[StatsdStrategy]]
    call: ClassVar[str]
    """The function of the service."""

    def code(self) -> Code:
        """The calls as they are in the package."""
        return Code({SERVICE: Path(service.__file__).read_text(encoding="utf-8")}, SETTINGS)

    def strategy(self, code: Code, folder: Path) -> type[Strategy]:  # noqa: ARG002 - writes no file
        """The strategy with this call, and servers with these settings."""
        members = {"source": code.files[SERVICE], "call": self.call, "configured": code.settings}
        return type("Changed", (_ServiceAtWork, self.base), members)

    def checked(self, code: Code, folder: Path) -> Mapping[str, str]:  # noqa: ARG002 - writes no file
        """The calls."""
        return {"service": code.files[SERVICE]}


class CounterSite(StatsdSite):
    """Of `counter`."""

    label, base, call = "statsd:counter", Counter, "count"


class SetSite(StatsdSite):
    """Of `set`."""

    label, base, call = "statsd:set", SetPerFlush, "put_in_set"


class TagSite(StatsdSite):
    """Of `tag`."""

    label, base, call = "statsd:tag", Tag, "count_user"


class FieldSite(Site):
    """The point that is written for a request; there are no servers to configure."""

    label = "statsd:field"

    def code(self) -> Code:
        """As it is in the package."""
        return Code(CounterSite().code().files)

    def strategy(self, code: Code, folder: Path) -> type[Strategy]:  # noqa: ARG002 - writes no file
        """The strategy with this point."""

        class Changed(_PointsAtWork):
            source = code.files[SERVICE]

        return Changed

    def checked(self, code: Code, folder: Path) -> Mapping[str, str]:  # noqa: ARG002 - writes no file
        """The calls."""
        return {"service": code.files[SERVICE]}


class _ServiceAtWork(AtWork, StatsdStrategy):
    source: ClassVar[str]
    call: ClassVar[str]
    configured: ClassVar[Mapping[str, Any]]

    def __init__(self, scenario: Scenario) -> None:
        seconds = self.configured["flush_seconds"] or scenario.statsd.flush_seconds
        servers = scenario.statsd.model_copy(update={"flush_seconds": seconds})
        super().__init__(scenario.model_copy(update={"statsd": servers}))

    def start(self) -> Process:
        client, datagrams = recorded_client(self.scenario.statsd.prefix)
        module = module_of("service", self.source, self.clock_of_hosts)
        call = cast("Callable[[Any, Logged], None]", getattr(module, self.call))

        def serve(request: Request) -> Iterable[bytes]:
            datagrams.clear()
            call(client, request.logged)
            return [datagram[:DATAGRAM] for datagram in datagrams]

        return serve

    @property
    def together(self) -> str:
        """One block of users is all there are, so that sizes of sets add up as counts do."""
        return "sum(value)::BIGINT"

    def flushed(self, aggregator: BatchAggregator) -> pa.Table:
        """What the servers write of counters and of sets, whichever the service sends."""
        counts = aggregator.counts()
        cell = counts.column_names[:-1]
        sizes = aggregator.members().group_by(cell).aggregate([([], "count_all")])
        return pa.concat_tables(
            [counts, sizes.rename_columns(counts.column_names).cast(counts.schema)]
        )

    def settle(self, store: Store) -> Iterator[Part]:
        """As ever; where all servers have one name, points of one series and time overwrite."""
        for part in super().settle(store):
            name = self.configured["hostname"]
            if name is None:
                yield part
            elif part.table == self.measurement_name:
                yield from _under_one_name(part.table, pa.table(part.rows), name, self.schema.tags)


def _under_one_name(
    table: str, points: pa.Table, name: str, tags: tuple[str, ...]
) -> Iterator[Part]:
    """What is left of points whose tag `host` becomes the same: of each series and time the last,
    in the order of the hosts. With the account of it."""
    keys = ["time", *tags]
    order = [(key, "ascending") for key in (*keys, "host")]
    renamed = points.sort_by(order).set_column(
        points.schema.get_field_index("host"),
        points.schema.field("host"),
        pa.array([name] * len(points), pa.string()),
    )
    numbered = renamed.append_column("row", pa.array(range(len(points)), pa.int64()))
    last = numbered.group_by(keys).aggregate([("row", "max")])["row_max"]
    left = pc.is_in(numbered["row"], value_set=last.combine_chunks())
    stored = renamed.filter(left)
    overwritten = renamed.filter(pc.invert(left))
    yield Part(table, stored)
    for account, rows in (
        ("points_written", renamed),
        ("stored", stored),
        ("overwritten", overwritten),
    ):
        if len(rows):
            batch = rows.combine_chunks().to_batches()[0]
            yield Part(LEDGER_PART, ledger.tally(account, batch, time="time"))


class _PointsAtWork(AtWork, Field):
    source: ClassVar[str]

    def start(self) -> Process:
        module: Any = module_of("service", self.source, self.clock_of_hosts)

        def serve(request: Request) -> Iterable[bytes]:
            where_and_when = (self.measurement, request.host, request.milliseconds)
            return lines(module.point(*where_and_when, request.logged))

        return serve


SITES: tuple[Site, ...] = (CounterSite(), SetSite(), TagSite(), FieldSite())
