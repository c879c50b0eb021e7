"""Scheduled runs at a URL: published whole, with their history, and nothing lost where it fails."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from dauexp import history, schedule
from dauexp.audit import audit
from dauexp.commands import making
from dauexp.errors import BadInput, DauexpError
from dauexp.filesystems import files_at
from dauexp.scenario import Scenario, load
from dauexp.schedule.folders import dated
from dauexp.schedule.remote import Remote, entries, scheduled_at
from dauexp.urls import is_url
from tests import objectstore

URL = "memory://team/runs/"
TINY = (
    "traffic.users=30",
    "traffic.days=2",
    "strategies=['custom']",
    "experiments.run=[]",
    "report.notebooks=[]",
)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "dauexp" / "schedules"


@pytest.fixture(autouse=True)
def no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "make", lambda *_: None)


@pytest.fixture
def bucket() -> Iterator[Any]:
    files = fsspec.filesystem("memory")
    yield files
    files.rm("/", recursive=True)


@pytest.fixture
def of() -> Scenario:
    return load("quick", TINY)


def older(bucket: Any, run: str, name: str) -> None:
    """Gives a run at the URL the name of an earlier one: the clock is not waited for."""
    bucket.mv(f"/team/runs/{run}", f"/team/runs/{name}", recursive=True)
    text = bucket.cat_file("/team/runs/history.ndjson").decode()
    bucket.pipe_file("/team/runs/history.ndjson", text.replace(run, name).encode())


def test_a_run_is_published_whole_with_its_history_and_pruned_there(
    of: Scenario, bucket: Any, cache: Path
) -> None:
    first = scheduled_at(of, URL, keep=1, processes=1)
    assert first.exit_code == 0
    place, _, run = first.folder.rpartition("/")
    assert place == "memory://team/runs"
    names = {path.removeprefix(f"/team/runs/{run}/") for path in bucket.find(f"/team/runs/{run}")}
    assert names >= {"summary.json", "manifest.json", "results/accuracy.parquet"}
    assert not [name for name in names if name.rpartition("/")[2].startswith(".")]
    for line in bucket.cat_file(f"/team/runs/{run}/checksums.sha256").decode().splitlines():
        assert line.split("  ")[1] in names
    assert json.loads(bucket.cat_file(f"/team/runs/{run}/summary.json"))["folder"] == first.folder
    assert bucket.cat_file("/team/runs/latest").decode() == f"{run}\n"
    assert [each.run for each in entries(URL)] == [run]
    (local,) = cache.iterdir()
    assert dated(local) == []
    older(bucket, run, "20200101T000000Z")
    bucket.pipe_file("/team/runs/mine/file", b"kept")
    second = scheduled_at(of, URL, keep=1, processes=1).folder.rpartition("/")[2]
    assert not bucket.exists("/team/runs/20200101T000000Z")
    assert bucket.exists("/team/runs/mine/file")
    assert bucket.cat_file("/team/runs/latest").decode() == f"{second}\n"
    assert [each.run for each in entries(URL)] == ["20200101T000000Z", second]


def test_what_cannot_be_published_stays_and_the_next_run_publishes_it(
    of: Scenario, bucket: Any, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = MemoryFileSystem.put_file
    left = iter(range(7))

    def breaks_down(self: Any, *given: Any, **more: Any) -> None:
        if next(left, None) is None:
            raise ConnectionResetError("the line is down")
        put(self, *given, **more)

    monkeypatch.setattr(MemoryFileSystem, "put_file", breaks_down)
    with pytest.raises(DauexpError, match=r"the line is down; .* stays in .*; the next"):
        scheduled_at(of, URL, keep=3, processes=1)
    (local,) = cache.iterdir()
    (waiting,) = dated(local)
    assert bucket.find(f"/team/runs/{waiting.name}")
    assert not bucket.exists(f"/team/runs/{waiting.name}/summary.json"), "it looks whole"
    waiting.rename(local / "20200101T000000Z")
    history.write(local, [])
    monkeypatch.setattr(MemoryFileSystem, "put_file", put)
    scheduled_at(of, URL, keep=3, processes=1)
    assert bucket.exists("/team/runs/20200101T000000Z/summary.json")
    assert dated(local) == []


def test_the_history_at_the_url_counts_on_whatever_machine(
    of: Scenario, bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduled_at(of, URL, keep=3, processes=1)
    (entry,) = entries(URL)
    slow = {**entry.measures, "cpu seconds": 1e-9}
    bucket.pipe_file(
        "/team/runs/history.ndjson",
        history.encoded([history.Entry(**{**as_dict(entry), "run": "r", "measures": slow})]),
    )
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another machine"))
    second = scheduled_at(of.model_copy(update={"thresholds": limits()}), URL, 3, 1)
    assert second.exit_code == 1
    assert "cpu seconds is" in second.line
    assert next(each.run for each in entries(URL)) == "r"


def as_dict(entry: history.Entry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in entry.__struct_fields__}


def limits() -> Any:
    return load("quick", ["thresholds.slowdown=1.0", "thresholds.fewest_runs=1"]).thresholds


def test_a_file_url_is_a_folder_of_this_machine(of: Scenario, tmp_path: Path) -> None:
    summary = scheduled_at(of, f"file://{tmp_path}/runs", keep=1, processes=1)
    assert Path(summary.folder).parent == tmp_path / "runs"
    assert (tmp_path / "runs" / "latest").is_symlink()
    assert len(entries(f"file://{tmp_path}/runs")) == 1


def test_two_at_once_on_one_machine(of: Scenario, bucket: Any) -> None:
    def meanwhile(stage: str, done: int, steps: int) -> None:
        if (stage, done) == ("traffic", 1):
            with pytest.raises(BadInput, match="memory://team/runs: another scheduled run is at"):
                scheduled_at(of, URL, keep=3, processes=1)

    scheduled_at(of, URL, keep=3, processes=1, progress=meanwhile)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nope://bucket/runs", "nope://bucket/runs: Protocol not known: nope; give a URL"),
        ("oci://bucket/runs", "oci://bucket/runs: Install ocifs to access .*; give a URL"),
        ("ftp://me:word@127.0.0.1:1/runs", "ftp://127.0.0.1:1/runs: .*refused"),
    ],
)
def test_a_url_that_cannot_be_used_is_one_sentence_before_any_work(
    of: Scenario, cache: Path, url: str, said: str
) -> None:
    with pytest.raises(BadInput, match=said) as told:
        scheduled_at(of, url, keep=3, processes=1)
    assert "\n" not in str(told.value)
    assert "word" not in str(told.value)
    assert not [path for path in cache.rglob("*") if path.is_dir() and path.parent != cache]
    with pytest.raises(BadInput, match=said):
        entries(url)


def test_the_command_line_takes_urls(bucket: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert making.scheduled("quick", TINY, URL, 3, 1, as_json=False) == 0
    assert capsys.readouterr().out.startswith("memory://team/runs/2")
    making.history(URL, None, as_json=True)
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {row["scenario"] for row in rows} == {"quick"}
    with pytest.raises(BadInput, match="memory://elsewhere: holds no history"):
        making.history("memory://elsewhere", None, as_json=True)


def test_a_path_is_no_url() -> None:
    assert is_url("s3://a/b")
    assert not any(map(is_url, ["runs", "/var/runs", "a:b", "C:/runs"]))
    assert Remote(URL).path is None


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The URL of a real server of files, on loopback."""
    (tmp_path / "served").mkdir()
    with closing(socket.create_server(("127.0.0.1", 0))) as chosen:
        port = chosen.getsockname()[1]
    at = ["-i", "127.0.0.1", "-p", str(port), "-d", str(tmp_path / "served")]
    command = [sys.executable, "-m", "pyftpdlib", *at, "-w", "-u", "me", "-P", "word"]
    with (tmp_path / "log").open("wb") as log, subprocess.Popen(command, stderr=log) as process:
        try:
            while b"starting FTP server" not in (tmp_path / "log").read_bytes():
                assert process.poll() is None, (tmp_path / "log").read_text()
                time.sleep(0.05)
            yield f"ftp://me:word@127.0.0.1:{port}/runs"
        finally:
            process.terminate()


