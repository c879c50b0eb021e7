"""One unit of work: one block of users on one day, through the truth and every contender.

A unit depends on nothing but the scenario, so units run in any order and in any process. Each is a
step of the run (`dauexp.stages`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import psutil
import pyarrow as pa
import pyarrow.compute as pc

from dauexp import ledger
from dauexp.channel import Channel, Fates
from dauexp.errors import Unbalanced
from dauexp.options import LEDGER_PART, Contender, Part, Strategy, contenders, laws_of
from dauexp.scenario import Scenario
from dauexp.stages import Mark, Step, digest_of, inputs_of
from dauexp.store import Store, write_table
from dauexp.traffic import truth
from dauexp.traffic.digest import StreamDigest
from dauexp.traffic.source import Batch, Source, open_source


class Unit(NamedTuple):
    """A block of users and a day (offset from the first)."""

    block: int
    day: int

    @property
    def name(self) -> str:
        """Name of its files, in order of day and block."""
        return f"{self.day:05}-{self.block:06}"


def store_of(contender: Contender) -> Path:
    """The folder of a contender's store, below that of the run."""
    return Path("store", contender.option.id, contender.strategy.name)


@dataclass(frozen=True)
class Places:
    """Where the files of a run are."""

    folder: Path

    def store(self, contender: Contender) -> Store:
        """The store of a contender."""
        return Store(self.folder / store_of(contender))

    def work(self, kind: str) -> Path:
        """The folder of one kind of what steps leave: ledger, seen, timings, ..."""
        return self.folder / "work" / kind

    def step(self, unit: Unit) -> Step:
        """The step of a run that does a unit."""
        return Step(self.folder, unit.name, digest_of(inputs_of(self.folder), unit.name))


class Stopwatch:
    """CPU seconds by stage, of this process and of those that a strategy runs."""

    def __init__(self, strategy: Strategy) -> None:
        self._strategy = strategy
        self.seconds: dict[str, float] = {}

    @contextmanager
    def timing(self, stage: str) -> Iterator[None]:
        """Adds the CPU time of what is done meanwhile to a stage."""
        started = self._now()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + self._now() - started

    def _now(self) -> float:
        times = [psutil.Process(process).cpu_times() for process in self._strategy.processes]
        return time.process_time() + sum(each.user + each.system for each in times)


def work(scenario: Scenario, folder: Path, unit: Unit) -> Mark:
    """Does a unit, if it is not done, and leaves its files below `folder`."""
    places = Places(folder)
    step = places.step(unit)
    mark = step.done()
    if mark:
        return mark
    source = _source(scenario, folder)
    batches = list(source.batches(unit.block, unit.day))
    channel = Channel(scenario.faults, scenario.seed, unit.block, unit.day)
    fates = [channel.fates(batch.observations) for batch in batches]
    _write_seen(places, unit, batches)
    chosen = contenders(scenario.strategies)
    passed = [
        carried(scenario, places, contender, unit, batches, channel, fates) for contender in chosen
    ]
    entries = pa.concat_tables([each.entries for each in passed])
    broken = ledger.violated_so_far(entries, laws_of(chosen))
    if broken:
        raise Unbalanced(f"block {unit.block}: the ledger does not balance: {broken[0]}")
    write_table(places.work("ledger") / f"{unit.name}.parquet", entries)
    timings = [
        {**named(contender), "day": source.days[unit.day], **each.cost}
        for contender, each in zip(chosen, passed, strict=True)
    ]
    write_table(places.work("timings") / f"{unit.name}.parquet", pa.Table.from_pylist(timings))
    digests = {each.label: its.digest for each, its in zip(chosen, passed, strict=True)}
    own = [places.work(kind) / f"{unit.name}.parquet" for kind in ("seen", "ledger", "timings")]
    stored = [
        path
        for contender in chosen
        for path in places.store(contender).folder.glob(f"*/{unit.name}.parquet")
    ]
    return step.finish([*own, *stored], digests=digests)


def named(contender: Contender) -> dict[str, str]:
    """The columns that say whose row it is."""
    return {"option": contender.option.id, "strategy": contender.strategy.name}


class Passed(NamedTuple):
    """What one contender made of a unit, beside the files of its store."""

    entries: pa.Table
    """Its entries in the ledger."""
    digest: str
    """Of the requests as it saw them."""
    cost: dict[str, object]


