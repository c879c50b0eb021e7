"""The reference is made from the code, and has all of it: what users see and no text explains fails
here."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer

from dauexp import dictionary, errors, experiments, load
from dauexp.cli import app
from dauexp.dictionary import Column, Described
from dauexp.explain import explained
from dauexp.growth import lastseen
from dauexp.measures import growth, replicates, robustness, sensitivity
from dauexp.options import contenders, laws_of
from dauexp.parameters import Parameters, parameter
from dauexp.results import tables
from dauexp.scenario import Scenario, keys
from dauexp.sweep import load_sweep, run_sweep
from dauexp.sweep import tables as sweep
from docsite import commands, lists, parameters, python, stored
from docsite.markdown import Undocumented
from docsite.reference import MAKERS, filled

Commands = Iterator[tuple[str, Callable[..., Any]]]


def callbacks(program: typer.Typer, above: str = "dauexp") -> Commands:
    """Each command's path and function, as the code registers them."""
    for command in program.registered_commands:
        assert command.callback
        yield f"{above} {command.name or command.callback.__name__}", command.callback
    for group in program.registered_groups:
        assert group.typer_instance
        path = f"{above} {group.name}" if isinstance(group.name, str) else above
        yield from callbacks(group.typer_instance, path)


def test_every_command_has_its_place_with_a_row_for_each_parameter() -> None:
    page = commands.made()
    sections = dict(re.findall(r"^### `(.+?)`\n(.*?)(?=^##|\Z)", page, re.DOTALL | re.MULTILINE))
    expected = dict(callbacks(app))
    assert len(expected) > 20
    assert sections.keys() == expected.keys()
    for path, function in expected.items():
        rows = re.findall(r"^\| (?!argument|---)", sections[path], re.MULTILINE)
        assert len(rows) == len(inspect.signature(function).parameters), path


@pytest.mark.parametrize(
    ("text", "explanation", "complaint"),
    [
        (None, "Explained.", "dauexp one has no text"),
        ("Explained.", None, "dauexp one: `--it IT` has no text"),
    ],
)
def test_a_command_or_an_option_without_text_is_refused(
    text: str | None, explanation: str | None, complaint: str
) -> None:
    program = typer.Typer()

    @program.command(help=text)
    def one(it: str = typer.Option("", "--it", help=explanation)) -> None:
        pass

    @program.command()
    def other() -> None:
        """Explained."""

    with pytest.raises(Undocumented, match=re.escape(complaint)):
        commands.made(program)


def test_every_key_of_a_scenario_has_a_row() -> None:
    shown = re.findall(r"^\| `([\w.]+)` \|", parameters.scenario(), re.MULTILINE)
    assert len(shown) > 60
    assert sorted(shown) == sorted(keys())
    assert sorted(shown) == sorted(row["key"] for row in explained(Scenario()))


@pytest.mark.parametrize(("text", "source"), [("", "a guess"), ("a number", "")])
def test_a_key_without_text_or_source_is_refused(text: str, source: str) -> None:
    class Group(Parameters):
        """Some."""

        known: int = parameter(1, "a number", source="any")
        number: int = parameter(1, text, source=source)

    with pytest.raises(Undocumented, match="number"):
        parameters.scenario(Group())


def made_by_measures() -> Iterator[tuple[str, pa.Schema]]:
    """The tables that are not of a plain run, by name, as the code declares them."""
    for each in experiments.experiments().values():
        yield from each.tables.items()
    modules: list[ModuleType] = [growth, load, robustness, sensitivity, sweep]
    for module in modules:
        for name, value in vars(module).items():
            if isinstance(value, pa.Schema) and name.isupper() and not name.startswith("_"):
                yield name.lower(), value
    yield lastseen.FILE, lastseen.DAYS_SEEN_COST
    yield "replicates", replicates.REPLICATES
    yield "replicates_by_day", replicates.BY_DAY
    yield "against_base", replicates.AGAINST_BASE
    yield "between_contenders", replicates.BETWEEN_CONTENDERS


MEASURED = dict(made_by_measures())
KINDS: dict[str, Callable[[pa.DataType], bool]] = {
    "text": pa.types.is_string,
    "yes or no": pa.types.is_boolean,
    "UTC day": pa.types.is_date,
}


def check(name: str, schema: pa.Schema) -> None:
    """The dictionary has the columns of a table in their order, each with a unit of its type."""
    described = dictionary.describe(name)
    assert [each.name for each in described.columns] == schema.names, name
    for column, field in zip(described.columns, schema, strict=True):
        kind = next((each for each, fits in KINDS.items() if fits(field.type)), None)
        assert (column.unit if column.unit in KINDS else None) == kind, f"{name}.{column.name}"


@pytest.mark.parametrize("name", sorted(MEASURED))
def test_each_column_of_a_measure_is_in_the_dictionary(name: str) -> None:
    check(name, MEASURED[name])


def test_each_column_of_a_run_is_in_the_dictionary(small_run: Path) -> None:
    names = tables(small_run)
    assert len(names) > 10
    for name in names:
        (path,) = (
            small_run.glob(f"**/{name}.parquet")
            if name == "ledger"
            else [
                found
                for found in (small_run / "results", small_run / "timings")
                if (found / f"{name}.parquet").exists()
            ]
        )
        check(name, pq.read_schema(path if path.is_file() else path / f"{name}.parquet"))


