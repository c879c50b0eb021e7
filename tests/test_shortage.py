"""Too little disk or memory, for real: it is told, and the run goes on and ends the same."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil
import pytest

from dauexp.run import run
from dauexp.scenario import Scenario, load

pytestmark = pytest.mark.heavy

TINY = (
    "traffic.users=30",
    "traffic.days=2",
    "strategies=['custom','statsd:set']",
    "experiments.run=[]",
    "report.notebooks=[]",
)
LARGE = ("traffic.users=60000", "traffic.block_users=60000", "traffic.days=1", *TINY[2:])

ON_A_SMALL_DISK = """
mount -t tmpfs -o size=64k dauexp "$RUNS"
for size in 64k 300k 500k 700k 1m 64m; do
  mount -o remount,size=$size "$RUNS"
  code=0
  "$@" >/dev/null 2>>"$KEPT/told" || code=$?
  echo $code >>"$KEPT/codes"
  [ $code -eq 2 ] || break
done
cp -r "$RUNS" "$KEPT/runs"
"""

WITH_LITTLE_MEMORY = """
import pathlib, resource, sys
import psutil
from dauexp.cli import main
from dauexp.report import assembly
from dauexp.run import run
from dauexp.scenario import load
# Threads and all that is loaded are there before the limit: native code ends where it gets none.
changes, warm = sys.argv.pop(1).split(";"), pathlib.Path(sys.argv.pop(1))
run(load("quick", changes), warm, processes=1)
most = psutil.Process().memory_info().vms + (48 << 20)
resource.setrlimit(resource.RLIMIT_AS, (most, most))
main()
"""


def words(runs: Path, changes: tuple[str, ...] = TINY, processes: int = 1) -> list[str]:
    settings = [word for change in changes for word in ("--set", change)]
    return ["run", "quick", *settings, "--runs", str(runs), "-j", str(processes)]


def command(runs: Path, changes: tuple[str, ...] = TINY, processes: int = 1) -> list[str]:
    return [sys.executable, "-m", "dauexp", *words(runs, changes, processes)]


def ended(
    command: list[str], limit: Callable[[], None] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )


def repeatable(runs: Path) -> dict[str, bytes]:
    (folder,) = runs.glob("quick-*")
    files = [*folder.glob("results/*.parquet"), folder / "ledger.parquet", folder / "scenario.toml"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def tiny() -> Scenario:
    return load("quick", TINY)


@pytest.fixture(scope="module")
def undisturbed(tiny: Scenario, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    runs = tmp_path_factory.mktemp("undisturbed")
    run(tiny, runs, processes=1)
    return repeatable(runs)


def test_on_a_disk_that_is_full_again_and_again_it_ends_the_same(
    undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "disk").mkdir()
    # A file system of this process alone; who is not root is root in a name space of one's own.
    alone = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    done = subprocess.run(
        [*alone, "sh", "-eu", "-c", ON_A_SMALL_DISK, "sh", *command(tmp_path / "disk" / "runs")],
        env={**os.environ, "RUNS": str(tmp_path / "disk"), "KEPT": str(tmp_path / "kept")},
        capture_output=True,
        text=True,
        check=False,
        timeout=1800,
    )
    assert done.returncode == 0, done.stderr
    *stopped, last = (tmp_path / "kept" / "codes").read_text().split()
    assert len(stopped) >= 3
    assert (set(stopped), last) == ({"2"}, "0")
    told = (tmp_path / "kept" / "told").read_text().splitlines()
    assert len(told) == len(stopped)
    assert all(line.startswith("dauexp: no space left on the device") for line in told)
    assert repeatable(tmp_path / "kept" / "runs" / "runs") == undisturbed


def test_where_files_may_not_be_large_that_is_told_and_it_ends_the_same(
    undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    for size in (2_000, 10_000):
        done = ended(
            command(tmp_path), partial(resource.setrlimit, resource.RLIMIT_FSIZE, (size, size))
        )
        assert done.returncode == 2, done.stderr
        assert done.stderr.startswith("dauexp: a file would be larger than is allowed here")
        assert len(done.stderr.splitlines()) == 1
    assert ended(command(tmp_path)).returncode == 0
    assert repeatable(tmp_path) == undisturbed


def test_where_the_memory_does_not_suffice_that_is_told_and_it_ends_the_same(
    tmp_path: Path,
) -> None:
    limited = [sys.executable, "-c", WITH_LITTLE_MEMORY, ";".join(TINY), str(tmp_path / "warm")]
    done = ended([*limited, *words(tmp_path / "runs", LARGE)])
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith("dauexp: the memory does not suffice: run it again")
    assert len(done.stderr.splitlines()) == 1
    assert ended(command(tmp_path / "runs", LARGE)).returncode == 0
    run(load("quick", LARGE), tmp_path / "undisturbed", processes=1)
    assert repeatable(tmp_path / "runs") == repeatable(tmp_path / "undisturbed")


def test_a_process_of_the_pool_that_is_killed_is_told_and_it_ends_the_same(
    undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    with subprocess.Popen(
        command(tmp_path, processes=2), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as running:
        while not (helpers := workers(running.pid)):
            assert running.poll() is None, "it had no process to kill"
            time.sleep(0.02)
        helpers[0].send_signal(signal.SIGKILL)
        try:
            _, told = running.communicate(timeout=300)
        finally:
            running.kill()  # else this waits for it without end
    assert running.returncode == 1, told
    assert told.startswith("dauexp: a process was ended from outside, perhaps for want of memory")
    assert len(told.splitlines()) == 1
    assert ended(command(tmp_path)).returncode == 0
    assert repeatable(tmp_path) == undisturbed


def workers(parent: int) -> list[psutil.Process]:
    """The processes of its pool; not the one that keeps track of them."""
    every = psutil.Process(parent).children()
    return [each for each in every if "spawn_main" in " ".join(each.cmdline())]


def test_two_at_once_the_second_says_so_and_leaves(tmp_path: Path) -> None:
    with subprocess.Popen(command(tmp_path), stdout=subprocess.DEVNULL) as first:
        while not list(tmp_path.rglob("inputs.json")):
            assert first.poll() is None
            time.sleep(0.02)
        first.send_signal(signal.SIGSTOP)
        second = ended(command(tmp_path))
        first.send_signal(signal.SIGCONT)
        assert first.wait(timeout=600) == 0
    assert second.returncode == 2
    assert "another process is running this scenario; wait for it" in second.stderr
    assert len(second.stderr.splitlines()) == 1
