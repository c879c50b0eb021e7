"""One change of one option: made in a copy, counted, generated from, emitted, read and asked."""

from __future__ import annotations

import importlib
import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Final, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dauexp.database import SqlDatabase
from dauexp.errors import BadInput
from dauexp.experiments.evolution.changes import Made, custom, field, glean
from dauexp.experiments.evolution.code import as_it_is, changed_lines, changes_by_part, checked_out
from dauexp.experiments.evolution.reading import PingReaders, PointReaders, Readers, Sent
from dauexp.faults.base import later
from dauexp.ingest.registry import Registry
from dauexp.ingest.strategy import IngestedStrategy, logged
from dauexp.options import Contender, Strategy
from dauexp.options import glean as option_a
from dauexp.options.statsd.strategies import InfluxStrategy
from dauexp.questions import Query, ask, catalogue, parameters, queries
from dauexp.scenario import Scenario
from dauexp.tables import MESSAGES, TIME
from dauexp.temporary import temporary_folder
from dauexp.traffic.source import Simulated, dated

LATER: Final = 600_000
"""Milliseconds between a request and the document that is added for it."""

Answers = Mapping[tuple[object, ...], float | None]
"""Answers by question, variant, day and segment."""


class Option(NamedTuple):
    """An option as it is changed."""

    label: str
    made: Mapping[str, Made]
    queries: str
    """The folder of its queries, below the options."""
    module: str
    """Where its strategy is."""


OPTIONS: Final = (
    Option("glean", glean.MADE, "glean/queries", "dauexp.options.glean"),
    Option("custom", custom.MADE, "glean/queries", "dauexp.options.custom"),
    Option("statsd:field", field.MADE, "statsd/queries/field", "dauexp.options.statsd.field"),
)


def observed(
    scenario: Scenario, option: Option, contender: Contender, change: str, scratch: Path
) -> dict[str, Any]:
    """A row of the table of evolution, without its labels."""
    made = option.made[change]
    code = made.by(as_it_is())
    old = contender.strategy(scenario)
    batches = _observations(scenario)
    unheard = io.StringIO()  # what the generator says is a column of the table
    with (
        redirect_stdout(unheard),
        redirect_stderr(unheard),
        checked_out(code, scratch / "code") as folder,
    ):
        module = importlib.import_module(option.module)
        new: Strategy = getattr(module, contender.strategy.__name__)(scenario)
        more = _adding(new, made, option.module)
        sent = Sent(
            [old.emit(batch) for batch in batches],
            [new.emit(batch) for batch in batches],
            [more(batch) for batch in batches] if more else [],
        )
        readers = _readers(old, new, made, folder)
    generated = _generated(made, folder) if option.label == "glean" else Generated(0, "")
    lines = changes_by_part(as_it_is(), code)
    asking = Asking(old, sent, readers, scratch, folder / option.queries)
    new_query = folder / option.queries.partition("/")[0] / "new" / f"{change}.sql"
    return {
        "registry_lines_changed": lines["registry"],
        "code_lines_changed": lines["code"],
        "query_lines_changed": lines["query"],
        "generated_lines_changed": generated.lines_changed,
        "files_touched": lines["files"],
        "accepted_share": readers.accepted_by_new(asking.after) / _messages(asking.after),
        "filled_share": readers.filled(asking.after, scratch / "filled"),
        "new_query_rows": asking.rows(new_query) if new_query.is_file() else None,
        "old_queries_right": asking.right(asking.after, changed=False),
        "new_queries_right": asking.right(asking.after),
        "history_readable": asking.right(asking.history),
        "old_reader_accepted_share": readers.accepted_by_old(asking.after)
        / _messages(asking.after),
        "mixed_accepted_share": readers.accepted_by_new(asking.mixed) / _messages(asking.mixed),
        "mixed_queries_right": asking.right(asking.mixed),
        "told": generated.told,
    }


def _observations(scenario: Scenario) -> list[pa.RecordBatch]:
    return [observations for _, observations in dated(Simulated(scenario))]


def _adding(
    new: Strategy, made: Made, module: str
) -> Callable[[pa.RecordBatch], pa.RecordBatch] | None:
    """What sends the documents that are added for a batch of requests; None where none are."""
    if not made.more:
        return None
    place, _, name = made.more.rpartition(":")
    if place:
        package = module.removesuffix(".field")
        function = getattr(importlib.import_module(f"{package}.{place}"), name)
    else:
        function = getattr(getattr(new, "_emitter", new), name)

    def add(batch: pa.RecordBatch) -> pa.RecordBatch:
        pings = isinstance(new, IngestedStrategy)
        wire = logged(function, batch) if pings else pa.array(function(batch), pa.binary())
        columns = [batch[each] for each in ("ordinal", "time", "host")]
        messages = pa.record_batch([*columns, wire], MESSAGES)
        return later(messages, "arrival", np.full(len(messages), LATER)) if pings else messages

    return add


