"""Temporary files are private, whatever the umask: seen by watching a run make them."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

HOOK = """
import os, sys

def watch(event, arguments):
    if event == "os.mkdir":
        path, mode = arguments[0], oct(arguments[1])
    elif event == "open" and isinstance(arguments[0], str) and arguments[2] & os.O_CREAT:
        by_tempfile = sys._getframe(1).f_code.co_filename.endswith("tempfile.py")
        path, mode = arguments[0], oct(0o600) if by_tempfile else "file"
    else:
        return
    path = os.path.abspath(os.fsdecode(path))
    if path.startswith(os.environ["TMPDIR"] + os.sep):
        told = os.open(os.environ["MADE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(told, f"{mode} {path}\\n".encode())
        os.close(told)

sys.addaudithook(watch)
"""

RUN = """
import os, sys
os.umask(0)
from pathlib import Path
from dauexp.run import run
from dauexp.scenario import load
changes = ("traffic.users=40", "traffic.days=29", "experiments.run=[]", "report.notebooks=[]",
    'strategies=["glean", "statsd:field"]')
if __name__ == "__main__":
    print(run(load("quick", changes), Path(sys.argv[1]), processes=2))
"""


def mode(path: Path) -> str:
    """Who may do what with a file."""
    return oct(stat.S_IMODE(path.stat().st_mode))


def watched(code: str, tmp_path: Path, *arguments: str) -> list[tuple[str, Path]]:
    """What a program makes in the machine's common temporary folder, each with its mode."""
    (tmp_path / "sitecustomize.py").write_text(HOOK, encoding="utf-8")
    (tmp_path / "program.py").write_text(code, encoding="utf-8")
    common = tmp_path / "common"
    common.mkdir()
    environment = {
        **os.environ,
        "PYTHONPATH": str(tmp_path),
        "TMPDIR": str(common),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "MADE": str(tmp_path / "made"),
    }
    command = [sys.executable, str(tmp_path / "program.py"), *arguments]
    subprocess.run(command, env=environment, check=True)
    lines = (tmp_path / "made").read_text().splitlines() if (tmp_path / "made").exists() else []
    return [(kind, Path(path)) for kind, _, path in (line.partition(" ") for line in lines)]


def exposed(made: list[tuple[str, Path]], common: Path) -> list[Path]:
    """What lies in no folder that was made for one's own use."""
    private = (oct(0o600), oct(0o700))  # the first is how the module tempfile makes its files
    own = {path for kind, path in made if kind in private and path.parent == common}
    return [path for _, path in made if path not in own and not own & set(path.parents)]


@pytest.mark.heavy
def test_a_run_leaves_no_temporary_file_that_others_can_read(tmp_path: Path) -> None:
    made = watched(RUN, tmp_path, str(tmp_path / "runs"))
    assert exposed(made, tmp_path / "common") == []
    assert list((tmp_path / "common").iterdir()) == []
    assert mode(tmp_path / "cache" / "dauexp") == "0o700"
    (folder,) = (tmp_path / "runs").iterdir()
    assert (folder / "manifest.json").exists()
    scratch = folder / "work" / "scratch"
    assert not scratch.exists() or mode(scratch) == "0o700"
    assert not [path for path in folder.rglob(".*") if path.name.endswith(".part")]


def test_a_temporary_file_that_others_can_read_is_found(tmp_path: Path) -> None:
    code = """
import os, tempfile
from pathlib import Path
with tempfile.TemporaryDirectory() as own:
    Path(own, "private").touch()
os.mkdir(Path(tempfile.gettempdir(), "public"))
Path(tempfile.gettempdir(), "ids.txt").touch()
"""
    common = tmp_path / "common"
    made = watched(code, tmp_path)
    assert exposed(made, common) == [common / "public", common / "ids.txt"]
