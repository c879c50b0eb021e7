"""Whether a raw id or the secret is anywhere in a folder: it must not be.

Raw ids are those of users and devices before they are hashed. They are looked for in every file, in
every form of its content; the secret as it is, in hex and in base64.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice
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

STEPS: Final = 8
"""At most, for each process: so many that none waits long for another at the end."""


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
    parts = {place: list(_parts(job.folder, place)) for place in places}
    once = {part.content: part for part in chain(*parts.values())}
    by_size = sorted(once.values(), key=lambda part: part.size, reverse=True)
    count = min(len(by_size), STEPS * crew.processes)
    tasks = [by_size[first::count] for first in range(count)]
    steps = crew.steps("privacy", job, _found, tasks, lambda task: [part.path for part in task])
    found = dict(chain(*steps))
    rows = [
        {
            "option": place.option,
            "strategy": place.strategy,
            "place": place.path.name,
            "ids_searched": searched,
            "raw_ids_found": len({id_ for part in its for id_ in found[part.content].raw_ids}),
            "secrets_found": len({form for part in its for form in found[part.content].secrets}),
        }
        for place, its in parts.items()
    ]
    return pa.Table.from_pylist(rows, PRIVACY)


def search(path: Path, what: Sought) -> Found:
    """Searches a file, or all files below a folder."""
    files = _files(path) if path.is_dir() else [path]
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


class _Part(NamedTuple):
    """What is searched by itself."""

    path: Path
    content: Hashable
    """The same for all names of one file, which is searched once."""
    size: float


def _stores(chosen: Sequence[Contender], stored: Collection[Path]) -> Iterator[_Place]:
    for each in chosen:
        for table in sorted(stored):
            if table.is_relative_to(store_of(each)):
                yield _Place(each.option.id, each.strategy.name, table)


def _parts(folder: Path, place: _Place) -> Iterator[_Part]:
    """Each file of a table, for another table of the store may have it, too. Whole are the run's
    own data, mostly small files, and a table that is not here but where a cluster's workers are."""
    table = folder / place.path
    if not place.option or not table.is_dir():
        yield _Part(place.path, place.path, math.inf)
        return
    for file in _files(table):
        stat = file.stat()
        # With the suffix, for it says in what forms a file is searched.
        content = (stat.st_dev, stat.st_ino, file.suffix)
        yield _Part(file.relative_to(folder), content, stat.st_size)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _found(
    scenario: Scenario, folder: Path, parts: Sequence[_Part]
) -> list[tuple[Hashable, Found]]:
    what = sought(scenario)
    return [(part.content, search(folder / part.path, what)) for part in parts]
