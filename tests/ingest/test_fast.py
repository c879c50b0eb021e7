"""Lines read in Rust become the very same tables as lines read in Python, document by document."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dauexp.channel import Channel
from dauexp.errors import DauexpError
from dauexp.ingest.decoder import Decoder, decoder
from dauexp.ingest.registry import Registry
from dauexp.ingest.rustreader import RustReader
from dauexp.options.glean import REGISTRY, GleanEvents
from dauexp.run import run
from dauexp.scenario import Scenario, load
from dauexp.traffic.source import Simulated
from dauexp.unit import Passage

pytestmark = pytest.mark.heavy

Make = Callable[..., Any]
GENERATOR = Path(__file__).with_name("test_conformance.py")

SHOP = """
---
$schema: moz://mozilla.org/schemas/glean/metrics/2-0-0
shop:
  is_open:
    type: boolean
    lifetime: application
    <<: &common
      description: Something about the shop.
      bugs: [https://bugzilla.mozilla.org/1]
      data_reviews: [https://bugzilla.mozilla.org/1]
      notification_emails: [a@example.com]
      send_in_pings: [events]
      expires: never
  visitors: {type: counter, lifetime: application, <<: *common}
  shelves: {type: quantity, unit: shelves, lifetime: application, <<: *common}
  name: {type: string, lifetime: application, <<: *common}
  since: {type: datetime, lifetime: application, <<: *common}
  names: {type: string_list, lifetime: application, <<: *common}
"""


class Both:
    """A decoder that reads in Python, and one that reads in Rust."""

    def __init__(self, registry: Registry) -> None:
        self.python, self.rust = (
            decoder(registry, "events", "syncstorage", language) for language in ("python", "rust")
        )

    def same(self, batch: pa.RecordBatch) -> int:
        """Holds both to the same tables; gives how many lines went the fast way in Rust."""
        one, other = self.python.decode(batch), self.rust.decode(batch)
        assert one.live.equals(other.live), difference(one.live, other.live)
        assert one.errors.equals(other.errors), difference(one.errors, other.errors)
        assert one.accepted.equals(other.accepted)
        other.live.validate(full=True)
        return len(self.rust.reader.read(batch).places)


def difference(one: pa.Table, other: pa.Table) -> str:
    """The first rows in which two tables differ."""
    rows = zip(one.to_pylist(), other.to_pylist(), strict=False)
    found = (f"{mine}\nis not\n{its}" for mine, its in rows if mine != its)
    return next(found, f"{one.num_rows} rows are not {other.num_rows}")


@pytest.fixture(scope="module")
def both() -> Both:
    """For option A."""
    return Both(REGISTRY)


def conforming() -> Iterator[tuple[str, dict[str, Any]]]:
    """The good and bad documents by which the schema is held against Mozilla's."""
    made: Iterator[tuple[str, dict[str, Any]]] = runpy.run_path(str(GENERATOR))["documents"]()
    return made


def test_on_all_documents_of_the_conformance_test(both: Both, line: Make, messages: Make) -> None:
    lines = [line(json.dumps(document)) for _, document in conforming()]
    assert len(lines) > 20_000
    for start in range(0, len(lines), 5000):
        both.same(messages(lines[start : start + 5000]))


def test_on_documents_that_are_nearly_of_the_expected_form(
    both: Both, line: Make, ping: Make, messages: Make
) -> None:
    """Every change of the conformance test, made to the document that is expected."""
    changes = runpy.run_path(str(GENERATOR))["changes"]
    extra = [{"timestamp": 1, "category": "c", "name": "n", "extra": {"é" * 40: "v", "k": ""}}]
    documents = [document for base in (ping(), ping(events=extra)) for _, document in changes(base)]
    lines = [line(json.dumps(document)) for document in documents]
    taken = both.same(messages(lines))
    assert len(lines) > 3000
    assert 200 < taken < len(lines)


ODDITIES: dict[str, Callable[[bytes], bytes]] = {
    "as it comes": lambda whole: whole,
    "spaces": lambda whole: b" \t" + whole + b"\r\n ",
    "over lines": lambda whole: json.dumps(json.loads(whole), indent=1).encode(),
    "byte order mark": lambda whole: b"\xef\xbb\xbf" + whole,
    "more after it": lambda whole: whole + b"{}",
    "null type": lambda whole: whole.replace(b'"glean-server-event"', b"null"),
    "number as type": lambda whole: whole.replace(b'"glean-server-event"', b"1"),
    "number as address": lambda whole: whole.replace(b'"198.51.100.7"', b"7"),
    "null address": lambda whole: whole.replace(b'"198.51.100.7"', b"null"),
    "null user agent": lambda whole: whole.replace(
        b'"user_agent": "', b'"user_agent": null, "x": "'
    ),
    "a key twice": lambda whole: whole.replace(b"{", b'{"Type": "other", ', 1),
    "Fields twice": lambda whole: whole[:-1] + b', "Fields": {}}',
    "capital type": lambda whole: whole.replace(b'"events"', b'"EVENTS"', 1),
    "unknown namespace": lambda whole: whole.replace(b'"syncstorage"', b'"other"', 1),
    "no UTF-8": lambda whole: whole.replace(b"Firefox/145.0", b"\xff\xfe"),
    "escaped": lambda whole: whole.replace(b"Firefox/145.0", b"\\u00e9\\ud83e\\udd80\\n\\/"),
    "half a pair": lambda whole: whole.replace(b"Firefox/145.0", b"\\ud83e"),
    "half a pair in the payload": lambda whole: whole.replace(b"desktop", b"\\\\ud83e"),
    "control character": lambda whole: whole.replace(b"Firefox/145.0", b"\x01"),
    "nul": lambda whole: whole.replace(b"Firefox/145.0", b"\\u0000"),
    "payload: a key twice": lambda whole: whole.replace(
        b'\\"metrics\\"', b'\\"events\\": [], \\"metrics\\"'
    ),
    "payload: more after it": lambda whole: whole.replace(b'}}"', b'}} x"'),
    "payload: NaN": lambda whole: whole.replace(b'\\"seq\\": 0', b'\\"seq\\": NaN'),
    "payload: real": lambda whole: whole.replace(b'\\"seq\\": 0', b'\\"seq\\": 0.0'),
    "payload: -0": lambda whole: whole.replace(b'\\"seq\\": 0', b'\\"seq\\": -0'),
    "payload: least": lambda whole: whole.replace(b'\\"seq\\": 0', b'\\"seq\\": -%d' % 2**63),
    "payload: too little": lambda whole: whole.replace(
        b'\\"seq\\": 0', b'\\"seq\\": -%d' % (2**63 + 1)
    ),
    "payload: most": lambda whole: whole.replace(b'\\"seq\\": 0', b'\\"seq\\": %d' % (2**63 - 1)),
    "payload: too much": lambda whole: whole.replace(b'\\"seq\\": 0', b'\\"seq\\": %d' % 2**63),
    "payload: huge": lambda whole: whole.replace(b'\\"seq\\": 0', b'\\"seq\\": 1' + b"0" * 2000),
    "payload: 1e400": lambda whole: whole.replace(b'\\"seq\\": 0', b'\\"seq\\": 1e400'),
    "payload: 1e2": lambda whole: whole.replace(b'\\"seq\\": 0', b'\\"seq\\": 1e2'),
    "payload: 00": lambda whole: whole.replace(b'\\"seq\\": 0', b'\\"seq\\": 00'),
    "payload: an entry twice": lambda whole: whole.replace(
        b'\\"timestamp\\": 0',
        b'\\"timestamp\\": 0, \\"extra\\": {\\"a\\": \\"1\\", \\"b\\": \\"2\\", \\"a\\": \\"3\\"}',
    ),
    "payload: many entries": lambda whole: whole.replace(
        b'\\"timestamp\\": 0',
        b'\\"timestamp\\": 0, \\"extra\\": {%s}'
        % b", ".join(b'\\"%d\\": \\"\\"' % n for n in range(100)),
    ),
    "payload: 2 MiB": lambda whole: whole.replace(b"desktop", b"x" * 2**21),
    "payload: 8 MiB": lambda whole: whole.replace(b"desktop", b"x" * 2**23),
    "no line": lambda _: b"",
    "a word": lambda _: b"hello",
    "deep": lambda whole: whole[:-1] + b', "x": ' + b"[" * 5000 + b"]" * 5000 + b"}",
}


@pytest.mark.parametrize("case", ODDITIES)
def test_on_each_oddity(both: Both, line: Make, messages: Make, case: str) -> None:
    """Alone, and between two good lines, of which nothing may be lost or gained."""
    odd = ODDITIES[case](line(document_id="odd"))
    both.same(messages([odd]))
    assert both.same(messages([line(), odd, line()])) >= 2


def test_good_lines_all_go_the_fast_way(both: Both, line: Make, messages: Make) -> None:
    lines = [line(document_id=f"{n}", user_agent=f"agent {n % 7}") for n in range(70_000)]
    assert both.same(messages(lines)) == len(lines)
    assert both.same(messages([])) == 0
    assert both.same(messages(lines[:5]).slice(2, 2)) == 2


PIECES = (
    *(b"", b'"', b"\\", b'\\"', b"{", b"}", b"[", b"]", b",", b":", b"0", b"-", b".", b"e9", b" "),
    *(b"\n", b"\x00", b"\x1f", b"\x7f", b"\xff", b"\xc3\xa9", b"\xed\xa0\x80", b"null", b"true"),
    *(b"NaN", b"1e400", b"\\u0041", b"\\ud800", b"\\\\ud83d\\\\ude00", b"\\u0000", b"//"),
    *(b"\xef\xbb\xbf", b'"Fields":{},', b'\\"events\\": [],', b"9" * 30, b"syncstorage", b"events"),
)
EDITS = st.tuples(
    st.integers(0, 1200),
    st.sampled_from([0, 0, 1, 2, 7, 40]),
    st.sampled_from(PIECES) | st.binary(max_size=4),
)


def damaged(whole: bytes, edits: Sequence[tuple[int, int, bytes]]) -> bytes:
    for place, cut, piece in edits:
        at = place % (len(whole) + 1)
        whole = whole[:at] + piece + whole[at + cut :]
    return whole


@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(of_lines=st.lists(st.lists(EDITS, max_size=2), min_size=20, max_size=20))
def test_on_any_damage(
    both: Both, line: Make, messages: Make, of_lines: list[list[tuple[int, int, bytes]]]
) -> None:
    lines = [damaged(line(document_id=f"{n}"), edits) for n, edits in enumerate(of_lines)]
    both.same(messages(lines))


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cuts=st.lists(st.tuples(st.integers(0, 1200), st.integers(0, 1200)), min_size=20, max_size=20),
    flips=st.lists(st.tuples(st.integers(0, 1200), st.integers(0, 255)), max_size=20),
)
def test_on_lines_spliced_and_with_bytes_flipped(
    both: Both,
    line: Make,
    messages: Make,
    cuts: list[tuple[int, int]],
    flips: list[tuple[int, int]],
) -> None:
    whole = line()
    lines = [whole[:end] + whole[start:] for end, start in cuts]
    lines += [whole[:end] for end, _ in cuts]
    for place, byte in flips:
        flipped = bytearray(whole)
        flipped[place % len(whole)] ^= byte
        lines.append(bytes(flipped))
    both.same(messages(lines))


@pytest.mark.parametrize("emitter", ["python", "rust"])
def test_on_the_wire_of_a_run_with_faults(both: Both, emitter: str) -> None:
    faults = ("malformed", "truncated", "duplication", "delay", "reorder", "loss")
    scenario = load(
        "quick", [f"glean.emitter={emitter}", *(f"faults.{name}.rate=0.05" for name in faults)]
    )
    source = Simulated(scenario)
    seen = taken = 0
    for day in range(2):
        batches = list(source.batches(0, day))
        channel = Channel(scenario.faults, scenario.seed, 0, day)
        fates = [channel.fates(batch.observations) for batch in batches]
        passage = Passage(GleanEvents(scenario), "glean", channel)
        for messages in passage._delivered(batches, fates):
            taken += both.same(messages)
            seen += len(messages)
    assert seen > 1000
    assert 0.85 * seen < taken < 0.95 * seen


@pytest.fixture
def shop(tmp_path: Path) -> Both:
    """For an application of one's own, with metrics of all types that the fast way knows."""
    file = tmp_path / "metrics.yaml"
    file.write_text(SHOP, encoding="utf-8")
    return Both(Registry((file,)))


def test_on_metrics_of_all_types(shop: Both, line: Make, ping: Make, messages: Make) -> None:
    metrics: dict[str, dict[str, Any]] = {
        "boolean": {"shop.is_open": True},
        "counter": {"shop.visitors": -3},
        "quantity": {"shop.shelves": 2**40},
        "string": {"shop.name": "é"},
        "datetime": {"shop.since": "2026"},
    }
    values: tuple[Any, ...] = (None, True, 0, -1, 1.0, 2**63, "", "x", [], {})
    lines = [line(ping(metrics=metrics, events=[]))]
    for kind, member in metrics.items():
        for name in member:
            lines += [
                line(ping(metrics={**metrics, kind: {name: value}}, events=[])) for value in values
            ]
        lines.append(line(ping(metrics={**metrics, kind: {}}, events=[])))
    assert shop.same(messages(lines)) > len(metrics)


def test_on_an_application_without_metrics_but_events(
    tmp_path: Path, line: Make, ping: Make, messages: Make
) -> None:
    file = tmp_path / "metrics.yaml"
    head, _, rest = SHOP.partition("  is_open:\n    type: boolean\n    lifetime: application\n")
    common = rest.partition("  visitors:")[0]
    file.write_text(f"{head}  bought:\n    type: event\n{common}", encoding="utf-8")
    alone = Both(Registry((file,)))
    assert alone.same(messages([line(ping(metrics={})), line(), line(ping(events=[]))])) == 1


def test_a_reader_is_told_what_is_wrong(both: Both) -> None:
    reader = RustReader(both.rust.form)
    with pytest.raises(DauexpError, match="the Rust decoder: no binary array"):
        reader._read(pa.array([1, 2]))


def test_one_reader_keeps_nothing_of_a_batch(option_a: Decoder, line: Make, messages: Make) -> None:
    reader = RustReader(option_a.form)
    first = reader.read(messages([line(document_id="a"), b"x", line(document_id="b")])).rows
    second = reader.read(messages([line(document_id="c")])).rows
    assert first["document_id"].to_pylist() == ["a", "b"]
    assert second["document_id"].to_pylist() == ["c"]
    del reader
    assert first["document_id"].to_pylist() == ["a", "b"]


def test_a_run_in_rust_repeats_the_run_in_python(small: Scenario, tmp_path: Path) -> None:
    folders = []
    for decoder_, emitter in (("python", "python"), ("rust", "rust")):
        glean = small.glean.model_copy(update={"decoder": decoder_, "emitter": emitter})
        changes = {"glean": glean, "strategies": ("glean", "custom")}
        folders.append(run(small.model_copy(update=changes), tmp_path, processes=1))
    names = [
        sorted(path.relative_to(folder) for path in folder.glob("results/*.parquet"))
        for folder in folders
    ]
    assert names[0] == names[1]
    for name in (Path("ledger.parquet"), *names[0]):
        one, other = ((folder / name).read_bytes() for folder in folders)
        assert one == other, name
