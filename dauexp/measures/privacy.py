"""Whether a raw id or the secret is anywhere in a folder: it must not be.

Raw ids are those of users and devices before they are hashed. They are looked for in every file, in
every form of its content; the secret as it is, in hex and in base64.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa

from dauexp.crew import Crew, Job
from dauexp.measures.needles import SHORTEST, Needles
from dauexp.options import Contender, contenders
from dauexp.results import LEDGER_FILE, REPEATABLE, TIMED
from dauexp.scenario import Scenario
from dauexp.traffic.files import read_requests
from dauexp.traffic.identity import load_secret
from dauexp.traffic.requests import Simulator
from dauexp.unit import store_of

PRIVACY = pa.schema(
    [
        pa.field("option", pa.string(), nullable=False),
        pa.field("strategy", pa.string(), nullable=False),
        pa.field("place", pa.string(), nullable=False),
        pa.field("ids_searched", pa.int64(), nullable=False),
        pa.field("raw_ids_found", pa.int64(), nullable=False),
        pa.field("secrets_found", pa.int64(), nullable=False),
    ]
)
"""One row a place: each table of each contender's store, and the run's own data, which are of no
option and strategy. `raw_ids_found` counts ids, however often each is found; `secrets_found` counts
forms of the secret."""

MOST_IDS: Final = 100_000
"""As many raw ids are looked for, those of the first users: all go the same way."""

OWN: Final = ("scenario.toml", LEDGER_FILE, "work", REPEATABLE, TIMED)
"""A run's own data, below its folder."""


class Sought(NamedTuple):
    """What must not be found."""

    needles: Needles
    """Raw ids and forms of the secret."""
    secrets: frozenset[bytes]
    """The latter."""


class Found(NamedTuple):
    """What was found in some files."""

    raw_ids: frozenset[bytes]
    secrets: frozenset[bytes]


def privacy(job: Job, crew: Crew, stored: Collection[Path]) -> pa.Table:
    """The table `PRIVACY` of a run, once all other data are written. `stored` are the folders of
    all tables of all stores, below that of the run."""
    own = [_Place("", "", Path(name)) for name in OWN]
    places = [*_stores(contenders(job.scenario.strategies), stored), *own]
    what = sought(job.scenario)
    searched = len(what.needles) - len(what.secrets)
    found = crew.steps(
        "privacy", job, _found, [place.path for place in places], lambda path: [path]
    )
    rows = [
        {
            "option": place.option,
            "strategy": place.strategy,
            "place": place.path.name,
            "ids_searched": searched,
            "raw_ids_found": len(each.raw_ids),
            "secrets_found": len(each.secrets),
        }
        for place, each in zip(places, found, strict=True)
    ]
    return pa.Table.from_pylist(rows, PRIVACY)


def search(path: Path, what: Sought) -> Found:
    """Searches a file, or all files below a folder."""
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    found = frozenset[bytes]().union(*map(what.needles.found_in, files))
    return Found(found - what.secrets, found & what.secrets)


@lru_cache(maxsize=1)
def sought(scenario: Scenario) -> Sought:
    """The raw ids of a scenario's traffic and its secret. What is shorter than 8 bytes is left out,
    for it is found by chance."""
    ids = set(_long(islice((id_.encode() for id_ in _raw_ids(scenario)), MOST_IDS)))
    secret = load_secret(scenario.identity, scenario.seed, simulated=scenario.traffic.trace is None)
    secrets = frozenset(_long(secret_forms(secret)))
    return Sought(Needles(ids | secrets), secrets)


def secret_forms(secret: bytes) -> list[bytes]:
    """The ways in which a secret may be written: plain, in hex, in base64."""
    encoded = [base64.b64encode(secret), base64.urlsafe_b64encode(secret)]
    return [bytes(secret), secret.hex().encode(), secret.hex().upper().encode()] + [
        each.rstrip(b"=") for each in encoded
    ]


def _long(texts: Iterable[bytes]) -> list[bytes]:
    return [text for text in texts if len(text) >= SHORTEST]


def _raw_ids(scenario: Scenario) -> Iterator[str]:
    """Users and devices, before they are hashed; an own trace may name one again."""
    if scenario.traffic.trace is not None:
        for batch in read_requests(scenario.traffic.trace):
            for name in ("uid", "device_id"):
                yield from batch[name].dictionary.to_pylist()
        return
    simulator = Simulator(scenario.traffic, scenario.seed)
    for block in range(simulator.blocks):
        people = simulator.population(block)
        yield from people.uids.to_pylist()
        yield from people.device_ids.to_pylist()


class _Place(NamedTuple):
    option: str
    strategy: str
    path: Path


def _stores(chosen: Sequence[Contender], stored: Collection[Path]) -> Iterator[_Place]:
    for each in chosen:
        for table in sorted(stored):
            if table.is_relative_to(store_of(each)):
                yield _Place(each.option.id, each.strategy.name, table)


def _found(scenario: Scenario, folder: Path, place: Path) -> Found:
    return search(folder / place, sought(scenario))
