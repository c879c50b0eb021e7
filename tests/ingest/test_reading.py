"""Names, user agents and JSON as the pipeline reads them."""

from __future__ import annotations

import json
import re
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dauexp.ingest import jsontext
from dauexp.ingest.names import snake_case
from dauexp.ingest.useragent import UserAgent, parse_user_agent
from dauexp.ingest.validate import pointer, validator


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("syncstorage.hashed_fxa_uid", "syncstorage_hashed_fxa_uid"),
        ("Events", "events"),
        ("EVENTS", "events"),
        ("sync-storage", "sync_storage"),
        ("syncStorage", "sync_storage"),
        ("HTTPServer", "http_server"),
        ("deletion-request", "deletion_request"),
        ("", ""),
    ],
)
def test_snake_case(name: str, expected: str) -> None:
    assert snake_case(name) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, UserAgent()),
        ("", UserAgent()),
        ("curl/8.0", UserAgent()),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
            UserAgent("Firefox", "145", "Linux"),
        ),
        (
            "Mozilla/5.0 (Android 14; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0",
            UserAgent("Firefox", "145", "Android"),
        ),
        (
            "Firefox-iOS-Sync/146.0b1 (iPhone; iPhone OS 18.1) (Firefox)",
            UserAgent("FxSync", "146", "iOS"),
        ),
        ("Firefox AndroidSync 1.68 (Fennec)", UserAgent("FxSync", "1", "Android")),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/17.4 Safari/605.1.15",
            UserAgent("Safari", "605", "Macintosh"),
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/131.0.0.0 Safari/537.36",
            UserAgent("Chrome", "131", "Windows 10"),
        ),
        (
            "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko",
            UserAgent("MSIE", "11", "Windows 7"),
        ),
        ("Mozilla/5.0 (iPad; CPU OS 17_4 like Mac OS X)", UserAgent(None, None, "iPad")),
    ],
)
def test_user_agents(text: str | None, expected: UserAgent) -> None:
    assert parse_user_agent(text) == expected


@given(
    st.lists(st.sampled_from(["Safari", "Opera", "/", "12", "3", "x", "\n", " "]), max_size=12).map(
        "".join
    )
)
def test_the_version_is_what_the_pipeline_s_patterns_match(text: str) -> None:
    patterns = {"Opera": r"Opera.*/(\d+)", "Safari": r".*/(\d+)"}
    browser = next((name for name in patterns if name in text), None)
    found = re.search(patterns[browser], text) if browser else None
    expected = UserAgent(browser, found[1] if found else None)
    assert parse_user_agent(text) == expected


@pytest.mark.parametrize("repeated", ["/", "Safari/", "Opera/", "Opera", "a", "/1", "\n", "MSIE "])
@pytest.mark.parametrize("mark", ["Safari", "Opera", "Opera Mini"])
def test_the_time_to_read_a_user_agent_grows_with_its_length_alone(
    mark: str, repeated: str
) -> None:
    started = time.process_time()
    parse_user_agent(mark + repeated * 50_000)
    assert time.process_time() - started < 1  # quadratic, it would be minutes


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(
    _JSON, st.sampled_from(["", " ", "\n\t\r ", "\ufeff"]), st.sampled_from(["", " ", "]", "null"])
)
def test_json_is_read_as_it_was_written(value: object, before: str, after: str) -> None:
    after = " " + after if isinstance(value, int | float) else after
    text = before + json.dumps(value, ensure_ascii=False) + after
    assert jsontext.read(text) == value


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "nul", "{", "[1,]", '{"a" 1}', "'a'", "NaN", "-Infinity", "[1e400]", "1" * 1001),
        *('"\\ud800"', '"a\nb"', "\x0c1", "[" * 1001, "\ufeff\ufeff1"),
    ],
)
def test_what_is_no_json(text: str) -> None:
    with pytest.raises(jsontext.NotJson):
        jsontext.read(text)


def test_depth_and_digits_at_their_limits() -> None:
    before = sys.getrecursionlimit()
    assert jsontext.read("1" * 1000) == int("1" * 1000)
    deep = jsontext.read("[" * 1000 + "]" * 1000)
    for _ in range(999):
        (deep,) = deep
    assert deep == []
    assert sys.getrecursionlimit() == before


def test_what_was_read_is_written_again_however_deep() -> None:
    text = "[" * 999 + '{"a":1}' + "]" * 999
    assert jsontext.write(jsontext.read(text)) == text


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        ("[" * 200 + "]" * 200, 200),
        ('"' + "[" * 200 + '"', 0),
        ('["' + "[" * 200 + '\\"' + "[" * 200 + '", {}]', 2),
        ("[]" * 200, 1),
        ('{"a":' * 300, 300),
    ],
)
def test_depth_counts_brackets_outside_strings(text: str, depth: int) -> None:
    assert jsontext.depth(text) == depth


def test_pointers() -> None:
    assert pointer([]) == ""
    assert pointer(["a/b", 0, "c~d"]) == "/a~1b/0/c~0d"


def test_a_violation_deeper_than_any_rule_is_none() -> None:
    deep: object = 1.0
    for _ in range(500):
        deep = [deep]
    ping = {
        "ping_info": {"seq": 0, "start_time": "", "end_time": ""},
        "client_info": dict.fromkeys(
            (
                *("telemetry_sdk_build", "first_run_date", "os", "os_version"),
                *("architecture", "app_build", "app_display_version"),
            ),
            "",
        ),
        "metrics": {"object": {"a.b": deep}},
    }
    assert validator().violation(ping) is None
    assert validator().violation({**ping, "x": deep}) is not None
