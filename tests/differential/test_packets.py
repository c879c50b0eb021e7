"""10,000 packets through our aggregators, Telegraf and the statsd daemon: the same comes out."""

from __future__ import annotations

import json
import socket
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pytest

from dauexp.options.statsd.aggregator import Aggregator, Settings
from dauexp.options.statsd.columns import BatchAggregator
from dauexp.options.statsd.line_protocol import Point, parse
from dauexp.options.statsd.packets import METRIC_TYPE
from dauexp.options.statsd.packets import parse as read
from dauexp.services import StatsdAddress, StatsdDaemon, Telegraf
from dauexp.services.running import LOG
from dauexp.services.sockets import send_patiently
from dauexp.services.telegraf import Kind
from dauexp.tables import MESSAGES
from tests.differential import statsd_packets as made
from tests.differential.conftest import Servers

pytestmark = pytest.mark.heavy

PACKETS = 10_000
SERVER = "server-1"
LAST = b"the_last:1|c"
KEPT: frozenset[Kind] = frozenset({"counter", "gauge", "set", "timing"})
TAGGED = (made.counter, made.counter, made.set_member, made.set_member)

Found = TypeVar("Found")
Series = tuple[str, tuple[tuple[str, str], ...]]
Values = Mapping[Series, Mapping[str, Any]]


def values(points: Sequence[Point]) -> dict[Series, Mapping[str, Any]]:
    """The fields of points, by measurement and tags; an empty tag is not written."""
    return {
        (point.measurement, tuple(sorted(tag for tag in point.tags.items() if tag[1]))): dict(
            point.fields
        )
        for point in points
        if point.measurement != "the_last"
    }


