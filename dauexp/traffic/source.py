"""Where the traffic of a run comes from: the simulator, or a trace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import pyarrow as pa

from dauexp.scenario import Scenario
from dauexp.traffic import truth
from dauexp.traffic.identity import Observer, load_secret
from dauexp.traffic.requests import Simulator
from dauexp.traffic.trace import Trace, prepare


class Batch(NamedTuple):
    """Some requests as the service sees them, and what only the simulator knows of them."""

    observations: pa.RecordBatch
    """A batch of `dauexp.tables.OBSERVATIONS`."""
    true_segments: Mapping[str, pa.DictionaryArray] | None
    """The columns `platform` and `device_family` as they truly are."""


class Source(Protocol):
    """Traffic in blocks of users and days, each of which can be had on its own."""

    @property
    def days(self) -> Sequence[date]:
        """The UTC days of the run, in order."""

    @property
    def blocks(self) -> int:
        """Number of blocks of users."""

    @property
    def earlier(self) -> range:
        """The days (offsets from the first) of the earlier period, from which a team knows its
        requests per user. What is estimated from them is answered for later days only."""

    def batches(self, block: int, day: int) -> Iterator[Batch]:
        """The requests of a block on a day (offset from the first), in order of time.

        All batches of a block share the dictionary of `hashed_fxa_uid`, on all days.
        """


class Simulated:
    """Simulated traffic, hashed and classified as the service does it."""

    def __init__(self, scenario: Scenario) -> None:
        self._simulator = Simulator(scenario.traffic, scenario.seed)
        secret = load_secret(scenario.identity, scenario.seed, simulated=True)
        self._observer = Observer(secret, scenario.identity.device_id)
        self.days = self._simulator.days
        self.blocks = self._simulator.blocks
        self.earlier = range(-scenario.traffic.earlier_days, 0)

    def batches(self, block: int, day: int) -> Iterator[Batch]:
        """See `Source`."""
        ordinal = 0
        for requests in self._simulator.requests(block, day):
            true_segments = {
                "platform": requests["true_platform"],
                "device_family": requests["true_device_family"],
            }
            yield Batch(self._observer.observe(requests, ordinal), true_segments)
            ordinal += requests.num_rows


class Own:
    """Own traffic, of a trace that was prepared. Its first days are the earlier period: as many as
    are asked for, or half of a trace that is too short for that."""

    def __init__(self, trace: Trace, earlier_days: int) -> None:
        self._trace = trace
        self.days = trace.days
        self.blocks = trace.blocks
        self.earlier = range(min(earlier_days, len(trace.days) // 2))

    def batches(self, block: int, day: int) -> Iterator[Batch]:
        """See `Source`."""
        return (Batch(*pair) for pair in self._trace.batches(block, day))


def prepare_source(scenario: Scenario, folder: Path) -> None:
    """Prepares the traffic of a scenario below a run's folder, if that is needed and not done."""
    trace = scenario.traffic.trace
    if trace is None or (_prepared(folder) / "trace.json").exists():
        return
    secret = load_secret(scenario.identity, scenario.seed, simulated=False)
    prepare(
        trace,
        _prepared(folder),
        secret,
        scenario.identity.device_id,
        scenario.traffic.block_users,
    )


def open_source(scenario: Scenario, folder: Path) -> Source:
    """The traffic of a scenario; that of a trace as it was prepared below a run's folder."""
    if scenario.traffic.trace is None:
        return Simulated(scenario)
    trace = Trace.open(_prepared(folder), scenario.traffic.batch_rows)
    return Own(trace, scenario.traffic.earlier_days)


def dated(source: Source) -> Iterator[tuple[date, pa.RecordBatch]]:
    """All observations of a source with their UTC days, in order of blocks and days."""
    for block in range(source.blocks):
        for offset, day in enumerate(source.days):
            for batch in source.batches(block, offset):
                yield day, batch.observations


def calibration(source: Source, days: range | None = None) -> truth.Calibration:
    """Requests per user in the earlier period, or on other `days`, from the first block of users
    alone: the sample of logs that a team would look at."""
    seen, requests = [], []
    for day in source.earlier if days is None else days:
        observations = [batch.observations for batch in source.batches(0, day)]
        seen.append(truth.seen(observations))
        requests.append(truth.requests_by_segment(observations))
    if not seen:
        return truth.Calibration({})
    return truth.calibrate(truth.stacked(seen), np.stack(requests))


def _prepared(folder: Path) -> Path:
    return folder / "work" / "trace"