def carried(
    scenario: Scenario,
    places: Places,
    contender: Contender,
    unit: Unit,
    batches: Sequence[Batch],
    channel: Channel,
    fates: Sequence[Fates],
) -> Passed:
    """Carries the requests of a unit through one contender, into its store."""
    passage = Passage(contender.strategy(scenario), contender.option.id, channel)
    accounts = [_generated(batches)]
    with places.store(contender).writing(unit.name) as write, passage.watch.timing("all"):
        for part in passage.collected(batches, fates):
            if part.table == LEDGER_PART:
                accounts.append(part.rows)
            elif part.rows.num_rows:
                write(part.table, part.rows)
    accounts += passage.accounts
    entries = ledger.entries(contender.option.id, contender.strategy.name, accounts)
    return Passed(entries, passage.digest.hexdigest(), passage.cost)


class Passage:
    """The way of one unit's requests through one strategy: emit, channel, collect."""

    def __init__(self, strategy: Strategy, option: str, channel: Channel) -> None:
        self.strategy = strategy
        self.option = option
        self.channel = channel
        self.digest = StreamDigest()
        self.accounts: list[pa.Table] = []
        self.watch = Stopwatch(strategy)
        self.requests = 0
        self.wire_bytes = 0

    def collected(self, batches: Sequence[Batch], fates: Sequence[Fates]) -> Iterator[Part]:
        """The parts that the strategy makes of the batches."""
        return self.strategy.collect(self._delivered(batches, fates))

    def _delivered(
        self, batches: Sequence[Batch], fates: Sequence[Fates]
    ) -> Iterator[pa.RecordBatch]:
        start = 0
        for batch, fate in zip(batches, fates, strict=True):
            self.digest.update(batch.observations)
            with self.watch.timing("emit"):
                messages = self.strategy.emit(self.channel.by_host_clock(batch.observations))
            self.accounts.append(_unsampled(batch.observations, messages))
            with self.watch.timing("channel"):
                delivery = self.channel.carry(
                    self.option, self.strategy.clock, messages, fate, start
                )
            self.accounts.append(delivery.accounts)
            start += batch.observations.num_rows
            self.requests = start
            self.wire_bytes += messages["wire"].nbytes - 4 * (len(messages) + 1)
            yield delivery.messages

    @property
    def cost(self) -> dict[str, object]:
        """The cost of this passage: requests, bytes on the wire, CPU seconds by stage."""
        seconds = self.watch.seconds
        emit, channel = seconds.get("emit", 0.0), seconds.get("channel", 0.0)
        return {
            "requests": self.requests,
            "wire_bytes": self.wire_bytes,
            "emit_cpu_seconds": emit,
            "channel_cpu_seconds": channel,
            "collect_cpu_seconds": seconds["all"] - emit - channel,
        }


@lru_cache(maxsize=1)
def _source(scenario: Scenario, folder: Path) -> Source:
    return open_source(scenario, folder)


def _generated(batches: Sequence[Batch]) -> pa.Table:
    return pa.concat_tables(
        [ledger.COUNTS.empty_table()]
        + [ledger.tally("generated", batch.observations, time="time") for batch in batches]
    )


def _unsampled(observations: pa.RecordBatch, messages: pa.RecordBatch) -> pa.Table:
    """The account of the requests that have no message."""
    sent = pc.is_in(observations["ordinal"], value_set=messages["ordinal"])
    return ledger.tally("unsampled", observations.filter(pc.invert(sent)), time="time")


def _write_seen(places: Places, unit: Unit, batches: Sequence[Batch]) -> None:
    observations = [batch.observations for batch in batches]
    columns = {"seen": truth.seen(observations), "devices": truth.devices(observations)}
    if all(batch.true_segments is not None for batch in batches):
        columns["truly"] = truth.seen([_as_truly(batch) for batch in batches])
    write_table(places.work("seen") / f"{unit.name}.parquet", pa.table(columns))


def _as_truly(batch: Batch) -> pa.RecordBatch:
    """The observations with the true segments in place of the classified ones."""
    observations = batch.observations
    for name, column in (batch.true_segments or {}).items():
        observations = observations.set_column(
            observations.schema.get_field_index(name), name, column
        )
    return observations
