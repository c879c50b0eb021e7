"""The fast way means what the stages mean, document by document."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dauexp.ingest import as_logentry
from dauexp.ingest.decoder import Decoder
from dauexp.ingest.expected import Read
from dauexp.ingest.stages import Document, Rejection

Make = Callable[..., Any]
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
AT_NOON = pa.array([NOON], pa.timestamp("ms", "UTC"))


def assert_same(decoder: Decoder, wire: bytes) -> bool:
    """Holds the fast way against the stages for a line; gives whether the fast way took it."""
    entry = as_logentry(wire, NOON)
    quick, exact = decoder.outcome(entry), decoder.exactly(entry)
    if not isinstance(quick, Read):
        assert quick == exact
        return False
    assert isinstance(exact, Document), f"the fast way accepts what the stages reject: {exact}"
    assert quick.document_id == exact.document_id
    assert quick.submission_timestamp == exact.submission_timestamp
    row = decoder.form.rows([quick], AT_NOON).to_pylist()
    assert row == decoder.table.rows([exact], AT_NOON).to_pylist()
    return True


def test_a_good_line_goes_the_fast_way(option_a: Decoder, line: Make) -> None:
    assert assert_same(option_a, line())


@pytest.mark.parametrize(
    ("fast", "changes"),
    [
        (True, {"events": []}),
        (True, {"metrics": {"string": {}}}),
        (True, {"metrics": {"string": {"syncstorage.platform": "é\u0000\U0001f600"}}}),
        (True, {"events": [{"timestamp": 2**63 - 1, "category": "", "name": "n"}] * 3}),
        (
            True,
            {"events": [{"timestamp": 1, "category": "c", "name": "n", "extra": {"é" * 40: "v"}}]},
        ),
        (True, {"events": [{"timestamp": 1, "category": "c", "name": "n", "extra": {}}]}),
        (
            False,
            {"events": [{"timestamp": 1, "category": "c", "name": "n", "extra": {"k" * 41: ""}}]},
        ),
        (False, {"events": [{"timestamp": 2**63, "category": "c", "name": "n"}]}),
        (False, {"events": [{"timestamp": 0.0, "category": "c", "name": "n"}]}),
        (False, {"events": None}),
        (False, {"metrics": {}}),
        (False, {"metrics": {"string": {"syncstorage.platform": None}}}),
        (False, {"metrics": {"string": {"syncstorage.unregistered": "x"}}}),
        (False, {"metrics": {"string": {"syncstorage_platform": "by its column's name"}}}),
        (False, {"submission_timestamp": "2020-01-01T00:00:00Z"}),
        (False, {"metadata": {}}),
    ],
)
def test_both_ways_agree_on_a_change(
    option_a: Decoder, line: Make, ping: Make, *, fast: bool, changes: dict[str, Any]
) -> None:
    assert assert_same(option_a, line(ping(**changes))) is fast


def test_both_ways_agree_in_a_mixed_batch(
    option_a: Decoder, line: Make, ping: Make, messages: Make
) -> None:
    lines = []
    for n in range(2500):
        kind = n % 5
        payload = ping(extra=1) if kind == 1 else ping(metrics={}) if kind == 2 else ping()
        wire = line(payload, document_id=f"id-{n}")
        lines.append(wire[:100] if kind == 3 else b"\xff" + wire if kind == 4 else wire)
    decoded = option_a.decode(messages(lines))
    exact = [option_a.exactly(as_logentry(wire, NOON)) for wire in lines]
    kept = [each.document_id for each in exact if isinstance(each, Document)]
    assert decoded.live["document_id"].to_pylist() == kept
    assert decoded.accepted.to_pylist() == [isinstance(each, Document) for each in exact]
    rejected = [each for each in exact if isinstance(each, Rejection)]
    assert decoded.errors["error_message"].to_pylist() == [each.message for each in rejected]


@st.composite
def edits(draw: st.DrawFn) -> tuple[int, int, bytes]:
    """A place, how much is cut there, and what is put in."""
    pieces = [
        b"",
        b'"',
        b"\\",
        b'\\"',
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"0",
        b"-",
        b".",
        b"e9",
        b"1e400",
        b"null",
        b"true",
        b"NaN",
        b" ",
        b"\n",
        b"\x00",
        b"\x1f",
        b"\x7f",
        b"\xff",
        b"\xc3\xa9",
        b"\xed\xa0\x80",
        b"\\u0041",
        b"\\ud800",
        b"\\\\ud83d\\\\ude00",
        b"\\u0000",
        b"//",
        b"/**/",
        b"\xef\xbb\xbf",
        b'"Fields":{},',
        b'\\"events\\": [],',
        b"9" * 30,
    ]
    place, cut = draw(st.integers(0, 1200)), draw(st.sampled_from([0, 0, 1, 2, 7, 40]))
    return place, cut, draw(st.sampled_from(pieces) | st.binary(max_size=4))


@settings(
    max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(changes=st.lists(edits(), min_size=1, max_size=3))
def test_both_ways_agree_on_any_damage(
    option_a: Decoder, line: Make, changes: list[tuple[int, int, bytes]]
) -> None:
    wire = line()
    for place, cut, piece in changes:
        at = place % (len(wire) + 1)
        wire = wire[:at] + piece + wire[at + cut :]
    assert_same(option_a, wire)


_TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(path=st.integers(0, 10_000), value=_JSON | st.just(...))
def test_both_ways_agree_on_any_value_anywhere(
    option_a: Decoder, line: Make, ping: Make, path: int, value: Any
) -> None:
    changed = json.loads(json.dumps(ping()))
    places = list(_places(changed))
    parent, key = places[path % len(places)]
    if value is ...:
        del parent[key]
    else:
        parent[key] = value
    assert_same(option_a, line(changed))


def _places(value: Any) -> Any:
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for key, member in list(members):
        yield value, key
        if isinstance(member, dict | list):
            yield from _places(member)
