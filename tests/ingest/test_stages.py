"""What each stage rejects and what it lets pass, the same in a run and on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from dauexp.ingest import as_logentry, verdicts
from dauexp.ingest.decoder import Decoder
from dauexp.options.glean import REGISTRY

Make = Callable[..., Any]
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
ACCEPTED = ("accepted", "", "")


def _without(ping: dict[str, Any], *path: str) -> dict[str, Any]:
    inner = ping
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return ping


def _verdict(entry: bytes) -> dict[str, Any]:
    (verdict,) = verdicts([entry])
    return verdict


def _short(verdict: dict[str, Any]) -> tuple[str, str, str]:
    return verdict["verdict"], verdict.get("stage", ""), verdict.get("reason", "")


CASES: dict[str, tuple[Callable[[Make, Make], bytes], tuple[str, str, str]]] = {
    "good": (lambda line, ping: line(), ACCEPTED),
    # ParseLogEntry
    **{
        f"no {name}": (
            lambda line, ping, name=name: line(without=name),  # type: ignore[misc]
            ("rejected", "ParseLogEntry", "NotLogEntry"),
        )
        for name in (
            "document_id",
            "document_namespace",
            "document_type",
            "document_version",
            "payload",
        )
    },
    "number for id": (
        lambda line, ping: line(document_id=7),
        ("rejected", "ParseLogEntry", "NotLogEntry"),
    ),
    "null id": (
        lambda line, ping: line(document_id=None),
        ("rejected", "ParseLogEntry", "NotLogEntry"),
    ),
    "number for version": (
        lambda line, ping: line(document_version=1),
        ("rejected", "ParseLogEntry", "NotLogEntry"),
    ),
    "payload is an object": (
        lambda line, ping: line().replace(b'"payload": "{', b'"payload": {"a": 1}, "b": "{'),
        ("rejected", "ParseLogEntry", "NotLogEntry"),
    ),
    "no JSON": (lambda line, ping: b"started up", ("rejected", "ParseLogEntry", "NotLogEntry")),
    "empty": (lambda line, ping: b"", ("rejected", "ParseLogEntry", "NotLogEntry")),
    "JSON but no object": (
        lambda line, ping: b"[1, 2]",
        ("rejected", "ParseLogEntry", "NotLogEntry"),
    ),
    "truncated": (lambda line, ping: line()[:200], ("rejected", "ParseLogEntry", "NotLogEntry")),
    "text after the line": (
        lambda line, ping: line() + b" x",
        ("rejected", "ParseLogEntry", "NotLogEntry"),
    ),
    "invalid UTF-8": (
        lambda line, ping: line().replace(b"Unknown", b"\xff\xfe"),
        ("rejected", "ParseLogEntry", "NotLogEntry"),
    ),
    "id is no UUID": (lambda line, ping: line(document_id="x"), ACCEPTED),
    "empty id": (lambda line, ping: line(document_id=""), ACCEPTED),
    "other type of log": (
        lambda line, ping: line().replace(b"glean-server-event", b"other"),
        ACCEPTED,
    ),
    "extra field": (lambda line, ping: line(extra={"a": [1.5, None]}), ACCEPTED),
    "no user agent": (lambda line, ping: line(without="user_agent"), ACCEPTED),
    "null user agent": (lambda line, ping: line(user_agent=None), ACCEPTED),
    "number for user agent": (lambda line, ping: line(user_agent=5), ACCEPTED),
    "no IP address": (lambda line, ping: line(without="ip_address"), ACCEPTED),
    # LimitPayloadSize
    "at the limit": (
        lambda line, ping: line(
            "{" + " " * (8 * 2**20 - len(json.dumps(ping()))) + json.dumps(ping())[1:]
        ),
        ACCEPTED,
    ),
    "over the limit": (
        lambda line, ping: line(
            "{" + " " * (8 * 2**20 - len(json.dumps(ping())) + 1) + json.dumps(ping())[1:]
        ),
        ("rejected", "LimitPayloadSize", "TooLarge"),
    ),
    "over the limit in bytes, not in characters": (
        lambda line, ping: line("é" * (4 * 2**20 + 1)),
        ("rejected", "LimitPayloadSize", "TooLarge"),
    ),
    # ParsePayload
    "payload is no JSON": (
        lambda line, ping: line("{'a': 1}"),
        ("rejected", "ParsePayload", "NotJson"),
    ),
    "payload is empty": (lambda line, ping: line(" "), ("rejected", "ParsePayload", "NotJson")),
    "payload cut off": (
        lambda line, ping: line(json.dumps(ping())[:-1]),
        ("rejected", "ParsePayload", "NotJson"),
    ),
    "payload is a list": (lambda line, ping: line("[]"), ("rejected", "ParsePayload", "NotObject")),
    "payload is null": (lambda line, ping: line("null"), ("rejected", "ParsePayload", "NotObject")),
    "payload is a string of JSON": (
        lambda line, ping: line(json.dumps(json.dumps(ping()))),
        ("rejected", "ParsePayload", "NotObject"),
    ),
    "NaN": (
        lambda line, ping: line(json.dumps(ping()).replace('"seq": 0', '"seq": NaN')),
        ("rejected", "ParsePayload", "NotJson"),
    ),
    "beyond a double": (
        lambda line, ping: line(json.dumps(ping()).replace('"seq": 0', '"seq": 1e999')),
        ("rejected", "ParsePayload", "NotJson"),
    ),
    "5,000 digits": (
        lambda line, ping: line(json.dumps(ping()).replace('"seq": 0', f'"seq": {"9" * 5000}')),
        ("rejected", "ParsePayload", "NotJson"),
    ),
    "control character in a string": (
        lambda line, ping: line(json.dumps(ping()).replace("whenever", "when\x01ever")),
        ("rejected", "ParsePayload", "NotJson"),
    ),
    "half a surrogate pair": (
        lambda line, ping: line(json.dumps(ping()).replace("whenever", "\\ud83d")),
        ("rejected", "ParsePayload", "NotJson"),
    ),
    "nested 100,000 deep": (
        lambda line, ping: line('{"a":' + "[" * 100_000),
        ("rejected", "ParsePayload", "NotJson"),
    ),
    "nested 900 deep": (
        lambda line, ping: line(
            json.dumps(ping(metrics={"object": {"a.b": 0}})).replace(
                "0}}", "[" * 900 + "]" * 900 + "}}"
            )
        ),
        ACCEPTED,
    ),
    "duplicate key, the last is good": (
        lambda line, ping: line('{"ping_info": 1, ' + json.dumps(ping())[1:]),
        ACCEPTED,
    ),
    "duplicate key, the last is bad": (
        lambda line, ping: line(json.dumps(ping())[:-1] + ', "ping_info": 1}'),
        ("rejected", "Validate", "type"),
    ),
    "text after the payload": (
        lambda line, ping: line(json.dumps(ping()) + " and more }"),
        ACCEPTED,
    ),
    "byte order mark": (lambda line, ping: line("\ufeff" + json.dumps(ping())), ACCEPTED),
    "spaces around": (
        lambda line, ping: line(" \n" + json.dumps(ping(), indent=2) + "\t"),
        ACCEPTED,
    ),
    # SchemaNotFound
    "namespace with a dash": (
        lambda line, ping: line(document_namespace="sync-storage"),
        ("rejected", "SchemaNotFound", "UnknownNamespace"),
    ),
    "other type": (
        lambda line, ping: line(document_type="baseline"),
        ("rejected", "SchemaNotFound", "UnknownType"),
    ),
    "other version": (
        lambda line, ping: line(document_version="2"),
        ("rejected", "SchemaNotFound", "UnknownVersion"),
    ),
    "type in capitals": (lambda line, ping: line(document_type="EVENTS"), ACCEPTED),
    "type in mixed case": (lambda line, ping: line(document_type="eVenTs"), ACCEPTED),
    "namespace overridden": (
        lambda line, ping: line(ping(metadata={"document_namespace": "other"})),
        ("rejected", "SchemaNotFound", "UnknownNamespace"),
    ),
    "namespace overridden for the better": (
        lambda line, ping: line(
            ping(metadata={"document_namespace": "syncstorage"}), document_namespace="other"
        ),
        ACCEPTED,
    ),
    # Validate
    "no ping_info": (
        lambda line, ping: line(_without(ping(), "ping_info")),
        ("rejected", "Validate", "required"),
    ),
    "no client_info": (
        lambda line, ping: line(_without(ping(), "client_info")),
        ("rejected", "Validate", "required"),
    ),
    "no os": (
        lambda line, ping: line(_without(ping(), "client_info", "os")),
        ("rejected", "Validate", "required"),
    ),
    "key at the top": (
        lambda line, ping: line(ping(extra=1)),
        ("rejected", "Validate", "additionalProperties"),
    ),
    "null for a user": (
        lambda line, ping: line(ping(metrics={"string": {"syncstorage.hashed_fxa_uid": None}})),
        ("rejected", "Validate", "type"),
    ),
    "float for an integer": (
        lambda line, ping: line(json.dumps(ping()).replace('"seq": 0', '"seq": 0.0')),
        ("rejected", "Validate", "type"),
    ),
    "negative time of an event": (
        lambda line, ping: line(ping(events=[{"timestamp": -1, "category": "a", "name": "b"}])),
        ("rejected", "Validate", "minimum"),
    ),
    "unknown type of metric": (
        lambda line, ping: line(ping(metrics={"strings": {}})),
        ("rejected", "Validate", "additionalProperties"),
    ),
    "30 digits": (
        lambda line, ping: line(json.dumps(ping()).replace('"seq": 0', f'"seq": {"9" * 30}')),
        ACCEPTED,
    ),
    "negative counter": (lambda line, ping: line(ping(metrics={"counter": {"a.b": -3}})), ACCEPTED),
    "misspelt metric": (
        lambda line, ping: line(ping(metrics={"string": {"syncstorage.hashed_fxa_uuid": "x"}})),
        ACCEPTED,
    ),
    "no metrics and no events": (
        lambda line, ping: line(_without(_without(ping(), "metrics"), "events")),
        ACCEPTED,
    ),
    "own submission_timestamp": (
        lambda line, ping: line(ping(submission_timestamp="2020-01-01T00:00:00Z")),
        ACCEPTED,
    ),
    "own submission_timestamp that is no time": (
        lambda line, ping: line(ping(submission_timestamp="yesterday")),
        ACCEPTED,
    ),
    "own metadata": (lambda line, ping: line(ping(metadata={"geo": {"city": "Rome"}})), ACCEPTED),
    "own user agent past 64 bits": (
        lambda line, ping: line(ping(metadata={"user_agent": {"version": 10**30, "os": [1]}})),
        ACCEPTED,
    ),
    "own user agent nested deep": (
        lambda line, ping: line(
            json.dumps(ping(metadata={"user_agent": {"os": 0}})).replace(
                '"os": 0', '"os": ' + "[" * 900 + "]" * 900
            )
        ),
        ACCEPTED,
    ),
    "own metadata that is no object": (lambda line, ping: line(ping(metadata=5)), ACCEPTED),
}


@pytest.mark.parametrize("name", CASES)
def test_each_line_gets_its_verdict(name: str, line: Make, ping: Make) -> None:
    make, expected = CASES[name]
    assert _short(_verdict(as_logentry(make(line, ping), NOON))) == expected


@pytest.mark.parametrize("name", CASES)
def test_a_run_gives_the_same_verdict(
    name: str, line: Make, ping: Make, messages: Make, option_a: Decoder
) -> None:
    make, expected = CASES[name]
    decoded = option_a.decode(messages([make(line, ping)]))
    if expected == ACCEPTED:
        assert (decoded.live.num_rows, decoded.errors.num_rows) == (1, 0)
    else:
        assert decoded.live.num_rows == 0
        (row,) = decoded.errors.to_pylist()
        assert ("rejected", row["stage"], row["error_type"]) == expected
        alone = _verdict(as_logentry(make(line, ping), NOON))
        assert row["error_message"] == alone["message"]
        assert row["pointer"] == alone["pointer"]
        assert row["document_id"] == alone["document_id"]


LOG_ENTRIES = {
    "no JSON": (b"hello", "NotJson"),
    "empty": (b"\n", "NotJson"),
    "truncated": (b'{"receiveTimestamp": "2026-01-05T12:0', "NotJson"),
    "invalid UTF-8": (b'{"receiveTimestamp": "\xff"}', "NotJson"),
    "9 MiB of text": (b"x" * (9 * 2**20), "NotJson"),
    "5,000 digits": (b'{"a": %s}' % (b"1" * 5000), "NotJson"),
    "nested 100,000 deep": (b"[" * 100_000, "NotJson"),
    "a list": (b"[]", "NotLogEntry"),
    "no jsonPayload": (b'{"receiveTimestamp": "2026-01-05T12:00:00Z"}', "NotLogEntry"),
    "text payload": (
        b'{"receiveTimestamp": "2026-01-05T12:00:00Z", "textPayload": "up"}',
        "NotLogEntry",
    ),
}


@pytest.mark.parametrize("name", LOG_ENTRIES)
def test_a_bad_log_entry_is_one_error_and_the_next_is_fine(name: str, line: Make) -> None:
    entry, reason = LOG_ENTRIES[name]
    good = as_logentry(line(), NOON)
    told = list(verdicts([good, entry, as_logentry(line(document_id="other"), NOON)]))
    assert [each["verdict"] for each in told] == ["accepted", "rejected", "accepted"]
    assert [each["line"] for each in told] == [1, 2, 3]
    assert _short(told[1]) == ("rejected", "ParseLogEntry", reason)


def test_receive_timestamp_must_be_a_string(line: Make) -> None:
    entry = as_logentry(line(), NOON)
    for received in (b"5", b"null", b"{}"):
        wrong = entry.replace(b'"2026-01-05T12:00:00.000Z"', received)
        assert _short(_verdict(wrong)) == ("rejected", "ParseLogEntry", "NotLogEntry")


def test_a_log_entry_may_have_other_keys_and_text_after_it(line: Make) -> None:
    entry = as_logentry(line(), NOON)
    more = entry[:-1] + b',"severity":"INFO","labels":{"a":[1e2]}} {"more'
    assert _verdict(more)["verdict"] == "accepted"


def test_the_pointer_and_message_tell_where_without_telling_the_value(
    line: Make, ping: Make
) -> None:
    value = "0123456789abcdef"
    wrong = ping(metrics={"counter": {"syncstorage.hashed_fxa_uid": value}})
    verdict = _verdict(as_logentry(line(wrong), NOON))
    assert verdict["pointer"] == "/metrics/counter/syncstorage.hashed_fxa_uid"
    assert "integer" in verdict["message"]
    assert value not in verdict["message"]


def test_a_log_entry_is_one_line_whatever_the_line_holds(line: Make) -> None:
    spread = json.dumps(json.loads(line()), indent=1).encode()
    for wire in (spread, b"two\nlines", b"\r\n"):
        assert b"\n" not in as_logentry(wire, NOON)
    assert _verdict(as_logentry(spread, NOON))["verdict"] == "accepted"


@pytest.mark.parametrize("application", ["syncstorage", "sync-storage", "SyncStorage", "accounts2"])
def test_an_application_is_known_as_it_names_itself(
    application: str, line: Make, messages: Make
) -> None:
    decoder = Decoder(REGISTRY, "events", application)
    own = messages([line(document_namespace=application)])
    assert decoder.decode(own).live.num_rows == 1
    assert len(decoder.reader.read(own).places) == 1
    assert decoder.decode(messages([line(document_namespace="other")])).live.num_rows == 0
