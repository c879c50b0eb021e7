"""The package's schema gives the verdicts of Mozilla's, document by document, on thousands.

Documents come from two good ones by every change of a systematic list, and by pairs of changes.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import orjson
import pytest

from dauexp.ingest.validate import SCHEMA_FILE, Validator, _prepared, read_schema, validator

OFFICIAL = Path(__file__).parents[3] / "shared" / "schemas" / "glean.1.schema.json"
"""Mozilla's schema lies beside the checkout."""

UUID = "8cad73ef-858a-44f9-88f7-10817c917a42"
DISTRIBUTION: dict[str, Any] = {"sum": 3, "count": 2, "values": {"0": 1, "1000": 1}}
TIMING: dict[str, Any] = {
    **DISTRIBUTION,
    "bucket_count": 100,
    "histogram_type": "linear",
    "overflow": 0,
    "underflow": 0,
    "range": [0, 60.5],
    "time_unit": "second",
}
RATE = {"numerator": 1, "denominator": 2}

FULL: dict[str, Any] = {
    "$schema": "moz://mozilla.org/schemas/glean/ping/1",
    "ping_info": {
        "seq": 3,
        "start_time": "2026-01-05T12:00Z",
        "end_time": "2026-01-05T13:00Z",
        "ping_type": "events",
        "reason": "active",
        "experiments": {"one": {"branch": "b", "extra": {"type": "t", "enrollment_id": "e"}}},
        "server_knobs_config": {
            "metrics_enabled": {"a.b": True},
            "pings_enabled": {"events": False},
            "event_threshold": 5,
            "session_sample_rate": 0.5,
        },
    },
    "client_info": {
        "telemetry_sdk_build": "1",
        "first_run_date": "2026-01-05",
        "os": "Linux",
        "os_version": "6",
        "architecture": "x86_64",
        "app_build": "1",
        "app_display_version": "1",
        "app_channel": "release",
        "client_id": UUID,
        "session_id": UUID,
        "session_count": 4,
        "locale": "en-GB",
        "build_date": "1970",
        "device_manufacturer": "m",
        "device_model": "m",
        "android_sdk_version": "30",
        "windows_build_number": 22000,
        "attribution": dict.fromkeys(("campaign", "content", "medium", "source", "term"), "x"),
        "distribution": {"name": "n"},
    },
    "metrics": {
        "boolean": {"a.b": True},
        "counter": {"a.b": 1},
        "custom_distribution": {"a.b": DISTRIBUTION},
        "datetime": {"a.b": "2026-01-05"},
        "dual_labeled_counter": {"a.b": {"key": {"category": 1}}},
        "jwe": {"a.b": "x.y.z"},
        "labeled_boolean": {"a.b": {"label": True}},
        "labeled_counter": {"a.b": {"label": 1}},
        "labeled_custom_distribution": {"a.b": {"label": DISTRIBUTION}},
        "labeled_memory_distribution": {"a.b": {"label": DISTRIBUTION}},
        "labeled_quantity": {"a.b": {"label": 1}},
        "labeled_rate": {"a.b": {"label": RATE}},
        "labeled_string": {"a.b": {"label": "x"}},
        "labeled_timing_distribution": {"a.b": {"label": TIMING}},
        "memory_distribution": {"a.b": DISTRIBUTION},
        "object": {"a.b": {"any": [1, None, {"thing": 1.0}]}},
        "quantity": {"a.b": 1},
        "rate": {"a.b": RATE},
        "string": {"a.b": "x"},
        "string_list": {"a.b": ["x", "y"]},
        "text": {"a.b": "x"},
        "timespan": {"a.b": {"value": 1, "time_unit": "second"}},
        "timing_distribution": {"a.b": TIMING},
        "url": {"a.b": "https://example.org/"},
        "uuid": {"a.b": UUID},
    },
    "events": [
        {
            "timestamp": 0,
            "category": "c",
            "name": "n",
            "extra": {"k": "v"},
            "session": {
                "session_id": UUID,
                "session_seq": 0,
                "event_seq": 0,
                "session_sample_rate": 1,
                "session_start_time": "2026",
            },
        },
        {"timestamp": 1, "category": "c", "name": "n"},
    ],
}

