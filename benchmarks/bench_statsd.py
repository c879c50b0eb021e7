"""Our aggregators beside Telegraf and the statsd daemon; our table of points beside InfluxDB.

In one run, in turn, `REPEATS` times each, after one to warm up, on the same input:

- packets: those of the strategies `tag` and `set`, half each, one a request. The daemons get them
  over UDP from one sender, which waits for them, so that none is lost; ours are called in this
  process. What counts is CPU time of the server's own process, in the kernel too;
- points: those of the strategy `field`. InfluxDB gets its lines over HTTP, 5,000 at once; ours are
  read, written to Parquet and settled, as in a run.

Prints packets and points per second of CPU time and of wall time (median, lowest to highest), and
the ratio per core to the daemon or database of the same round that is fastest there. Linux only.
"""

from __future__ import annotations

import socket
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil
import pyarrow as pa
import urllib3

from benchmarks.spread import spread
from dauexp.options import LEDGER_PART, Part, contenders
from dauexp.options.statsd.aggregator import Aggregator
from dauexp.options.statsd.columns import BatchAggregator
from dauexp.scenario import load
from dauexp.services import InfluxAddress, InfluxDB, StatsdAddress, StatsdDaemon, Telegraf
from dauexp.services.running import Started, launch
from dauexp.services.sockets import receiving, send_patiently
from dauexp.store import Store
from dauexp.traffic.source import Simulated

REPEATS = 5
PACKETS = 200_000
POINTS = 200_000
LINES = 5_000
FLUSH_SECONDS = 10
GOAL = 1.0


class Spent(NamedTuple):
    """Seconds that something took."""

    cpu: float
    wall: float


@contextmanager
def timing(process: psutil.Process) -> Iterator[list[Spent]]:
    """Puts into the list what a process spends meanwhile."""
    spent: list[Spent] = []
    cpu, wall = busy(process), time.perf_counter()
    yield spent
    spent.append(Spent(busy(process) - cpu, time.perf_counter() - wall))


def busy(process: psutil.Process) -> float:
    """CPU seconds of a process so far."""
    times = process.cpu_times()
    return float(times.user + times.system)


def settled(process: psutil.Process) -> None:
    """Waits until a process has nothing left to do."""
    before = -1.0
    while before != (before := busy(process)):
        time.sleep(0.25)


MINE = psutil.Process()


def one_by_one(batches: Sequence[pa.RecordBatch]) -> Spent:
    """Our general aggregator, a packet at a time."""
    packets = [packet for batch in batches for packet in batch["wire"].to_pylist()]
    with timing(MINE) as spent:
        aggregator = Aggregator()
        for packet in packets:
            aggregator.receive(packet)
        points = aggregator.flush(0)
    assert points
    return spent[0]


def in_batches(batches: Sequence[pa.RecordBatch]) -> Spent:
    """Our aggregator of batches, which a run uses; the windows are those of a run."""
    with timing(MINE) as spent:
        aggregator = BatchAggregator(1000 * FLUSH_SECONDS)
        for batch in batches:
            aggregator.add(batch)
        assert aggregator.counts().num_rows
        assert aggregator.members().num_rows
    return spent[0]


def over_udp(started: Started, batches: Sequence[pa.RecordBatch]) -> Spent:
    """A daemon. Its wall time is that of sending too, and of waiting for it."""
    packets = [packet for batch in batches for packet in batch["wire"].to_pylist()]
    address = started.address
    assert isinstance(address, StatsdAddress)
    process = psutil.Process(started.process.pid)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect((address.host, address.port))
        settled(process)
        cpu, wall = busy(process), time.perf_counter()
        assert send_patiently(sender, address.port, packets) == 0
        seconds = time.perf_counter() - wall
        settled(process)
        assert receiving(address.port).waiting_bytes == 0
        return Spent(busy(process) - cpu, seconds)


def into_table(batches: Sequence[pa.RecordBatch]) -> Spent:
    """Our table of points: lines read, points written and settled."""
    (field,) = contenders(["statsd:field"])
    strategy = field.strategy(load())
    with tempfile.TemporaryDirectory() as folder, timing(MINE) as spent:
        store = Store(Path(folder))
        write(store, "collected", strategy.collect(iter(batches)))
        write(store, "settled", strategy.settle(store))
    return spent[0]


