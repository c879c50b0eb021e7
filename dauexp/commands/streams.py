"""The stages as filters: standard input to standard output, any volume, flat memory."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import orjson
import pyarrow as pa

from dauexp.errors import BadInput
from dauexp.ingest import as_logentry, verdicts
from dauexp.lines import bounded_lines, cut_lines
from dauexp.options import Strategy, contenders
from dauexp.options.glean import GleanEvents
from dauexp.options.statsd.aggregator import Aggregator
from dauexp.options.statsd.aggregator import aggregate as aggregated
from dauexp.scenario import Scenario, load
from dauexp.traffic.files import read_requests, write_requests
from dauexp.traffic.identity import Observer, has_secret, load_secret
from dauexp.traffic.requests import Simulator
from dauexp.traffic.useragent import classify as classified

STDIN = "<stdin>"
WRAPS = ("wire", "logentry")
LONGEST_LINE = 2**20
"""Most bytes of a packet or a user agent: a datagram has 64 KiB."""
LONGEST_ENTRY = 64 * 2**20
"""Bytes of a log entry that are read: more than any payload within its limit takes, escaped."""


def traffic(scenario: str, changes: Sequence[str], output: Path | None) -> None:
    """Writes the requests of a scenario, block by block, day by day."""
    loaded = load(scenario, changes)
    simulator = Simulator(loaded.traffic, loaded.seed)
    batches = (
        batch
        for day in range(len(simulator.days))
        for block in range(simulator.blocks)
        for batch in simulator.requests(block, day)
    )
    write_requests(batches, sys.stdout.buffer if output is None else output)


def emit(contender: str, wrap: str, scenario: str, changes: Sequence[str]) -> None:
    """Writes what a strategy puts on the wire for the requests on standard input."""
    strategy = _strategy(contender, load(scenario, changes))
    if wrap not in WRAPS:
        raise BadInput(f"--as {wrap}: give {' or '.join(WRAPS)}")
    for messages in _messages(strategy, sys.stdin.buffer):
        sys.stdout.buffer.write(b"".join(line + b"\n" for line in _lines(messages, wrap)))
    sys.stdout.buffer.flush()
    if not has_secret(strategy.scenario.identity):
        _note(
            f"no secret in {strategy.scenario.identity.secret_env}: ids are hashed with one made "
            "from the seed, which is right for simulated requests only"
        )


def ingest(scenario: str, changes: Sequence[str]) -> None:
    """Writes the verdict on each document of the log entries on standard input."""
    glean = GleanEvents(load(scenario, changes))
    for verdict in verdicts(cut_lines(sys.stdin.buffer, LONGEST_ENTRY), glean.decoder):
        sys.stdout.buffer.write(orjson.dumps(verdict, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()


def classify() -> None:
    """Writes user agent, platform and device family of each line on standard input, as CSV."""
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(["user_agent", "platform", "device_family"])
    for line in bounded_lines(sys.stdin.buffer, STDIN, LONGEST_LINE):
        user_agent = line.rstrip(b"\r\n").decode("utf-8", errors="replace")
        rows.writerow([user_agent, *classified(user_agent)])
    sys.stdout.flush()


def aggregate(at: int | None) -> None:
    """Writes the line protocol of one flush of the StatsD packets on standard input."""
    aggregator = Aggregator()
    for line in aggregated(bounded_lines(sys.stdin.buffer, STDIN, LONGEST_LINE), at, aggregator):
        sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()
    if aggregator.malformed:
        _note(f"{aggregator.malformed} malformed lines were left out")


def _note(sentence: str) -> None:
    print(f"dauexp: {sentence}", file=sys.stderr)


def _strategy(name: str, scenario: Scenario) -> Strategy:
    chosen = contenders([name])
    if len(chosen) > 1:
        labels = ", ".join(each.label for each in chosen)
        raise BadInput(f"{name!r} has several strategies: give one of {labels}")
    return chosen[0].strategy(scenario)


def _messages(strategy: Strategy, stream: BinaryIO) -> Iterator[pa.RecordBatch]:
    scenario = strategy.scenario
    secret = load_secret(scenario.identity, scenario.seed, simulated=True)
    observer = Observer(secret, scenario.identity.device_id)
    ordinal = 0
    for requests in read_requests(stream, STDIN):
        yield strategy.emit(observer.observe(requests, ordinal))
        ordinal += requests.num_rows


def _lines(messages: pa.RecordBatch, wrap: str) -> Iterator[bytes]:
    if wrap == "wire":
        yield from messages["wire"].to_pylist()
    else:
        for line, arrival in zip(
            messages["wire"].to_pylist(), messages["arrival"].to_pylist(), strict=True
        ):
            yield as_logentry(line, arrival)
