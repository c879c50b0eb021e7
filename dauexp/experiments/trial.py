"""A trial: the whole way from requests to answers for one strategy, in this process.

What a run does for the strategies that there are, a trial does for any class of strategy, so that
an experiment can put a changed one in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from dauexp import ledger
from dauexp.asking import answers, settle
from dauexp.channel import Channel
from dauexp.measures.accuracy import accuracy
from dauexp.options import Contender, laws_of
from dauexp.scenario import Scenario
from dauexp.store import Store
from dauexp.traffic import truth
from dauexp.traffic.source import Source, calibration, open_source, prepare_source
from dauexp.unit import Places, Unit, carried


class Trial(NamedTuple):
    """What a trial left."""

    answers: pa.Table
    """Table `ANSWERS`."""
    accuracy: pa.Table
    """The answers beside the truth, as `dauexp.measures.accuracy` gives it."""
    truth: pa.Table
    """Table `TRUTH`."""
    ledger: pa.Table
    """Entries of the ledger; `violations` says whether they balance."""
    violations: tuple[str, ...]
    """Where the ledger does not balance: a mistake in an experiment may break it."""
    store: Store


def trial(
    scenario: Scenario,
    contender: Contender,
    folder: Path,
    source: Source | None = None,
    questions: Sequence[str] = (),
) -> Trial:
    """Sends the traffic of a scenario through a contender, below the empty folder `folder`.

    `source` takes the place of the scenario's own traffic: a part of it, or a changed one. Asked
    are `questions`, by default all.

    Raises BadInput where a query does not run on what was stored.
    """
    if source is None:
        prepare_source(scenario, folder)
        source = open_source(scenario, folder)
    places = Places(folder)
    entries, exact = [], []
    for block in range(source.blocks):
        seen, devices = [], []
        for day in range(len(source.days)):
            unit = Unit(block, day)
            batches = list(source.batches(block, day))
            channel = Channel(scenario.faults, scenario.seed, block, day)
            fates = [channel.fates(batch.observations) for batch in batches]
            passed = carried(scenario, places, contender, unit, batches, channel, fates)
            entries.append(passed.entries)
            observations = [batch.observations for batch in batches]
            seen.append(truth.seen(observations))
            devices.append(truth.devices(observations))
        counted = (truth.stacked(seen), tuple(source.days), truth.stacked(devices))
        exact.append(truth.counts(*counted))
    entries.append(settle(scenario, folder, contender))
    account = ledger.merged(pa.concat_tables(entries))
    given = answers(scenario, folder, calibration(source), contender, questions)
    whole = truth.total(exact)
    return Trial(
        given,
        accuracy(given, whole),
        whole,
        account,
        tuple(map(str, ledger.violations(account, laws_of([contender])))),
        places.store(contender),
    )
