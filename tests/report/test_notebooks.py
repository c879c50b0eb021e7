"""Notebooks: stripped, with parameters that can be inspected, and each runs alone."""

from __future__ import annotations

import ast
import json
import re
import resource
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from dauexp.errors import BadInput, DauexpError
from dauexp.report import make, notebook_run, notebooks
from dauexp.resources import notebook_file, notebook_names
from dauexp.run import silent

NAMES = (
    "01_traffic",
    "03_accuracy",
    "04_query_complexity",
    "06_cost_and_scale",
    "09_decision",
)
CHARTS = {"07_evolution": 2, "08_opt_out": 2}
"""Charts of the notebooks that show most of what they have as tables; the others have three."""

ALL = (*NAMES, "02_emission", "05_robustness", "07_evolution", "08_opt_out")
"""Those that take longer are executed by the heavy tests alone."""


def cells(path: Path) -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return read


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def test_all_notebooks_are_found() -> None:
    assert set(ALL) | {"explore"} == set(notebook_names())


@pytest.mark.parametrize("name", ALL)
def test_a_notebook_opens_with_a_question_and_ends_with_what_was_found(name: str) -> None:
    made = cells(notebook_file(name))
    assert source(made[0]).splitlines()[0].endswith("?")
    assert source(made[-2]) == "## Found"
    assert "Found(" in source(made[-1])


@pytest.mark.parametrize("name", ALL)
def test_a_notebook_is_stripped_and_thin(name: str) -> None:
    for cell in cells(notebook_file(name)):
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
            assert len(source(cell).splitlines()) <= 20
            assert "def " not in source(cell)


@pytest.mark.parametrize("name", [*ALL, "explore"])
def test_what_a_notebook_imports_is_there(name: str) -> None:
    code = [source(cell) for cell in cells(notebook_file(name)) if cell["cell_type"] == "code"]
    imports = [
        node
        for text in code
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and node.module
    ]
    assert imports
    for node in imports:
        module = import_module(str(node.module))
        for each in node.names:
            if not hasattr(module, each.name):
                import_module(f"{node.module}.{each.name}")


@pytest.mark.parametrize("name", ALL)
def test_parameters_have_types_defaults_and_help(name: str) -> None:
    parameters = notebooks.parameters_of(name)
    assert parameters["run"]["default"] == '""'
    for parameter in parameters.values():
        assert parameter["inferred_type_name"] in {"str", "int", "float", "bool"}
        assert len(parameter["help"]) > 10


@pytest.mark.parametrize("name", ALL)
def test_the_parameters_cell_is_not_taken_for_a_magic(name: str) -> None:
    """IPython reads a cell of the one line `run: str = ""` as its magic `%run`."""
    (cell,) = [
        c for c in cells(notebook_file(name)) if "parameters" in c["metadata"].get("tags", [])
    ]
    assert len(source(cell).splitlines()) > 1


def test_an_unknown_notebook_is_told_before_anything_is_made(run_folder: Path) -> None:
    with pytest.raises(BadInput, match=r"no notebook '99_none': give one of 01_traffic"):
        notebook_file("99_none")


def test_an_unknown_parameter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"01_traffic: unknown parameter days_; it has run, days"):
        notebooks.execute("01_traffic", tmp_path / "01_traffic.ipynb", {"days_": 3})
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"not a finished run"):
        notebook_run(str(tmp_path), "quick")


@pytest.fixture(scope="module")
def executed(make_run: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The notebooks of a run, as `make` executes them, where the home cannot be written."""
    folder = make_run(tmp_path_factory.mktemp("notebooks") / "quick", notebooks=NAMES)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("HOME", str(tmp_path_factory.mktemp("home") / "none"))
        make(folder, 2, silent)
    return folder / "notebooks"


@pytest.mark.heavy
@pytest.mark.parametrize("name", NAMES)
def test_an_executed_notebook_shows_charts_and_what_was_found(executed: Path, name: str) -> None:
    shows_what_it_should(executed / f"{name}.ipynb")


def shows_what_it_should(notebook: Path) -> None:
    """Charts in every notebook, sentences at its end, and nothing printed."""
    made = [cell for cell in cells(notebook) if cell["cell_type"] == "code"]
    assert all(cell["execution_count"] for cell in made)
    shown = [output.get("data", {}) for cell in made for output in cell["outputs"]]
    assert sum("image/svg+xml" in data for data in shown) >= CHARTS.get(notebook.stem, 3)
    assert "text/markdown" in made[-1]["outputs"][0]["data"]
    assert not [
        o for cell in made for o in cell["outputs"] if o["output_type"] in {"stream", "error"}
    ]


@pytest.mark.heavy
@pytest.mark.parametrize("name", NAMES)
def test_an_executed_notebook_names_no_place_of_this_machine(executed: Path, name: str) -> None:
    text = (executed / f"{name}.ipynb").read_text(encoding="utf-8")
    assert str(executed.parent) not in text
    assert str(Path(__file__).parents[2]) not in text


@pytest.mark.heavy
def test_nothing_but_the_notebooks_is_left(executed: Path) -> None:
    expected = sorted(f"{name}{suffix}" for name in NAMES for suffix in (".html", ".ipynb"))
    assert sorted(path.name for path in executed.iterdir()) == expected


@pytest.mark.heavy
@pytest.mark.parametrize("name", NAMES)
def test_an_executed_notebook_has_a_page_that_runs_and_loads_nothing(
    executed: Path, name: str
) -> None:
    text = (executed / f"{name}.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in text
    assert "<script" not in text
    assert {each[:5] for each in re.findall(r'src="([^"]*)"', text)} == {"data:"}
    assert text.count("data:image/svg+xml") >= 3
    assert all(len(words) > 20 for words in re.findall(r'<img alt="([^"]*)"', text))


def test_a_cell_that_fails_keeps_the_notebook_and_says_where(
    make_run: Callable[..., Path], tmp_path: Path
) -> None:
    folder = make_run(tmp_path / "quick")
    (folder / "results" / "accuracy.parquet").unlink()
    output = folder / "notebooks" / "03_accuracy.ipynb"
    with pytest.raises(DauexpError, match=r"notebook 03_accuracy: In \[6\] failed with KeyError"):
        notebooks.execute("03_accuracy", output, {"run": ".."})
    assert not output.exists()
    kept = cells(output.with_suffix(".failed.ipynb"))
    assert any(o["output_type"] == "error" for cell in kept for o in cell.get("outputs", []))
    assert sorted(path.name for path in output.parent.iterdir()) == ["03_accuracy.failed.ipynb"]


def children() -> float:
    """CPU seconds of all processes that this one started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.heavy
@pytest.mark.parametrize("name", [*ALL, "explore"])
def test_a_notebook_runs_alone_on_its_defaults_in_less_than_a_minute(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nothing kept of earlier runs. A machine with other work to do shows in the clock alone,
    one that waits in CPU time alone; a notebook that takes too long shows in both."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    clock, used = perf_counter(), children()
    notebooks.execute(name, tmp_path / f"{name}.ipynb", {})
    clock, used = perf_counter() - clock, children() - used
    assert min(clock, used) < 60, f"{clock:.0f} s, {used:.0f} s of CPU"
    assert (tmp_path / f"{name}.html").stat().st_size > 10_000
    if name != "explore":
        shows_what_it_should(tmp_path / f"{name}.ipynb")
        assert list((tmp_path / "cache" / "dauexp" / "runs").glob("*/quick-*/manifest.json"))
