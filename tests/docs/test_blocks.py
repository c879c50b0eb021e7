"""All code blocks are run: those of a page in their order, in a folder of their own.

What a page takes as given lies there: `RUN`, a finished run, and the files that are named below.
What cannot be run here is in `NOT_RUN`, with its reason; what would take long is run on fewer users
(`SMALLER`). An entry of either that fits no line fails, so neither grows unseen.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import chdir, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from dauexp.measures.complexity import measured
from dauexp.report.claims import Claim
from dauexp.report.weighing import load_weights
from dauexp.scenario import load
from dauexp.sweep import load_sweep
from docsite.blocks import Block, blocks

TOP = Path(__file__).resolve().parent.parent.parent
PAGES = ["README.md", "CONTRIBUTING.md"]
PAGES += sorted(str(path.relative_to(TOP)) for path in (TOP / "docs").rglob("*.md"))
QUICK = {"CONTRIBUTING.md", "docs/design.md", "docs/plugins.md", "docs/services.md"}
"""Pages whose blocks take a moment: `make test` runs them, the heavy tests run the others."""

NOT_RUN = {
    r"^make( |$)": "sets up an environment and runs the tests, of which this is one",
    r"^pip install .*examples/": "changes the environment; tests/examples does it in its own",
    r"openmetrics'\]": "needs that package; tests/examples runs it",
    r"^dauexp services (up|down)": "builds servers for minutes; tests/services runs them",
    r"influxdb\.backend=server": "needs a server; tests/differential makes such runs",
    r"^dauexp load RUN --option statsd": "needs a server; tests/load runs it",
    r"tcp://HOST|^dask ": "needs a cluster; tests/cluster makes one",
    r"^pip install .*cluster": "changes the environment",
    r"s3://": "needs a bucket; tests/schedule and tests/cluster serve one",
    r"^docker compose": "needs Docker; tests/deploy reads the file",
    r"services\(\(": "needs a server; tests/services runs it",
}
"""Lines of shell, or whole blocks of Python, that are not run here, and where they are."""

SMALLER = {
    r"^dauexp run quick .*calibration": " --set traffic.users=60 --set experiments.users=60"
    " --set report.notebooks=[]",
    r"dauexp run (quick|(scenario|mine)\.toml)(?!.*(traffic\.users|traffic\.trace))": (
        " --set traffic.users=60 --set report.notebooks=[]"
    ),
    r"^dauexp run .*traffic\.trace=requests\.csv(?!.*notebooks)": " --set report.notebooks=[]",
    r"^dauexp run default .*mutation": " --set traffic.users=60 --set experiments.users=40"
    " --set report.notebooks=[] --set 'strategies=[\"custom\"]'",
    r"^dauexp sweep (faults|sensitivity)": " --plan",
    r"^dauexp load RUN --option glean": " --multiples 1 --seconds 1",
    r"^dauexp capacity": " --seconds 1",
    r"^dauexp growth": " --users 30,60 --days 28,29 --events 1,2 --question dau --repeats 1"
    " --option glean",
}
"""What is added to lines that would take long, before their comment."""

WHOLE = {"docs/tutorial.md"}
"""Pages that show what is printed: nothing is added to their lines."""

PLACEHOLDERS = {
    "=...": "=a-secret-of-the-test",
    "/path/to/run": "$PWD/RUN",
    "s3://BUCKET": "file://$PWD/BUCKET",
}
"""What a reader puts something of their own in place of."""

SCENARIO = """
name = "mine"
[traffic]
days = 29
[experiments]
run = []
"""
SWEEP = """
name = "mine"
scenario = "quick"
replicates = 1
[changes]
traffic.days = 1
strategies = ["glean"]
[grid]
traffic.hosts.count = [1, 2]
"""


def every(*languages: str) -> list[Block]:
    return [each for page in PAGES for each in blocks(TOP, page) if each.language in languages]


def given(folder: Path, run: Path) -> None:
    """Lays what pages take as given into a folder."""
    shutil.copytree(run, folder / "RUN")
    (folder / "notebooks").symlink_to(TOP / "notebooks")
    (folder / ".venv").symlink_to(sys.prefix)
    shutil.copy(TOP / "data/trace/example.csv", folder / "requests.csv")
    (folder / "user-agents.txt").write_text("Firefox-iOS-Sync/1.0\n", encoding="utf-8")
    (folder / "W.toml").write_text("[weights]\ndriver-1 = 2.0\n", encoding="utf-8")
    (folder / "mine.toml").write_text(SWEEP, encoding="utf-8")
    (folder / "scenario.toml").write_text(SCENARIO, encoding="utf-8")


def of(entries: dict[str, str], text: str) -> str | None:
    """The entry whose pattern fits a text."""
    return next(
        (found for pattern, found in entries.items() if re.search(pattern, text, re.MULTILINE)),
        None,
    )


def prepared(command: str, page: str) -> str:
    """A line of a page's shell as it is run here; empty where it is not."""
    if of(NOT_RUN, command):
        return ""
    for placeholder, value in PLACEHOLDERS.items():
        command = command.replace(placeholder, value)
    more = of(SMALLER, command)
    if more is None or page in WHOLE:
        return command
    line, comment = re.fullmatch(r"(.*?)(\s+# .*)?", command).groups()  # type: ignore[union-attr]
    return f"{line}{more}{comment or ''}"