MINIMAL: dict[str, Any] = {
    "ping_info": {"seq": 0, "start_time": "", "end_time": ""},
    "client_info": {
        "telemetry_sdk_build": "",
        "first_run_date": "",
        "os": "",
        "os_version": "",
        "architecture": "",
        "app_build": "",
        "app_display_version": "",
    },
}

Path_ = tuple[str | int, ...]

DEEP = json.loads("[" * 200 + "]" * 200)

VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 2, 0.0, 1.0, -1.0, 0.5, 1.5, 1e300),
    *(2**31, 2**53, 2**63, 2**64, -(2**63) - 1, 10**30, -(10**30)),
    *("", "x", "0", "5", "events", "é", "\u0000", "\U0001f600", "a\n"),
    *("x" * 30, "x" * 31, "é" * 30, "\U0001f600" * 31, "x" * 100, "x" * 101),
    *("x" * 204_800, "x" * 204_801),
    *(UUID, UUID.upper(), UUID[:-1], UUID + "0"),
    *("data:text/plain,x", "DATA:x", "mailto:a@b", "9:x", "a b:c"),
    *("second", "Second", "fortnight", "linear"),
    *([], [0], [0, 1], [0, 1, 2], ["x"], [None], [[]], [{}]),
    *({}, {"x": 1}, {"x": "y"}, {"x": None}, {"1": 1}, {"": ""}, DEEP, {"x": DEEP}),
]

KEYS = [
    *("x", "", "extra", "a", "ab", "a.b", "a_b", "_b", "_", "A.b", "a.B", "9a", "a9", "a-b"),
    *("a b", "é.b", ".a", "a.", "a..b", "a\n", "events-2", "-", "$schema"),
    *("a" * 30, "a" * 31, "a" * 40, "a" * 41, "é" * 40, "é" * 41, "a" * 100, "a" * 101),
    *("a" * 111, "a" * 112, "\U0001f600" * 111),
    *("submission_timestamp", "0", "00", "1e3", "\u0000", "__proto__"),
]


