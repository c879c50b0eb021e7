"""The lock, the dependency table, the Makefile and the metadata agree; nothing tracked is local."""

from __future__ import annotations

import ast
import json
import os
import re
import resource
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import distribution, packages_distributions
from pathlib import Path
from typing import Any

import pytest

import dauexp

HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==[^\s;]+")

# Where packages or this checkout came from belongs to one machine, not to the project. What is
# looked for is put together here, so that this file does not name it.
REGISTRY = re.compile(
    r"[a-z0-9-]*(?:pypi|pythonhosted|npmjs|artifactory|devpi|nexus)[a-z0-9-]*\.[a-z]{2,}"
    r"|--(?:extra-)?index-url[ =]|--find-links[ =]|--trusted-host[ =]"
)
ABSOLUTE = re.compile(r"(?<![\w.~:/$}<-])/(?:home|root|Users|work)/[\w.-]+")

# Declared to be run or to be used by something else, so imported nowhere in dauexp/ or notebooks/.
NOT_IMPORTED = {
    "ipykernel": "Jupyter starts it to run a notebook",
    "jupyterlab": "started by `make lab`",
    "xlsxwriter": "pandas writes workbooks with it",
}

# Halves of a declared package that its authors ship apart, at the one version that fits.
PART_OF = {"pydantic-core": "pydantic"}


def extras_of(project: dict[str, Any]) -> list[list[str]]:
    """What each extra of the package asks for."""
    return list(project["project"]["optional-dependencies"].values())


def normal(name: str) -> str:
    """A distribution's name as the packaging standard compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement_name(requirement: str) -> str:
    """The normal name in a requirement such as `pandas>=2.2`."""
    return normal(re.split(r"[\s<>=!~;\[]", requirement, maxsplit=1)[0])


@pytest.fixture(scope="module")
def project(checkout: Path) -> dict[str, Any]:
    return tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def declared(project: dict[str, Any]) -> set[str]:
    """Every package that pyproject.toml asks for, to run and to develop."""
    extras = [each for extra in extras_of(project) for each in extra]
    requirements = project["project"]["dependencies"] + extras + project["dependency-groups"]["dev"]
    return {requirement_name(each) for each in requirements}


def lock_entries(lock: str) -> dict[str, str]:
    """Each entry of the lock, by its first line, with comments left out."""
    lines = [line for line in lock.splitlines() if line.strip() and line.strip()[0] != "#"]
    entries: dict[str, str] = {}
    head = ""
    for line in lines:
        head = head if line[0].isspace() else line
        entries[head] = entries.get(head, "") + line
    return entries


def test_every_package_of_the_lock_has_one_version_and_its_hashes(checkout: Path) -> None:
    entries = lock_entries((checkout / "requirements.lock").read_text(encoding="utf-8"))
    assert len(entries) > 100
    assert not [head for head in entries if not PINNED.match(head)]
    assert not [head for head, text in entries.items() if not HASH.search(text)]


def test_the_lock_names_no_address(checkout: Path) -> None:
    lock = (checkout / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock
    assert not REGISTRY.search(lock)


def test_the_lock_holds_every_declared_package(checkout: Path, declared: set[str]) -> None:
    entries = lock_entries((checkout / "requirements.lock").read_text(encoding="utf-8"))
    locked = {normal(match[1]) for head in entries if (match := PINNED.match(head))}
    assert declared - locked == set()


def imported_names(source: str) -> set[str]:
    """The top-level names of the modules that a Python source imports, wherever it does so."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names


