"""Option D: counters as Prometheus scrapes them, each with an exemplar that names its last user."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import ClassVar, Final

import pyarrow as pa
import pyarrow.compute as pc

from dauexp import ledger
from dauexp.database import SqlDatabase, connect
from dauexp.ledger import Law
from dauexp.options import LEDGER_PART, Option, Part, Strategy
from dauexp.store import Store
from dauexp.tables import MESSAGES

SCRAPE_SECONDS: Final = 60
NAMES: Final = ("platform", "device_family", "user")
LINE: Final = (
    r'^sync_requests_total\{platform="(?P<platform>\w+)",device_family="(?P<device_family>\w+)"\}'
    r' 1 # \{user="(?P<user>[0-9a-f]{32})"\} 1$'
)
SCRAPED: Final = f"""
CREATE TABLE counted AS SELECT *, 1 = row_number() OVER (
    PARTITION BY host, platform, device_family, epoch(time)::BIGINT // {SCRAPE_SECONDS}
    ORDER BY time DESC, "user") AS kept FROM read_parquet(?)
"""


class Exemplars(Strategy):
    """A scrape sees, of each series, only the exemplar that was written last."""

    name: ClassVar[str] = "exemplars"
    summary: ClassVar[str] = "a counter a series; of its users, the last one before each scrape"
    clock = "host"
    laws: ClassVar[tuple[Law, ...]] = (
        Law(("delivered",), ("counted", "malformed")),
        Law(("counted",), ("stored", "replaced"), settled=True),
    )
    kept: Mapping[str, str] = {"stored": "exemplars"}
    queries = Path(__file__).parent / "queries"

    def emit(self, observations: pa.RecordBatch) -> pa.RecordBatch:
        """One increment a request, in the text format, with its exemplar."""
        platform, family, user = (
            observations[name].cast(pa.string()) for name in (*NAMES[:2], "hashed_fxa_uid")
        )
        start, between, then = (
            'sync_requests_total{platform="',
            '",device_family="',
            '"} 1 # {user="',
        )
        line = pc.binary_join_element_wise(
            start, platform, between, family, then, user, '"} 1', ""
        ).cast(pa.binary())
        columns = [observations[name] for name in ("ordinal", "time", "host")]
        return pa.record_batch([*columns, line], schema=MESSAGES)

    def collect(self, messages: Iterable[pa.RecordBatch]) -> Iterator[Part]:
        """The increments that can be read; the registry of a host is settled when all are there."""
        for batch in messages:
            labels = pc.extract_regex(batch["wire"], LINE)
            read, malformed = (
                batch.filter(which) for which in (labels.is_valid(), labels.is_null())
            )
            yield Part(LEDGER_PART, ledger.tally("counted", read))
            yield Part(LEDGER_PART, ledger.tally("malformed", malformed))
            labels = labels.drop_null()
            columns = {"time": read["arrival"], "host": read["host"].cast(pa.string())}
            columns |= {name: pc.struct_field(labels, name).cast(pa.string()) for name in NAMES}
            yield Part("increments", pa.table(columns))

    def settle(self, store: Store) -> Iterator[Part]:
        """What the scrapes found, and how many increments had lost their exemplar by then."""
        if not store.has("increments"):
            texts = [pa.field(name, pa.string()) for name in ("host", *NAMES)]
            schema = pa.schema([pa.field("time", pa.timestamp("ms", tz="UTC")), *texts])
            yield Part("exemplars", schema.empty_table())
            return
        with connect() as duck:
            duck.execute(SCRAPED, [f"{store.table('increments')}/*.parquet"])
            found = duck.sql("SELECT * EXCLUDE kept FROM counted WHERE kept ORDER BY ALL")
            yield Part("exemplars", found.to_arrow_table())
            rows = duck.sql("SELECT kept, host, time::DATE, count(*) FROM counted GROUP BY ALL")
            for kept, *place in rows.fetchall():
                account = "stored" if kept else "replaced"
                yield Part(LEDGER_PART, ledger.counts(account, [("", *place)]))

    def database(self, store: Store) -> SqlDatabase:
        """The exemplars, as a table."""
        return SqlDatabase({"openmetrics.exemplars": store.table("exemplars")})


OPTION: Final = Option("openmetrics", "D", "OpenMetrics with exemplars", [Exemplars])