@pytest.mark.heavy
def test_each_column_of_a_sweep_is_in_the_dictionary(tmp_path: Path) -> None:
    plan = tmp_path / "tiny.toml"
    changes = 'traffic.users = 12\ntraffic.days = 1\nstrategies = ["custom"]'
    vary = 'name = "loss"\nkey = "faults.loss.rate"\nvalues = [0.5]'
    text = f'name = "tiny"\nreplicates = 2\n[changes]\n{changes}\n[[vary]]\n{vary}\n'
    plan.write_text(text, encoding="utf-8")
    folder = run_sweep(*load_sweep(str(plan)), tmp_path, processes=1)
    here = {path.stem: path for path in folder.glob("*/*.parquet")}
    assert {"errors", "runs", "robustness", "cost", "ledger"} <= here.keys()
    for name in here.keys() - {"cost", "ledger"}:
        check(name, pq.read_schema(here[name]))
    for name in ("cost", "ledger"):  # those of a run, with their place in the sweep
        place, columns = pq.read_schema(here[name]).names[:2], pq.read_schema(here[name]).names[2:]
        assert place == ["setting", "replicate"]
        assert set(columns) <= {each.name for each in dictionary.describe(name).columns}


def test_the_dictionary_has_no_table_that_nothing_makes(small_run: Path) -> None:
    of_sweeps = {"errors": "accuracy of all points", "runs": "times of all points"}
    made = {*tables(small_run), *MEASURED, *of_sweeps}
    assert set(dictionary.described()) == made


def test_every_account_of_the_ledger_is_explained() -> None:
    of_package = [each for each in contenders() if each.option.letter in "ABC"]
    laws = laws_of(of_package).values()
    used = {name for each in laws for law in each for name in (*law.left, *law.right)}
    assert set(dictionary.accounts()) == used


@pytest.mark.parametrize(
    "table",
    [
        Described("one", "day", "", (Column("day", "UTC day", "the day"),)),
        Described("one", "", "About.", (Column("day", "UTC day", "the day"),)),
        Described("one", "day", "About.", (Column("day", "", "the day"),)),
        Described("one", "day", "About.", (Column("day", "UTC day", ""),)),
    ],
)
def test_a_table_or_column_without_text_is_refused(table: Described) -> None:
    with pytest.raises(Undocumented, match="one"):
        stored.tables({"one": table})


def codes(kind: type[errors.DauexpError]) -> Iterator[int]:
    """The exit codes of an error and of those that are made of it."""
    yield kind.exit_code
    for each in kind.__subclasses__():
        yield from codes(each)


EXIT = re.compile(r"\b(?:sys\.exit|os\._exit|typer\.Exit|Exit)\((\d+)\)")


def test_every_exit_code_is_explained(checkout: Path) -> None:
    sources = (checkout / "dauexp").rglob("*.py")
    given = {int(code) for path in sources for code in EXIT.findall(path.read_text("utf-8"))}
    used = {0, *codes(errors.DauexpError), *given}
    assert {0, 1, 2, 3} <= used
    assert used <= errors.EXIT_CODES.keys()
    assert all(f"| `{code}` |" in lists.exit_codes() for code in used)


def test_an_interrupted_command_ends_as_is_said() -> None:
    code = (
        "from dauexp.cli import app\n"
        "@app.command()\n"
        "def stop():\n    raise KeyboardInterrupt\n"
        "app(['stop'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 130
    assert done.returncode in errors.EXIT_CODES


def test_an_exit_code_without_text_is_refused() -> None:
    with pytest.raises(Undocumented, match="exit code 4"):
        lists.exit_codes({4: ""})


def test_every_variable_of_the_environment_is_explained(checkout: Path) -> None:
    sources = "\n".join(p.read_text("utf-8") for p in (checkout / "dauexp").rglob("*.py"))
    named = set(re.findall(r"\bDAUEXP_[A-Z0-9]+(?:_[A-Z0-9]+)*\b(?!_)", sources))
    page = (checkout / "docs/reference/exit-codes.md").read_text("utf-8")
    assert "DAUEXP_SECRET" in named
    shown = set(re.findall(r"`(DAUEXP_\w+)`", page))
    prefixes = {name for name in named if any(each.startswith(f"{name}_") for each in shown)}
    assert sorted(named - shown - prefixes) == []


def test_every_part_of_the_reference_is_on_a_page(checkout: Path) -> None:
    pages = "\n".join(p.read_text("utf-8") for p in (checkout / "docs/reference").glob("*.md"))
    used = set(re.findall(r"<!-- made from the code: (\S+)", pages))
    assert used == MAKERS.keys()


def test_a_marker_that_nothing_makes_is_an_error() -> None:
    with pytest.raises(KeyError, match="nothing"):
        filled("<!-- made from the code: nothing -->")


def test_a_public_name_without_text_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "untold.py").write_text('"""A module."""\n\ndef silent(): pass\n\nONE = 1\n')
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("silent", "ONE"):
        with pytest.raises(Undocumented, match=name):
            python.made("untold", name)
