"""Ingestion of options A and B: lines in Python beside lines in Rust, with deduplication.

In one run, in turn, `--rounds` times each on the same lines of the Rust emitter, which lie in
memory-mapped files: every line validated and made into rows of the live table by two processes, its
Parquet files written, then the stable table made of them. In `plain` no document comes twice; in
`repeats` one in a hundred does, and so each file of the stable table differs from that of the live
one.

Prints documents per second of wall time (median, lowest to highest), of the whole and of its two
parts, and the ratio of Rust to Python in the same round. Building what is in Rust, before that,
takes minutes the first time.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import NamedTuple

import psutil
import pyarrow as pa

from benchmarks.spread import spread
from dauexp.ingest.decoder import Language, decoder
from dauexp.ingest.rustreader import rust_library
from dauexp.ingest.stable import settle
from dauexp.options.glean import REGISTRY, GleanEvents
from dauexp.pool import Pool
from dauexp.scenario import load
from dauexp.store import Store
from dauexp.tables import MESSAGES
from dauexp.traffic.source import Simulated

LANGUAGES: tuple[Language, ...] = ("python", "rust")
GOALS = {"python": 120_000, "rust": 400_000}
REPEATED = 100


def quiet(stage: str, done: int, steps: int) -> None:
    """No progress."""


def emitted(documents: int) -> Iterator[pa.RecordBatch]:
    """The lines of about so many requests, a batch for each block and day."""
    scenario = load("default", ["traffic.users=32768", "glean.emitter=rust"])
    source, glean = Simulated(scenario), GleanEvents(scenario)
    made = 0
    for day, block in product(range(len(source.days)), range(source.blocks)):
        for batch in source.batches(block, day):
            if made >= documents:
                return
            made += batch.observations.num_rows
            yield glean.emit(batch.observations)


def write(batches: Sequence[pa.RecordBatch], folder: Path) -> list[Path]:
    """Writes batches to files, one each, for all processes to map."""
    folder.mkdir()
    files: list[Path] = []
    for batch in batches:
        files.append(folder / f"{len(files):05}.arrow")
        with pa.OSFile(str(files[-1]), "wb") as sink, pa.ipc.new_file(sink, MESSAGES) as writer:
            writer.write_batch(batch)
    return files


def with_repeats(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch, with one message in a hundred delivered once more."""
    again = batch.take(pa.array(range(0, batch.num_rows, REPEATED), pa.int64()))
    both = pa.Table.from_batches([batch, again]).unify_dictionaries().combine_chunks()
    return both.to_batches()[0]


def ingest(language: Language, folder: Path, file: Path) -> int:
    """Makes rows of the live table of a file of lines; gives how many."""
    store = Store(folder)
    chosen = decoder(REGISTRY, GleanEvents.ping, "syncstorage", language)
    with pa.memory_map(str(file)) as mapped, store.writing(file.stem) as add:
        decoded = chosen.decode(pa.ipc.open_file(mapped).get_batch(0))
        assert decoded.errors.num_rows == 0
        add("live", decoded.live)
    return len(decoded.live)


class Measurement(NamedTuple):
    """Documents, and the seconds that they took."""

    documents: int
    ingestion: float
    deduplication: float
    cpu: float
    """Of all processes together, in both parts."""

    @property
    def rate(self) -> float:
        """Documents per second of wall time, of both parts together."""
        return self.documents / (self.ingestion + self.deduplication)


def cpu_seconds() -> float:
    """CPU time so far of this process and its children."""
    own = psutil.Process()
    times = [process.cpu_times() for process in (own, *own.children())]
    return sum(each.user + each.system for each in times)


def measured(pool: Pool, language: Language, files: Sequence[Path]) -> Measurement:
    """Ingests and deduplicates the lines of some files."""
    live = decoder(REGISTRY, GleanEvents.ping, "syncstorage", language).table.live
    with tempfile.TemporaryDirectory() as folder:
        before, started = cpu_seconds(), time.perf_counter()
        task = partial(ingest, language, Path(folder))
        documents = sum(pool.each("ingest", task, files, quiet))
        ingested = time.perf_counter()
        counted = [part.rows for part in settle(Store(Path(folder)), live)]
        ended, after = time.perf_counter(), cpu_seconds()
        accounts = pa.concat_tables(counted)
        assert sum(accounts["count"].to_pylist()) == documents
    return Measurement(documents, ingested - started, ended - ingested, after - before)


def main() -> None:
    """Runs all in turn and prints the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--documents", type=float, default=1e6)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    rust_library()
    with tempfile.TemporaryDirectory() as folder, Pool(2) as pool:
        batches = list(emitted(int(options.documents)))
        lines = {
            "plain": write(batches, Path(folder) / "plain"),
            "repeats": write([with_repeats(batch) for batch in batches], Path(folder) / "repeats"),
        }
        ways = list(product(lines, LANGUAGES))
        found: dict[tuple[str, Language], list[Measurement]] = {way: [] for way in ways}
        for round_, way in product(range(options.rounds + 1), ways):
            measurement = measured(pool, way[1], lines[way[0]])
            if round_:  # the first is for warming up
                found[way].append(measurement)
    print(f"{sum(batch.num_rows for batch in batches)} lines, {options.rounds} rounds, 2 processes")
    print("documents/s of wall time, median (lowest to highest)")
    for (kind, language), mine in found.items():
        base = found[kind, "python"]
        ratios = [each.rate / other.rate for each, other in zip(mine, base, strict=True)]
        rates = spread([each.rate for each in mine], ",.0f")
        print(f"{kind:8} {language:7} {rates}   ratio {spread(ratios, '.2f')}")
        parts = {
            "to live": [each.documents / each.ingestion for each in mine],
            "to stable": [each.documents / each.deduplication for each in mine],
        }
        for part, part_rates in parts.items():
            print(f"    {part:10} {spread(part_rates, ',.0f')}")
        cpu = [1e6 * each.cpu / each.documents for each in mine]
        print(f"    CPU µs a document, all processes {spread(cpu, '.2f')}")
    print(f"goals: {', '.join(f'{name} {goal:,}' for name, goal in GOALS.items())}")


if __name__ == "__main__":
    main()
