"""The command line as people and pipes use it: each command in a process of its own."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import sqlglot

# A warning is an error, but for the one that pyproject.toml lets pass too: glean_parser's own.
PYTHON = [sys.executable, "-W", "error"]
PYTHON += ["-W", "ignore:jsonschema.RefResolver is deprecated:DeprecationWarning"]

SMALL = ["--set", "traffic.users=60", "--set", "traffic.days=2"]


def dauexp(
    *arguments: str, given: bytes = b"", env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*PYTHON, "-m", "dauexp", *arguments],
        input=given,
        capture_output=True,
        check=False,
        env={**os.environ, **(env or {})},
        timeout=120,
    )


def lines(*arguments: str, given: bytes = b"") -> list[bytes]:
    done = dauexp(*arguments, given=given)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def requests() -> bytes:
    done = dauexp("traffic", "quick", *SMALL)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_traffic_is_ndjson_with_the_columns_of_a_request(requests: bytes) -> None:
    rows = [json.loads(line) for line in requests.splitlines()]
    assert len(rows) > 100
    assert list(rows[0]) == [
        "time",
        "uid",
        "device_id",
        "user_agent",
        "host",
        "true_platform",
        "true_device_family",
    ]
    assert rows[0]["time"].startswith("2026-01-05T")
    assert rows[0]["time"].endswith("Z")
    assert len(rows[0]["time"]) == len("2026-01-05T00:00:00.000Z")


@pytest.mark.parametrize("ending", ["ndjson", "csv", "parquet"])
def test_traffic_to_a_file_of_each_form_is_the_same(
    tmp_path: Path, requests: bytes, ending: str
) -> None:
    path = tmp_path / f"requests.{ending}"
    assert dauexp("traffic", "quick", *SMALL, "-o", str(path)).returncode == 0
    expected = [json.loads(line) for line in requests.splitlines()]
    if ending == "parquet":
        rows = pq.read_table(path).to_pylist()
    elif ending == "csv":
        rows = list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline="")))
    else:
        rows = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert rows == expected


def test_from_requests_through_emission_to_verdicts(requests: bytes) -> None:
    entries = b"\n".join(lines("emit", "glean", "--as", "logentry", given=requests))
    verdicts = [json.loads(line) for line in lines("ingest", given=entries)]
    assert len(verdicts) == len(requests.splitlines())
    assert {verdict["verdict"] for verdict in verdicts} == {"accepted"}
    twice = [
        json.loads(line) for line in lines("ingest", given=entries + b"\nnonsense\n" + entries)
    ]
    kinds = [verdict["verdict"] for verdict in twice]
    half = len(verdicts)
    assert kinds == ["accepted"] * half + ["rejected"] + ["duplicate"] * half
    assert twice[half]["stage"]
    assert twice[half]["line"] == half + 1


def test_a_and_b_emit_glean_s_line(requests: bytes) -> None:
    for option in ("glean", "custom"):
        emitted = lines("emit", option, given=requests)
        assert len(emitted) == len(requests.splitlines())
        line = json.loads(emitted[0])
        assert line["Type"] == "glean-server-event"
        assert json.loads(line["Fields"]["payload"])["metrics"]["string"]
        raw = {json.loads(request)["uid"].encode() for request in requests.splitlines()}
        assert not any(uid in line for uid in raw for line in emitted[:20])


def test_c_emits_packets_and_a_flush_is_line_protocol(requests: bytes) -> None:
    packets = lines("emit", "statsd:set", given=requests)
    assert packets[0].startswith(b"syncstorage.users,platform=")
    assert packets[0].endswith(b"|s")
    flush = lines("aggregate", given=b"\n".join(packets))
    total = sum(int(line.split(b"value=")[1].rstrip(b"i")) for line in flush)
    assert total == len(set(packets))
    counted = lines(
        "aggregate", given=b"feature_used,metric_type2=x:5|c\nfeature_used,metric_type2=x:8|c\n"
    )
    assert counted == [b"feature_used,metric_type=counter,metric_type2=x value=13i"]
    assert lines("aggregate", "--at", "5", given=b"a:1|c\n") == [
        b"a,metric_type=counter value=1i 5"
    ]


def test_classify_writes_csv() -> None:
    agents = (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0\n"
        "Firefox-iOS-FxA/145.0\n"
        'curl/8 "odd, one"\n'
        "\n"
    )
    rows = list(
        csv.reader(io.StringIO(b"\n".join(lines("classify", given=agents.encode())).decode()))
    )
    assert rows[0] == ["user_agent", "platform", "device_family"]
    assert [row[1:] for row in rows[1:]] == [
        ["firefoxdesktop", "desktop"],
        ["firefoxios", "mobile"],
        ["other", "other"],
        ["other", "other"],
    ]
    assert rows[3][0] == 'curl/8 "odd, one"'


def test_show_and_query_a_run(small_run: Path) -> None:
    accuracy = [json.loads(line) for line in lines("show", str(small_run), "accuracy", "--json")]
    assert {row["option"] for row in accuracy} == {"glean", "custom", "statsd"}
    ledger = [json.loads(line) for line in lines("show", str(small_run), "ledger", "--json")]
    assert {"generated", "emitted", "live", "stable"} <= {row["account"] for row in ledger}
    assert lines("show", str(small_run), "questions", "--json")
    asked = lines("query", "glean", "dau", "--run", str(small_run))
    assert any(b"COUNT(DISTINCT" in line for line in asked)
    answer = [
        json.loads(line)
        for line in lines("query", "glean", "dau", "--run", str(small_run), "--json")
    ]
    truth = [
        row["truth"] for row in accuracy if row["option"] == "glean" and row["question"] == "dau"
    ]
    assert [row["value"] for row in answer] == truth


def test_a_run_makes_a_folder_with_page_and_record(tmp_path: Path) -> None:
    told = lines("run", "quick", *SMALL, "--set", "report.notebooks=[]", "--runs", str(tmp_path))
    (folder,) = tmp_path.iterdir()
    assert f"page    {folder / 'report.html'}".encode() in told
    for name in ("manifest.json", "ledger.parquet", "appendix.md", "report.html"):
        assert (folder / name).stat().st_size > 100


def test_the_tables_as_a_warehouse_knows_them() -> None:
    statements = b"\n".join(lines("schema")).decode()
    assert statements.count("CREATE TABLE") == 3
    for statement in statements.split("\n\n"):
        if statement.strip():
            sqlglot.parse_one(statement, read="bigquery")
    (line,) = lines("schema", "--json")
    tables = json.loads(line)
    assert set(tables) == {"live", "stable", "errors"}
    metrics = next(column for column in tables["stable"] if column["name"] == "metrics")
    (strings,) = metrics["fields"]
    assert "syncstorage_hashed_fxa_uid" in {column["name"] for column in strings["fields"]}


def test_lists() -> None:
    assert {json.loads(line)["letter"] for line in lines("options", "--json")} == {"A", "B", "C"}
    questions = [json.loads(line) for line in lines("questions", "--json")]
    assert {row["question"] for row in questions} >= {"dau", "wau", "mau", "dau_by_platform"}
    assert any(row["language"] == "impossible" for row in questions)


def test_a_scenario_is_printed_and_explained(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\n".join(lines("scenario", "quick", "--set", "seed=4")))
    assert lines("scenario", str(path)) == lines("scenario", "quick", "--set", "seed=4")
    explained = [json.loads(line) for line in lines("scenario", "--explain")]
    users = next(row for row in explained if row["key"] == "traffic.users")
    assert users["unit"] == "users"
    assert users["range"].startswith(">= 1")
    assert users["source"]
    assert all(row["meaning"] for row in explained)


BAD = {
    "unknown key": (
        ["run", "quick", "--set", "traffic.userz=1"],
        b"",
        "did you mean traffic.users?",
    ),
    "negative rate": (["run", "quick", "--set", "faults.loss.rate=-1"], b"", "faults.loss.rate"),
    "no scenario": (["run", "nowhere.toml"], b"", "nowhere.toml: no such file"),
    "no option": (["emit", "gleam"], b"", "'gleam' is no option or strategy"),
    "no strategy": (["emit", "statsd"], b"", "has several strategies"),
    "no form": (["emit", "glean", "--as", "xml"], b"", "--as xml: give wire or logentry"),
    "no run": (["show", "nowhere", "accuracy"], b"", "nowhere: no such folder"),
    "broken line": (["emit", "glean"], b'{"time": 1\n', "<stdin>: line 1"),
    "missing column": (["emit", "glean"], b'{"time": "2026-01-05T00:00:00Z"}\n', "uid"),
    "no question": (["query", "glean", "dao", "--run", "nowhere"], b"", "nowhere: no such folder"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_sentence_and_exit_code_2(case: str) -> None:
    arguments, given, said = BAD[case]
    done = dauexp(*arguments, given=given)
    assert done.returncode == 2, done.stderr.decode()
    assert done.stderr.startswith(b"dauexp: ")
    assert done.stderr.count(b"\n") == 1
    assert said in done.stderr.decode()


def test_a_notebook_that_there_is_not_is_told_before_anything_is_run(tmp_path: Path) -> None:
    wrong = ["--set", 'report.notebooks=["01_traffic", "99_none"]']
    done = dauexp("run", "quick", *SMALL, *wrong, "--runs", str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith(b"dauexp: there is no notebook '99_none': give one of 01_traffic")
    assert done.stderr.count(b"\n") == 1
    assert not list(tmp_path.rglob("*.parquet"))


def test_a_half_written_run_is_no_result(small_run: Path, tmp_path: Path) -> None:
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "scenario.toml").write_bytes((small_run / "scenario.toml").read_bytes())
    for command in (
        ["show", str(tmp_path / "half"), "accuracy"],
        ["report", str(tmp_path / "half")],
    ):
        done = dauexp(*command)
        assert done.returncode == 2
        assert b"not a finished run" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("command", [["traffic", "quick", *SMALL], ["schema"]])
def test_a_full_disk_is_one_sentence(command: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "dauexp", *command],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.startswith(b"dauexp: no space left on the device")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    ("command", "reader", "lines_read"),
    [
        ("traffic quick", "head -n 1", 1),  # bytes
        ("show {run} answers --json", "head -n 1", 1),  # lines
        ("show {run} answers", "head -n 1", 1),  # a table, by rich
        ("schema", "true", 0),  # so little that it is written when all is done
        ("--help", "true", 0),
    ],
)
def test_a_reader_that_leaves_early_ends_it_as_the_shell_expects(
    small_run: Path, command: str, reader: str, lines_read: int
) -> None:
    line = f"{sys.executable} -m dauexp {command.format(run=small_run)} | {reader}"
    # Without a buffer, Python passes over what is left of a write whose reader leaves meanwhile.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    shell = ["bash", "-o", "pipefail", "-c", line]
    done = subprocess.run(shell, capture_output=True, check=False, env=env)
    assert done.stderr == b""
    assert done.stdout.count(b"\n") == lines_read
    assert done.returncode == 128 + signal.SIGPIPE


def test_output_that_nobody_has_is_no_error() -> None:
    line = f"{sys.executable} -m dauexp schema >&-"
    done = subprocess.run(["bash", "-c", line], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_version() -> None:
    from dauexp import __version__

    assert lines("--version") == [f"dauexp {__version__}".encode()]