def send(address: StatsdAddress, packets: Sequence[bytes]) -> None:
    """Sends packets, and one by which it is seen that all were read; none may be lost."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect((address.host, address.port))
        assert send_patiently(sender, address.port, [*packets, LAST]) == 0


def wait_for(what: Callable[[], Found | None], seconds: float = 40) -> Found:
    end = time.monotonic() + seconds
    while (found := what()) is None:
        assert time.monotonic() < end, "the server wrote no flush with the last packet"
        time.sleep(0.1)
    return found


def telegraf_flushes(address: StatsdAddress) -> list[list[Point]]:
    """The flushes that are whole: all but the last, since another began after them."""
    path = Path(address.output)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
    flushes: dict[int | None, list[Point]] = {}
    for line in lines:
        if line.endswith("\n"):
            point = parse(line)
            flushes.setdefault(point.time, []).append(point)
    return [*flushes.values()][:-1]


def has_last(flush: Sequence[Point]) -> bool:
    """Whether the last packet is part of a flush."""
    return any(point.measurement == "the_last" for point in flush)


def aggregated(
    packets: Sequence[bytes], settings: Settings
) -> tuple[dict[Series, Mapping[str, Any]], Aggregator]:
    """What our aggregator makes of packets."""
    aggregator = Aggregator(settings)
    for packet in packets:
        aggregator.receive(packet)
    return values(aggregator.flush()), aggregator


def batched(packets: Sequence[bytes], settings: Settings) -> Values:
    """What our aggregator of batches makes of them, all in one window."""
    aggregator = BatchAggregator(1000, settings)
    count = len(packets)
    columns = [
        pa.array(range(count), MESSAGES.field("ordinal").type),
        pa.array([0] * count, pa.int64()).cast(MESSAGES.field("arrival").type),
        pa.array([SERVER] * count).dictionary_encode().cast(MESSAGES.field("host").type),
        pa.array(packets, pa.binary()),
    ]
    aggregator.add(pa.record_batch(columns, schema=MESSAGES))
    without_server = [
        Point(each.measurement, {k: v for k, v in each.tags.items() if v != SERVER}, each.fields)
        for each in aggregator.points()
    ]
    return values(without_server)


def assert_same(ours: Values, theirs: Values) -> None:
    """The same series, and the same fields but for the last digits of sums of floats."""
    assert ours.keys() == theirs.keys()
    different = {
        series: (ours[series], theirs[series])
        for series in ours
        if dict(ours[series]) != pytest.approx(dict(theirs[series]), rel=1e-9, abs=1e-9)
    }
    assert not different


@pytest.mark.parametrize("dogstatsd", [False, True], ids=["plain", "dogstatsd"])
def test_telegraf_makes_the_same_of_every_packet(servers: Servers, *, dogstatsd: bool) -> None:
    makers = (
        *(*TAGGED, made.several_values, made.gauge, made.timing, made.histogram) * 3,
        made.one_of(made.BROKEN_EVERYWHERE),
        *[made.one_of(made.BROKEN_VARIOUSLY)] * 3,
    )
    packets = made.packets(1, PACKETS, makers)
    telegraf = Telegraf(flush_seconds=1, dogstatsd=dogstatsd, keep=KEPT, workers=1)
    with servers(telegraf) as addresses:
        address = addresses["telegraf"]
        send(address, packets)

        def whole() -> list[Point] | None:
            flushes = telegraf_flushes(address)
            return next((each for each in flushes if has_last(each)), None)

        theirs = values(wait_for(whole))
        log = Path(address.output).with_name(LOG).read_text(encoding="utf-8")
    settings = Settings(dogstatsd=dogstatsd)
    ours, _ = aggregated(packets, settings)
    assert len(ours) > 100
    assert_same(ours, theirs)
    assert_same(batched(packets, settings), theirs)
    readings = [each for packet in packets for each in read(packet, dogstatsd=dogstatsd)]
    skipped = [line for line in log.splitlines() if "E! [inputs.statsd]" in line]
    rates = [line for line in skipped if "Parsing sample rate" in line]
    assert sum(bool(each.error) for each in readings) == len(skipped) - len(rates)


def test_telegraf_s_flushes_add_up_to_ours(servers: Servers) -> None:
    packets = made.packets(2, PACKETS, (made.counter, made.several_values))
    with servers(Telegraf(flush_seconds=1)) as addresses:
        address = addresses["telegraf"]
        send(address, packets[: PACKETS // 2])
        time.sleep(1.5)
        send(address, packets[PACKETS // 2 :])

        def whole() -> list[list[Point]] | None:
            time.sleep(2)
            send(address, [])
            flushes = telegraf_flushes(address)
            return flushes if sum(map(has_last, flushes)) > 2 else None

        flushes = wait_for(whole)
    assert len(flushes) > 2
    theirs: Counter[Series] = Counter()
    for flush in flushes:
        theirs.update({series: fields["value"] for series, fields in values(flush).items()})
    ours, _ = aggregated(packets, Settings())
    assert {series: fields["value"] for series, fields in ours.items()} == theirs


def daemon_flush(address: StatsdAddress) -> dict[str, Any] | None:
    """The flush of the statsd daemon that holds the last packet, if there is one yet."""
    path = Path(address.output)
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    flushes = [json.loads(line) for line in lines]
    return next((each for each in flushes if "the_last" in each["counters"]), None)


def send_in_one_flush(address: StatsdAddress, packets: Sequence[bytes]) -> dict[str, Any]:
    """What the daemon makes of packets that are sent just after it has flushed."""
    path = Path(address.output)
    before = path.stat().st_size if path.exists() else 0
    wait_for(lambda: (path.exists() and path.stat().st_size > before) or None)
    send(address, packets)
    return wait_for(lambda: daemon_flush(address))


def daemon_name(series: Series) -> str:
    """How the daemon calls a series: it drops the commas before tags in a name."""
    name, tags = series
    inside = [f"{key}={value}" for key, value in tags if key in made.NAME_TAGS]
    after = [f";{key}={value}" for key, value in tags if key in made.DOG_TAGS]
    return "".join([name.replace("_", "."), *inside, *after])


def of_kind(points: Values, kind: str, field: str = "value") -> dict[str, Any]:
    """A field of the series of a kind, by the daemon's names."""
    return {
        daemon_name(series): fields[field]
        for series, fields in points.items()
        if (METRIC_TYPE, kind) in series[1]
    }