def sources(checkout: Path) -> Iterator[str]:
    """The code of the package and of its notebooks."""
    for path in (checkout / "dauexp").rglob("*.py"):
        yield path.read_text(encoding="utf-8")
    for path in (checkout / "notebooks").glob("*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                yield "".join(line for line in cell["source"] if line[0] not in "%!")


def test_what_is_imported_is_declared_and_the_other_way_round(
    checkout: Path, project: dict[str, Any]
) -> None:
    runtime = {requirement_name(each) for each in project["project"]["dependencies"]}
    runtime |= {requirement_name(each) for extra in extras_of(project) for each in extra}
    names = set().union(*(imported_names(source) for source in sources(checkout)))
    providers = packages_distributions()
    imported = {
        PART_OF.get(normal(package), normal(package))
        for name in names - set(sys.stdlib_module_names) - {"dauexp"}
        for package in providers.get(name, [f"nothing installed provides {name}"])
    }
    undeclared = sorted(imported - runtime)
    unused = sorted(runtime - imported - set(NOT_IMPORTED))
    listed = sorted(imported & set(NOT_IMPORTED))
    assert not undeclared, f"imported, but not in pyproject.toml: {undeclared}"
    assert not unused, f"in pyproject.toml, but not imported: {unused}"
    assert not listed, f"imported, so to be taken out of NOT_IMPORTED: {listed}"


def test_every_dependency_has_its_reason(checkout: Path, declared: set[str]) -> None:
    guide = (checkout / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w.-]+)` +\| (\S.*?) +\|$", guide, flags=re.MULTILINE)
    reasons = {normal(name): reason for name, reason in rows if normal(name) in declared}
    assert declared - set(reasons) == set(), "in pyproject.toml, with no row in CONTRIBUTING.md"
    table = guide.split("## Dependencies", 1)[1].split("\n## ", 1)[0]
    named = {normal(name) for name in re.findall(r"^\| `([\w.-]+)`", table, flags=re.MULTILINE)}
    assert named - declared == set(), "in CONTRIBUTING.md, but no longer in pyproject.toml"


def test_the_map_shows_every_module(checkout: Path, tracked: list[Path]) -> None:
    guide = (checkout / "CONTRIBUTING.md").read_text(encoding="utf-8")
    drawn = guide.split("## The map of the house", 1)[1].split("\n## ", 1)[0]
    places = set()
    for path in tracked:
        top, *rest = path.relative_to(checkout).parts
        if top == "dauexp" and path.suffix == ".py":
            places.add(rest[0] if len(rest) == 1 else f"dauexp/{rest[0]}/")
    assert "errors.py" in places
    missing = sorted(place for place in places if place not in drawn)
    assert not missing, f"not in the map of CONTRIBUTING.md: {missing}"


def test_make_lists_every_target(checkout: Path) -> None:
    makefile = (checkout / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][\w-]*):(?!=)", makefile, flags=re.MULTILINE))
    phony = set(re.findall(r"^\.PHONY: (\S+)$", makefile, flags=re.MULTILINE))
    printed = subprocess.run(
        ["make", "--no-print-directory"], cwd=checkout, capture_output=True, text=True, check=True
    ).stdout
    listed = set(re.findall(r"^ +make ([a-z][\w-]*) +\S", printed, flags=re.MULTILINE))
    assert targets == phony == listed
    assert {"install", "report", "test", "lint", "lab", "bench", "lock", "wheel"} <= listed


def test_make_says_what_is_missing_where_there_is_no_python(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text((checkout / "Makefile").read_text(encoding="utf-8"))
    (tmp_path / "requirements.lock").touch()
    (tmp_path / "pyproject.toml").touch()
    old = tmp_path / "python-that-only-fails"
    old.write_text("#!/bin/sh\nexit 127\n")
    old.chmod(0o755)
    done = subprocess.run(
        ["make", "install", f"PYTHON={old}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert f"none of {old} is a working Python 3.11 or later" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_the_version_is_the_same_everywhere(checkout: Path, project: dict[str, Any]) -> None:
    assert dauexp.__version__ == project["project"]["version"]
    assert distribution("dauexp").version == dauexp.__version__
    changes = (checkout / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(
        rf"^## \[(?:Unreleased|{re.escape(dauexp.__version__)})\]", changes, re.MULTILINE
    )


def test_the_command_is_installed() -> None:
    scripts = distribution("dauexp").entry_points.select(group="console_scripts")
    assert [(each.name, each.value) for each in scripts] == [("dauexp", "dauexp.cli:main")]


def test_import_brings_in_nothing_heavy() -> None:
    code = "import sys; before = set(sys.modules); import dauexp; print(*set(sys.modules) - before)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    tops = {name.partition(".")[0] for name in loaded}
    assert tops - set(sys.stdlib_module_names) == {"dauexp"}


def test_the_command_brings_in_nothing_heavy_before_a_command_runs(declared: set[str]) -> None:
    code = "import sys; import dauexp.cli; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    providers = packages_distributions()
    tops = {name.partition(".")[0] for name in loaded}
    packages = {normal(each) for top in tops for each in providers.get(top, ())} & declared
    assert packages <= {"typer", "rich", "markdown-it-py", "pygments"}


@pytest.mark.parametrize("module", ["dauexp.commands.stored", "dauexp.run"])
def test_what_takes_seconds_to_import_is_left_to_what_needs_it(module: str) -> None:
    """Charts, notebooks and the generator: neither a look at a run nor a run's processes do."""
    slow = {"altair", "glean_parser", "jsonschema", "papermill", "scipy.stats", "IPython"}
    code = f"import sys; import {module}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert slow & set(loaded) == set()


@pytest.mark.parametrize(
    ("command", "seconds"),
    [(("-c", "import dauexp"), 0.3), (("-m", "dauexp", "--help"), 0.5)],
    ids=["import", "--help"],
)
def test_a_start_takes_no_time(command: tuple[str, ...], seconds: float) -> None:
    """CPU time, of which a busy machine takes no more, and the least of some: the first start may
    compile."""
    assert min(cpu_seconds([sys.executable, *command]) for _ in range(5)) < seconds


def cpu_seconds(command: list[str]) -> float:
    """The CPU time of a command and of all that it starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_the_licence_is_the_whole_mpl(checkout: Path) -> None:
    text = (checkout / "LICENSE").read_text(encoding="utf-8")
    assert text.startswith("Mozilla Public License Version 2.0")
    sections = re.findall(r"^[* ]*(\d+)\. [A-Z]", text, flags=re.MULTILINE)
    assert sections == [str(number) for number in range(1, 11)]
    assert "Exhibit A - Source Code Form License Notice" in text
    assert text.rstrip().endswith("defined by the Mozilla Public License, v. 2.0.")


@pytest.fixture(scope="module")
def tracked(checkout: Path) -> list[Path]:
    """The files that git tracks or would track, whether committed yet or not."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [checkout / name for name in listed.split("\0") if name and (checkout / name).is_file()]


def test_no_tracked_file_names_a_registry_or_a_place_on_one_machine(
    checkout: Path, tracked: list[Path]
) -> None:
    assert len(tracked) > 20
    found = []
    for path in tracked:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture or a Parquet file: binary, so no text to search
        for number, line in enumerate(text.splitlines(), start=1):
            found += [
                f"{path.relative_to(checkout)}:{number}: {match[0]}"
                for pattern in (REGISTRY, ABSOLUTE)
                if (match := pattern.search(line))
            ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "https://" + "pypi" + ".org/simple",
        "registry." + "npmjs" + ".org",
        "--index-url" + " somewhere",
        'open("/' + 'root/data.csv")',
        "/" + "home/me/dauexp",
    ],
)
def test_the_patterns_find_what_they_are_for(line: str) -> None:
    assert REGISTRY.search(line) or ABSOLUTE.search(line)


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    subprocess.run([sys.executable, *build, str(folder), str(checkout)], check=True)
    (built,) = folder.glob("dauexp-*.whl")
    return built


def test_the_wheel_carries_everything(checkout: Path, tracked: list[Path], wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    moved = {"dauexp": "dauexp", "data": "dauexp/_data", "notebooks": "dauexp/_notebooks"}
    expected = {
        "/".join((moved[top], *rest))
        for top, *rest in (path.relative_to(checkout).parts for path in tracked)
        if top in moved
    }
    assert "dauexp/py.typed" in expected
    assert expected - inside == set()
    extra = {name for name in inside - expected if ".dist-info/" not in name}
    assert extra == set()


def test_the_installed_wheel_finds_its_files(wheel: Path, tmp_path: Path) -> None:
    install = ["-m", "pip", "install", "--quiet", "--no-deps", "--target", str(tmp_path)]
    subprocess.run([sys.executable, *install, str(wheel)], check=True)
    code = (
        "import dauexp; from dauexp.resources import resource; "
        "print(dauexp.__file__); print(resource('data')); print(resource('notebooks'))"
    )
    printed = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    package = tmp_path / "dauexp"
    assert printed == [
        str(package / "__init__.py"),
        str(package / "_data"),
        str(package / "_notebooks"),
    ]


def test_notebooks_carry_no_outputs(tracked: list[Path]) -> None:
    notebooks = [path for path in tracked if path.suffix == ".ipynb"]
    assert notebooks
    nbstripout = Path(sys.executable).with_name("nbstripout")
    done = subprocess.run(
        [nbstripout, "--verify", *notebooks], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