def places(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    """The paths to all members of a document."""
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for key, member in members:
        yield (*path, key)
        if isinstance(member, dict | list):
            yield from places(member, (*path, key))


def at(document: Any, path: Path_) -> Any:
    for key in path:
        document = document[key]
    return document


def copied(document: dict[str, Any]) -> dict[str, Any]:
    """A copy whose parts are all its own."""
    copy: dict[str, Any] = orjson.loads(orjson.dumps(document))
    return copy


def changes(base: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every change of one place of a document, each with what was done."""
    for path in places(base):
        *parent, last = path
        for value in VALUES:
            if isinstance(value, str) and len(value) > 1000 and "text" not in path:
                continue  # only texts have so high a limit
            document = copied(base)
            at(document, tuple(parent))[last] = value
            yield f"{path} = {str(value)[:40]!r}", document
        document = copied(base)
        del at(document, tuple(parent))[last]
        yield f"without {path}", document
        if isinstance(last, str):
            for key in KEYS:
                document = copied(base)
                holder = at(document, tuple(parent))
                holder[key] = holder.pop(last)
                yield f"{path} renamed {key[:40]!r}", document
    for path in [(), *places(base)]:
        if isinstance(at(base, path), dict):
            for key in KEYS:
                document = copied(base)
                holder = at(document, path)
                holder[key] = next(iter(holder.values()), 1)
                yield f"{path} with {key[:40]!r}", document


def pairs(number: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Documents with two changes at once, drawn at random, always the same ones."""
    draw = random.Random(1)
    paths = [path for path in places(FULL) if isinstance(path[-1], str)]
    for _ in range(number):
        document, done = copied(FULL), []
        for path in draw.sample(paths, 2):
            try:
                holder = at(document, path[:-1])
                if draw.random() < 0.3:
                    del holder[path[-1]]
                else:
                    holder[path[-1]] = draw.choice(VALUES)
            except (KeyError, IndexError, TypeError):
                continue
            done.append(str(path))
        yield " and ".join(done), document


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    yield "full", FULL
    yield "minimal", MINIMAL
    yield from changes(MINIMAL)
    yield from changes(FULL)
    yield from pairs(2000)


@pytest.fixture(scope="module")
def official() -> dict[str, Any]:
    """Mozilla's schema: it may be absent from a developer's machine, not where CI is true."""
    if not OFFICIAL.is_file():
        if os.environ.get("CI") == "true":
            pytest.fail(
                f"{OFFICIAL} is not there: continuous integration must have Mozilla's schema"
            )
        pytest.skip(f"{OFFICIAL} is not there: put Mozilla's schema beside the checkout")
    schema: dict[str, Any] = json.loads(OFFICIAL.read_text(encoding="utf-8"))
    return schema


def test_same_verdicts_on_thousands_of_documents(official: dict[str, Any]) -> None:
    ours, theirs = validator(), Validator(official)
    verdicts = {True: 0, False: 0}
    disagreements = []
    for done, document in documents():
        violation, other = ours.violation(document), theirs.violation(document)
        verdicts[violation is None] += 1
        if (violation is None) != (other is None):
            disagreements.append(f"{done}: ours {violation}, theirs {other}")
    assert not disagreements, "\n".join(disagreements[:20])
    assert min(verdicts.values()) >= 1000, verdicts
    assert sum(verdicts.values()) >= 5000, verdicts


def test_same_verdicts_as_another_validator(official: dict[str, Any]) -> None:
    """The validator itself is held against one that shares no code with it."""

    def is_integer(_: object, value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool)

    strict = jsonschema.validators.extend(
        jsonschema.Draft6Validator,
        type_checker=jsonschema.Draft6Validator.TYPE_CHECKER.redefine("integer", is_integer),
    )(official)
    ours = validator()
    disagreements = [
        done
        for n, (done, document) in enumerate(documents())
        if n % 8 == 0
        and "'a\\n'" not in done  # `$` is before a last line end in Python, at the end in ECMA-262
        and (ours.violation(document) is None) != strict.is_valid(document)
    ]
    assert not disagreements, disagreements[:20]


def test_the_documents_reach_every_rule(official: dict[str, Any]) -> None:
    """Leaving out any rule of ours lets a document pass that Mozilla's schema rejects."""
    theirs = jsonschema_rs.validator_for(official)
    rejected: dict[tuple[str, ...], Any] = {}
    for base in (FULL, MINIMAL):
        for done, changed in changes(base):
            document = _prepared(changed, 0)
            errors = theirs.iter_errors(document)
            broken = [f"{error.schema_path[-1]} {error.instance_path}" for error in errors]
            if broken:  # one document for each set of broken rules and changed place will do
                rejected[done.partition(")")[0], *sorted(broken)] = document
    unreached = []
    for path, keyword in _rules(read_schema(SCHEMA_FILE)):
        schema = copied(dict(read_schema(SCHEMA_FILE)))
        del at(schema, path)[keyword]
        weakened = jsonschema_rs.validator_for(schema)
        if not any(weakened.is_valid(document) for document in rejected.values()):
            unreached.append("/".join(map(str, (*path, keyword))))
    assert not unreached


def _rules(schema: Any, path: Path_ = ()) -> Iterator[tuple[Path_, str]]:
    checked = {
        "enum",
        "pattern",
        "maxLength",
        "minimum",
        "maximum",
        "required",
        "minItems",
        "maxItems",
    }
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key in checked and path[-1:] != ("properties",):
                yield path, key
            yield from _rules(value, (*path, key))
    elif isinstance(schema, list):
        for n, value in enumerate(schema):
            yield from _rules(value, (*path, n))
