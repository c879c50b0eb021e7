"""One unit of work: one block of users on one day, through the truth and every contender.

A unit depends on nothing but the scenario, so units run in any order and in any process. What it
leaves are files; the last one written marks it as done.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import psutil
import pyarrow as pa

from dauexp import ledger
from dauexp.channel import Channel, Fates
from dauexp.errors import Unbalanced
from dauexp.options import LEDGER_PART, Contender, Part, Strategy, contenders, laws_of
from dauexp.scenario import Scenario
from dauexp.store import Store, replacing, write_table
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


@dataclass(frozen=True)
class Places:
    """Where the files of a run are."""

    folder: Path

    def store(self, contender: Contender) -> Store:
        """The store of a contender."""
        return Store(self.folder / "store" / contender.option.id / contender.strategy.name)

    def work(self, kind: str) -> Path:
        """The folder of one kind of a unit's own results: ledger, seen, timings, done."""
        return self.folder / "work" / kind

    def done(self, unit: Unit) -> Path:
        """The file that marks a unit as done."""
        return self.work("done") / f"{unit.name}.json"


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


def work(scenario: Scenario, folder: Path, unit: Unit) -> None:
    """Does a unit, if it is not done, and leaves its files below `folder`."""
    places = Places(folder)
    if places.done(unit).exists():
        return
    source = _source(scenario, folder)
    batches = list(source.batches(unit.block, unit.day))
    channel = Channel(scenario.faults, scenario.seed, unit.block, unit.day)
    fates = [channel.fates(batch.observations) for batch in batches]
    _write_seen(places, unit, batches)
    accounts, timings, digests = [], [], {}
    chosen = contenders(scenario.strategies)
    for contender in chosen:
        passage = Passage(contender.strategy(scenario), contender.option.id, channel)
        stage_accounts = [_generated(batches)]
        with places.store(contender).writing(unit.name) as write, passage.watch.timing("all"):
            for part in passage.collected(batches, fates):
                if part.table == LEDGER_PART:
                    stage_accounts.append(part.rows)
                elif part.rows.num_rows:
                    write(part.table, part.rows)
        stage_accounts += passage.accounts
        accounts.append(
            ledger.entries(contender.option.id, contender.strategy.name, stage_accounts)
        )
        digests[contender.label] = passage.digest.hexdigest()
        timings.append(passage.timings(contender, source.days[unit.day]))
    entries = pa.concat_tables(accounts)
    broken = ledger.violated_so_far(entries, laws_of(chosen))
    if broken:
        raise Unbalanced(f"block {unit.block}: the ledger does not balance: {broken[0]}")
    write_table(places.work("ledger") / f"{unit.name}.parquet", entries)
    write_table(places.work("timings") / f"{unit.name}.parquet", pa.Table.from_pylist(timings))
    with replacing(places.done(unit)) as beside:
        beside.write_text(json.dumps({"digests": digests}, sort_keys=True), encoding="utf-8")


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
            with self.watch.timing("channel"):
                delivery = self.channel.carry(
                    self.option, self.strategy.clock, messages, fate, start
                )
            self.accounts.append(delivery.accounts)
            start += batch.observations.num_rows
            self.requests = start
            self.wire_bytes += messages["wire"].nbytes - 4 * (len(messages) + 1)
            yield delivery.messages

    def timings(self, contender: Contender, day: date) -> dict[str, object]:
        """The cost of this passage: requests, bytes on the wire, CPU seconds by stage."""
        seconds = self.watch.seconds
        emit, channel = seconds.get("emit", 0.0), seconds.get("channel", 0.0)
        return {
            "option": contender.option.id,
            "strategy": contender.strategy.name,
            "day": day,
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


def _write_seen(places: Places, unit: Unit, batches: Sequence[Batch]) -> None:
    observations = [batch.observations for batch in batches]
    columns = {"seen": truth.seen(observations)}
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