def test_over_a_network_a_run_arrives_byte_for_byte(
    of: Scenario, server: str, tmp_path: Path
) -> None:
    for _ in range(2):
        summary = scheduled_at(of, server, keep=1, processes=1)
        assert "word" not in summary.folder
        (folder,) = dated(tmp_path / "served" / "runs")
        assert folder.name == summary.folder.rpartition("/")[2]
        assert audit(folder) == []
        assert (tmp_path / "served" / "runs" / "latest").read_text() == f"{folder.name}\n"
    assert len(entries(server)) == 2


@pytest.mark.heavy
def test_on_s3_a_schedule_keeps_its_runs_history_and_latest(of: Scenario, tmp_path: Path) -> None:
    with objectstore.bucket(tmp_path / "s3") as store:
        for _ in range(2):
            summary = scheduled_at(of, f"{store}/runs", keep=1, processes=1)
            place, _, run = summary.folder.rpartition("/")
            assert place == "s3://bucket/runs"
            files, root = files_at(place)
            names = {path.removeprefix(f"{root}/") for path in files.find(root)}
            assert names >= {"history.ndjson", "latest", f"{run}/summary.json"}
            assert {name.partition("/")[0] for name in names} == {"history.ndjson", "latest", run}
            assert files.cat_file(f"{root}/latest") == f"{run}\n".encode()
            assert audit(objectstore.downloaded(summary.folder, tmp_path / run)) == []
        assert len(entries(f"{store}/runs")) == 2
