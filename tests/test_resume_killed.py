"""kill -9 at random moments: the run goes on, and ends as one that was left in peace."""

from __future__ import annotations

import fcntl
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from dauexp.audit import audit
from dauexp.run import folder_of, run
from dauexp.scenario import Scenario, load

pytestmark = pytest.mark.heavy

CHANGES = (
    "traffic.users=60",
    "traffic.days=8",
    "traffic.block_users=40",
    "faults.loss.rate=0.02",
    "faults.duplication.rate=0.02",
    "experiments.run=['lateness']",
    "experiments.users=12",
    "experiments.days=28",
    "report.notebooks=[]",
)
KILLS = 50


@pytest.fixture(scope="module")
def of() -> Scenario:
    return load("quick", CHANGES)


def started(runs: Path, processes: int) -> subprocess.Popen[bytes]:
    changes = [word for change in CHANGES for word in ("--set", change)]
    command = ["-m", "dauexp", "run", "quick", *changes, "--runs", str(runs), "-j", str(processes)]
    return subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def is_at_it(folder: Path) -> bool:
    """Whether a process holds the lock of a run."""
    try:
        with (folder / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def steps(folder: Path) -> int:
    """How many steps of a run are done."""
    return len(list(folder.glob("work/done/*")))


def repeatable(folder: Path) -> dict[str, bytes]:
    files = [*folder.glob("results/*.parquet"), folder / "ledger.parquet", folder / "scenario.toml"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_killed_at_random_moments_it_ends_the_same(of: Scenario, tmp_path: Path) -> None:
    """A moment is so many steps later and then some, so that a slow machine has them too."""
    undisturbed = run(of, tmp_path / "undisturbed", processes=1)
    chance = random.Random(10)
    kills = folders = 0
    moments: set[int] = set()
    while kills < KILLS:
        folders += 1
        runs = tmp_path / f"killed-{folders}"
        folder = folder_of(of, runs)
        while not (folder / "manifest.json").exists():
            process = started(runs, processes=1 + kills % 2)
            while process.poll() is None and not is_at_it(folder):
                time.sleep(0.02)
            helpers = []
            if kills < KILLS:
                later = steps(folder) + chance.randrange(6)
                while process.poll() is None and steps(folder) < later:
                    time.sleep(0.005)
                time.sleep(chance.uniform(0, 0.5))
            if kills < KILLS and process.poll() is None:
                helpers = psutil.Process(process.pid).children(recursive=True)
                process.kill()
            process.communicate()
            kills += process.returncode == -signal.SIGKILL
            assert process.returncode in {0, -signal.SIGKILL}
            assert not psutil.wait_procs(helpers, timeout=60)[1], "a process outlived its parent"
            moments.add(steps(folder))
        assert repeatable(folder) == repeatable(undisturbed)
        assert audit(folder) == []
        assert not [*folder.rglob(".*.part"), *folder.rglob(".spill*")]
    assert len(moments) > 10, "the moments were not many different ones"
