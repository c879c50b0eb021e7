"""No IP address and no user agent is stored, wherever a line ends up."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from dauexp.ingest.decoder import Decoder
from dauexp.ingest.privacy import without_personal_data

Make = Callable[..., Any]
ADDRESS = b"198.51.100.7"
AGENT = b"Gecko/20100101"


def test_no_part_holds_an_address_or_a_user_agent(
    option_a: Decoder, line: Make, ping: Make, messages: Make, tmp_path: Path
) -> None:
    good = line()
    keys = [
        good.index(key) for key in (b"ip_address", b"user_agent")
    ]  # without them, who can tell?
    lines = [
        good,
        line(ping(extra=1)),
        line("no JSON"),
        line(document_type="other"),
        *(good[:end] for end in range(0, len(good), 7)),
        *(
            good[:at] + b"\xff" + good[at + 1 :]
            for at in range(0, len(good), 7)
            if not any(at in range(start - 2, start + 13) for start in keys)
        ),
    ]
    assert any(ADDRESS in each and AGENT in each for each in lines)
    decoded = option_a.decode(messages(lines))
    assert decoded.live.num_rows + decoded.errors.num_rows == len(lines)
    assert decoded.errors.num_rows > 100
    for name, table in (("live", decoded.live), ("errors", decoded.errors)):
        path = tmp_path / name
        pq.write_table(table, path, compression="none", use_dictionary=False)
        assert b"198.51" not in path.read_bytes()
        assert AGENT not in path.read_bytes()


def test_the_document_is_kept_whole_but_for_these(
    option_a: Decoder, line: Make, ping: Make, messages: Make
) -> None:
    bad = line(ping(extra="kept"))
    (row,) = option_a.decode(messages([bad])).errors.to_pylist()
    kept, sent = json.loads(row["document"]), json.loads(bad)
    sent["Fields"]["ip_address"] = sent["Fields"]["user_agent"] = None
    assert kept == sent


def test_bytes_that_are_no_json_are_kept_as_they_are(option_a: Decoder, messages: Make) -> None:
    odd = [b"\x00\xff\xfe", b"", b'{"a": "\\', "日本".encode("shift_jis")]
    decoded = option_a.decode(messages(odd))
    assert decoded.errors["document"].to_pylist() == odd


@pytest.mark.parametrize(
    "value",
    [
        b'"ip_address": "198.51.100.7", "x": 1',
        b'"ip_address":"198.51.100.7"}',
        b'"ip_address" : "198.51.1',
        b'"ip_address": "198.51.100.7\\',
        b'"ip_address": "a \\" 198.51.100.7", "x": 1',
        b'"ip_address": ["198.51.100.7", "198.51.100.8"], "x": 1',
        b'"ip_address": {"v4": "198.51.100.7"}, "x": 1',
        b'\\"ip_address\\": \\"198.51.100.7\\", \\"x\\": 1',
        b'"ip\\u005faddress": "198.51.100.7"',
        b'"ip_address": 198.51.100.7',
    ],
)
def test_every_way_of_writing_an_address(value: bytes) -> None:
    cleaned = without_personal_data(value)
    assert b"198" not in cleaned
    assert (b"x" in cleaned) == (b"x" in value)


@pytest.mark.parametrize(
    "agent", ['a "SECRET" b', "SECRET\\", '\\"SECRET', "a\\\\", '"', "{SECRET}"]
)
@pytest.mark.parametrize("depth", range(4))
def test_an_agent_with_quotes_in_it_is_taken_out_whole_at_any_depth(agent: str, depth: int) -> None:
    text = json.dumps({"user_agent": agent, "kept": 1})
    expected = json.dumps({"user_agent": None, "kept": 1})
    for _ in range(depth):
        text, expected = json.dumps({"payload": text}), json.dumps({"payload": expected})
    assert without_personal_data(text.encode()) == expected.encode()


@pytest.mark.parametrize(
    "line",
    [
        b"%s",
        b'"%s',
        b'"user_agent":"%s',
        b'"user_agent":"%s"',
        b'"user_agent":\\"%s"',
        b'%s"user_agent%s":%s"%s',
        b'{"user_agent":%s',
    ],
)
def test_the_time_it_takes_grows_with_the_length_alone(line: bytes) -> None:
    for repeated in (b"\\", b'"', b'\\"', b'"user_agent":', b'"user_agent":"\\', b"[", b" "):
        started = time.process_time()
        without_personal_data(line.replace(b"%s", repeated * 100_000))
        assert time.process_time() - started < 2  # quadratic, it would be minutes


def test_other_keys_are_left_alone() -> None:
    text = b'{"ip_addresses": "198.51.100.7", "my_user_agent": "x", "user_agents": "y"}'
    assert without_personal_data(text) == text