def test_the_statsd_daemon_makes_the_same_of_what_is_well_formed(servers: Servers) -> None:
    makers = (*TAGGED, made.gauge, made.timing, made.one_of(made.BROKEN_EVERYWHERE))
    tagged = made.packets(3, PACKETS - 1000, makers)
    # With DogStatsD's extensions, Telegraf takes a value after `|c` for the id of a container.
    several = made.packets(4, 1000, [made.several_values])
    packets = [*tagged, *several]
    with servers(StatsdDaemon(flush_seconds=8)) as addresses:
        flush = send_in_one_flush(addresses["statsd"], packets)
    ours, aggregator = aggregated(tagged, Settings(dogstatsd=True))
    ours |= aggregated(several, Settings())[0]
    own = {name: flush["counters"].pop(f"statsd.{name}") for name in OWN_COUNTERS}
    assert flush["counters"].pop("the_last") == 1
    assert flush["counters"] == of_kind(ours, "counter")
    assert flush["sets"] == of_kind(ours, "set")
    assert flush["gauges"] == pytest.approx(of_kind(ours, "gauge") | {LAG: flush["gauges"][LAG]})
    assert flush["timer_counters"] == of_kind(ours, "timing", "count")
    for field, theirs in (("lower", min), ("upper", max)):
        assert {n: theirs(v) for n, v in flush["timers"].items()} == of_kind(ours, "timing", field)
    assert own["packets_received"] == len(packets) + 1
    assert own["bad_lines_seen"] == aggregator.malformed > 0


OWN_COUNTERS = ("packets_received", "metrics_received", "bad_lines_seen")
LAG = "statsd.timestamp_lag"

DAEMON_DIFFERS = [
    # packet, what the daemon keeps of it, what Telegraf and we keep of it
    ("rate:1|c|@0.3", ("counters", 1 / 0.3), 3),
    ("below:1|c|@3", ("counters", 1 / 3), 0),
    ("untyped:1|q", ("counters", 1), None),
    ("histogram:5|h", ("counters", 5), 1),
    ("fraction:2.9|c", ("counters", 2.9), 2),
    ("badrate:1|c|0.5", ("counters", None), 1),
    ("signed:+x|s", ("sets", 1), None),
    ("down:-4|ms", ("timer_counters", None), None),
    ("untagged,a=b:1|c", ("counters", None), 1),
    ("slash/name:1|c", ("counters", None), 1),
]


def test_the_statsd_daemon_differs_in_what_we_know(servers: Servers) -> None:
    packets = [packet.encode() for packet, *_ in DAEMON_DIFFERS]
    with servers(StatsdDaemon(flush_seconds=3)) as addresses:
        flush = send_in_one_flush(addresses["statsd"], packets)
    ours, _ = aggregated(packets, Settings())
    kept = {name: fields.get("value", fields.get("count")) for (name, _), fields in ours.items()}
    for packet, (kind, theirs), mine in DAEMON_DIFFERS:
        name = packet.partition(":")[0]
        assert flush[kind].get(name) == (theirs and pytest.approx(theirs)), packet
        assert kept.get(name.partition(",")[0]) == mine, packet
    assert flush["counters"]["untaggeda=b"] == 1
    assert flush["counters"]["slash-name"] == 1


TELEGRAF_DIFFERS = {
    # packet: what Telegraf writes of it; we take all of these for malformed
    "past:99999999999999999999|c": "past,metric_type=counter value=-9223372036854775808i",
    "hexadecimal:0x1p4|c": "hexadecimal,metric_type=counter value=16i",
    "infinite:inf|g": None,
    "nothing:nan|g": None,
}


def test_telegraf_differs_in_what_we_know(servers: Servers) -> None:
    packets = [packet.encode() for packet in TELEGRAF_DIFFERS]
    with servers(Telegraf(flush_seconds=1, keep=KEPT)) as addresses:
        address = addresses["telegraf"]
        send(address, packets)
        wait_for(lambda: telegraf_flushes(address) or None)
        lines = Path(address.output).read_text(encoding="utf-8").splitlines()
    written = {line.partition(",")[0]: line.rpartition(" ")[0] for line in lines}
    written.pop("the_last")
    expected = {line.partition(",")[0]: line for line in TELEGRAF_DIFFERS.values() if line}
    assert written == expected
    assert aggregated(packets, Settings())[0] == {}