def shell(block: Block, folder: Path) -> str:
    """Runs a block of shell; gives what it prints."""
    script = "\n".join(prepared(command, block.page) for command in block.commands)
    path = f"{Path(sys.prefix) / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{block.place}\n{script}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def python(block: Block, folder: Path, names: dict[str, Any]) -> str:
    """Runs a block of Python with the names that those before it made; gives what it prints."""
    if of(NOT_RUN, block.text):
        return ""
    with chdir(folder), redirect_stdout(StringIO()) as printed:
        exec(compile(block.text, block.place, "exec"), names)  # noqa: S102 - our own pages
    return printed.getvalue()


def normal(text: str) -> str:
    """An output without what is not the same each time: digests of folders, ends of lines."""
    text = re.sub(r"-[0-9a-f]{12}\b", "-DIGEST", text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def run_page(page: str, folder: Path) -> int:
    """Runs the blocks of a page in their order; gives how many were run or compared."""
    names: dict[str, Any] = {"__name__": "__page__"}
    printed, count = "", 0
    for block in blocks(TOP, page):
        if block.language == "sh":
            printed, count = shell(block, folder), count + 1
        elif block.language == "python":
            printed, count = python(block, folder, names), count + 1
        elif "output" in block.marks:
            assert normal(printed) == normal(block.text), block.place
            count += 1
    return count


def pages() -> Iterator[Any]:
    for page in PAGES:
        if any(each.language in {"sh", "python"} for each in blocks(TOP, page)):
            marks = [] if page in QUICK else [pytest.mark.heavy]
            yield pytest.param(page, marks=marks, id=page)


@pytest.mark.parametrize("page", list(pages()))
def test_the_blocks_of_a_page_run_in_their_order(
    page: str, small_run: Path, tmp_path: Path
) -> None:
    given(tmp_path, small_run)
    assert run_page(page, tmp_path)


@pytest.mark.heavy
def test_the_readme_shows_what_the_default_run_prints(tmp_path: Path) -> None:
    (shown,) = (each for each in blocks(TOP, "README.md") if each.text.startswith("Mean error"))
    alone = "--set experiments.run=[] --set report.notebooks=[]"  # which change no number
    command = f"dauexp run default {alone}\n"
    run = Block("README.md", shown.line, "sh", command, frozenset())
    assert normal(shell(run, tmp_path)) == normal(shown.text)


def toml_kind(values: dict[str, Any]) -> str:
    """What a block of TOML is, by its keys."""
    marks = {
        "project": {"project"},
        "claims": {"claim"},
        "weights": {"weights", "scores"},
        "sweep": {"grid", "vary", "sample", "replicates"},
    }
    return next((kind for kind, keys in marks.items() if keys & values.keys()), "scenario")


@pytest.mark.parametrize("block", every("toml"), ids=lambda block: block.place)
def test_blocks_of_toml_are_read_as_what_they_are(block: Block, tmp_path: Path) -> None:
    values = tomllib.loads(block.text)
    path = tmp_path / "block.toml"
    path.write_text(block.text, encoding="utf-8")
    kind = toml_kind(values)
    if kind == "project":
        (groups,) = [each["entry-points"] for each in values.values()]
        assert groups.keys() <= {"dauexp.options", "dauexp.mistakes"}
    elif kind == "claims":
        assert [Claim.model_validate(each) for each in values["claim"]]
    elif kind == "weights":
        load_weights(path)
    elif kind == "sweep":
        if "name" not in values:
            path.write_text(f'name = "part"\n{block.text}', encoding="utf-8")
        load_sweep(str(path))
    else:
        load(path)


@pytest.mark.parametrize("block", every("sql", "flux", "influxql"), ids=lambda each: each.place)
def test_blocks_of_queries_are_read_by_the_measures(block: Block) -> None:
    assert measured(block.text, block.language)["tokens"] > 0


KNOWN = {"sh", "python", "toml", "sql", "flux", "influxql", "text", "html"}


def test_every_block_has_a_language_that_is_tested() -> None:
    unknown = [
        each.place for page in PAGES for each in blocks(TOP, page) if each.language not in KNOWN
    ]
    assert unknown == []


def test_what_is_not_run_or_is_run_smaller_is_there() -> None:
    lines = [line for block in every("sh") for line in block.commands]
    lines += [block.text for block in every("python")]
    for pattern in (*NOT_RUN, *SMALLER):
        assert any(re.search(pattern, line, re.MULTILINE) for line in lines), pattern


def test_most_of_what_is_shown_is_run() -> None:
    lines = [line for block in every("sh") for line in block.commands]
    left = [line for line in lines if of(NOT_RUN, line)]
    assert len(left) <= 20
    assert len(left) < len(lines) / 3
    assert len([each for each in every("python") if of(NOT_RUN, each.text)]) <= 1


def test_a_block_that_fails_or_prints_something_else_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "TOP", tmp_path)
    page = tmp_path / "page.md"
    page.write_text("```sh\nfalse | true\n```\n", encoding="utf-8")
    with pytest.raises(AssertionError, match=r"page\.md:1"):
        run_page("page.md", tmp_path)
    page.write_text("```python\nassert False\n```\n", encoding="utf-8")
    with pytest.raises(AssertionError):
        run_page("page.md", tmp_path)
    page.write_text(
        "```sh\necho one\n```\n\n<!-- output -->\n```text\ntwo\n```\n", encoding="utf-8"
    )
    with pytest.raises(AssertionError, match="two"):
        run_page("page.md", tmp_path)