def write(store: Store, name: str, parts: Iterable[Part]) -> None:
    """Writes parts of tables into a store."""
    with store.writing(name) as add:
        for part in parts:
            if part.table != LEDGER_PART:
                add(part.table, part.rows)


def into_influxdb(started: Started, batches: Sequence[pa.RecordBatch], database: str) -> Spent:
    """InfluxDB, into a database of its own."""
    address = started.address
    assert isinstance(address, InfluxAddress)
    lines = [line for batch in batches for line in batch["wire"].to_pylist()]
    bodies = [b"\n".join(lines[at : at + LINES]) for at in range(0, len(lines), LINES)]
    pool = urllib3.connectionpool.connection_from_url(address.url)
    pool.request("POST", "/query", fields={"q": f"CREATE DATABASE {database}"})
    process = psutil.Process(started.process.pid)
    settled(process)
    cpu, wall = busy(process), time.perf_counter()
    for body in bodies:
        answer = pool.request("POST", f"/write?db={database}&precision=ms", body=body)
        assert answer.status == 204, answer.data
    seconds = time.perf_counter() - wall
    settled(process)
    spent = Spent(busy(process) - cpu, seconds)
    pool.request("POST", "/query", fields={"q": f"DROP DATABASE {database}"})
    return spent


def messages(strategy: str, count: int) -> list[pa.RecordBatch]:
    """So many messages of a strategy, from the default scenario's traffic."""
    scenario = load()
    (contender,) = contenders([f"statsd:{strategy}"])
    emitting = contender.strategy(scenario)
    source, made, batches = Simulated(scenario), 0, []
    for day in range(scenario.traffic.days):
        for batch in source.batches(0, day):
            emitted = emitting.emit(batch.observations)[: count - made]
            batches.append(emitted)
            made += len(emitted)
            if made == count:
                return batches
    raise ValueError(f"the default scenario has fewer than {count} requests in a block")


def in_turn(ways: Mapping[str, Callable[[int], Spent]]) -> dict[str, list[Spent]]:
    """What each takes, round by round; the first round is for warming up."""
    spent: dict[str, list[Spent]] = {name: [] for name in ways}
    for round_ in range(REPEATS + 1):
        for name, way in ways.items():
            taken = way(round_)
            if round_:
                spent[name].append(taken)
    return spent


def report(what: str, count: int, spent: Mapping[str, Sequence[Spent]], peers: set[str]) -> None:
    """Prints a table."""
    print(f"{count} {what}, {REPEATS} rounds; {what}/s, median (lowest to highest)")
    fastest = [max(count / spent[name][round_].cpu for name in peers) for round_ in range(REPEATS)]
    for name, taken in spent.items():
        cpu = [count / each.cpu for each in taken]
        wall = [count / each.wall for each in taken]
        ratio = [mine / best for mine, best in zip(cpu, fastest, strict=True)]
        print(f"{name:24} CPU {spread(cpu, ',.0f')}   wall {spread(wall, ',.0f')}")
        print(f"{'':24} ratio per core to the fastest peer {spread(ratio, '.2f')}")


def main() -> None:
    """Runs all in turn and prints the tables."""
    half = PACKETS // 2
    packets = [*messages("tag", half), *messages("set", half)]
    points = messages("field", POINTS)
    with tempfile.TemporaryDirectory() as folder:
        started = {
            each.name: launch(each, Path(folder) / each.name, {})
            for each in (Telegraf(FLUSH_SECONDS), StatsdDaemon(FLUSH_SECONDS), InfluxDB())
        }
        try:
            aggregated = in_turn(
                {
                    "in batches": lambda _: in_batches(packets),
                    "one by one": lambda _: one_by_one(packets),
                    "Telegraf": lambda _: over_udp(started["telegraf"], packets),
                    "statsd daemon": lambda _: over_udp(started["statsd"], packets),
                }
            )
            report("packets", PACKETS, aggregated, {"Telegraf", "statsd daemon"})
            written = in_turn(
                {
                    "embedded table": lambda _: into_table(points),
                    "InfluxDB 1.8": lambda round_: into_influxdb(
                        started["influxdb"], points, f"bench_{round_}"
                    ),
                }
            )
            report("points", POINTS, written, {"InfluxDB 1.8"})
        finally:
            for each in started.values():
                each.end()
    print(f"goal: {GOAL} of the fastest peer, per core")


if __name__ == "__main__":
    main()