def _readers(old: Strategy, new: Strategy, made: Made, code: Path) -> Readers:
    if isinstance(old, IngestedStrategy) and isinstance(new, IngestedStrategy):
        return PingReaders(old, new, made, code)
    assert isinstance(old, InfluxStrategy)
    return PointReaders(old, made)


class Generated(NamedTuple):
    """What glean_parser makes of a changed registry."""

    lines_changed: int
    told: str
    """What it says meanwhile, on one line."""


def _generated(made: Made, code: Path) -> Generated:
    before, _ = _module(option_a.REGISTRY)
    after, told = _module(Registry((code / "glean/metrics.yaml", code / "glean/pings.yaml")))
    lines = changed_lines(before, after)
    if made.registry:
        module, more = _module(Registry(tuple(code / file for file in made.registry)))
        lines, told = lines + changed_lines("", module), told + more
    return Generated(lines, " ".join(told.split()))


def _module(registry: Registry) -> tuple[str, str]:
    """The Python that is generated, and what glean_parser says of it."""
    from glean_parser import python_server  # noqa: PLC0415 - takes a second to import

    said = io.StringIO()
    with temporary_folder() as folder, redirect_stdout(said):
        python_server.output_python(registry.objects(), folder, {})
        return (folder / "server_events.py").read_text(encoding="utf-8"), said.getvalue()


def _messages(sent: Sent) -> int:
    return sum(len(batch) for batches in sent for batch in batches)


class Asking:
    """The questions, asked of what old and new code have sent."""

    def __init__(
        self, old: Strategy, sent: Sent, readers: Readers, scratch: Path, changed: Path
    ) -> None:
        """`changed` is the folder of the changed queries."""
        self._readers = readers
        self._scratch = scratch
        self._number = count()
        days = old.scenario.traffic.calendar
        self._files = [
            query
            for query in queries(old.queries)
            if query.possible
            and query.language == "sql"
            and catalogue()[query.question].window <= len(days)
        ]
        self._changed = [
            Query(query.question, query.variant, query.language, changed / query.path.name)
            for query in self._files
            if (changed / query.path.name).is_file()
        ]
        self._named = parameters(days[0], days[-1], old.settings)
        middle = days[len(days) // 2]
        hosts = sorted({host for batch in sent.old for host in batch["host"].to_pylist()})
        midnight = pa.scalar(datetime(middle.year, middle.month, middle.day, tzinfo=UTC), TIME)
        upgraded = pa.array(hosts[: max(1, len(hosts) // 2)])
        self.before = Sent(sent.old, [], [])
        self.after = Sent([], sent.new, sent.more)
        self.history = _split(sent, lambda each: pc.greater_equal(each["arrival"], midnight))
        self.mixed = _split(
            sent, lambda each: pc.is_in(each["host"].cast(pa.string()), value_set=upgraded)
        )
        self._baseline = self._asked(self.before, self._files)

    def right(self, sent: Sent, *, changed: bool = True) -> float:
        """The share of answers that are what they were before the change."""
        files = self._changed if changed else self._files
        given = self._asked(sent, files)
        asked = {(query.question, query.variant) for query in files}
        wanted = {key: value for key, value in self._baseline.items() if key[:2] in asked}
        return sum(given.get(key) == value for key, value in wanted.items()) / len(wanted)

    def rows(self, query: Path) -> int:
        """How many rows the query for what was added gives."""
        with self._database(self.after) as database:
            given = database.ask(query.read_text(encoding="utf-8"), "sql", self._named)
        return len(given)

    def _asked(self, sent: Sent, files: Sequence[Query]) -> Answers:
        found: dict[tuple[object, ...], float | None] = {}
        with self._database(sent) as database:
            for query in files:
                try:
                    rows = ask(query, database, self._named).to_pylist()
                except (BadInput, duckdb.Error):  # a column that it names is not there any more
                    continue
                for row in rows:
                    key = (query.question, query.variant, row["day"], row["segment"])
                    found[key] = row["value"]
        return found

    def _database(self, sent: Sent) -> SqlDatabase:
        folder = self._scratch / f"state-{next(self._number)}"
        return self._readers.database(sent, folder)


def _split(sent: Sent, is_new: Callable[[pa.RecordBatch], pa.Array]) -> Sent:
    """The messages of the new code where it runs, and of the old where it does."""
    return Sent(
        [each.filter(pc.invert(is_new(each))) for each in sent.old],
        [each.filter(is_new(each)) for each in sent.new],
        [each.filter(is_new(each)) for each in sent.more],
    )
