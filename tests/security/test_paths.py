"""Names from scenarios, traces and plug-ins never lead out of the folder of the run."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dauexp import options as options_of
from dauexp import report
from dauexp.database import SqlDatabase
from dauexp.errors import BadInput
from dauexp.options import contenders
from dauexp.resources import notebook_file
from dauexp.results import result
from dauexp.run import folder_of, run, silent
from dauexp.scenario import Scenario, load
from dauexp.schedule.folders import dated, prune
from dauexp.sweep.plan import load_sweep

ESCAPES = ("..", ".", "../../outside", "/outside", "a/b", "a\\b", "a\0b", "a\n", "~", "", "-a")


@pytest.mark.parametrize("name", ESCAPES)
def test_a_scenario_whose_name_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="name"):
        load("quick", [f"name={json.dumps(name)}"])


@pytest.mark.parametrize("name", ESCAPES)
def test_a_sweep_whose_name_is_no_name_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(f"name = {json.dumps(name)}\n", encoding="utf-8")
    with pytest.raises(BadInput, match="name"):
        load_sweep(str(path))


@pytest.mark.parametrize("name", ESCAPES)
@pytest.mark.parametrize("key", ["strategies", "experiments.run"])
def test_what_a_scenario_names_is_one_of_those_there_are(
    key: str, name: str, tmp_path: Path
) -> None:
    with pytest.raises(BadInput):
        run(load("quick", [f"{key}={json.dumps([name])}"]), tmp_path / "runs", processes=1)
    made = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in made if not path.name.startswith(".")] == []


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_text('{0}/secret.txt')",
        "SELECT * FROM read_parquet('{0}/inside/../other/x.parquet')",
        "SELECT * FROM glob('{0}/*')",
        "COPY (SELECT 1) TO '{0}/outside.csv'",
        "ATTACH '{0}/outside.duckdb'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
    ],
)
def test_a_query_reaches_no_file_but_its_tables(statement: str, tmp_path: Path) -> None:
    for name in ("inside", "other"):
        (tmp_path / name).mkdir()
        pq.write_table(pa.table({"a": [1]}), tmp_path / name / "x.parquet")
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    with SqlDatabase({"s.t": tmp_path / "inside"}) as database:
        with pytest.raises(duckdb.Error):
            database.connection.execute(statement.format(tmp_path)).fetchall()
        assert database.ask("SELECT a FROM s.t", "sql", {})["a"].to_pylist() == [1]
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ESCAPES)
def test_a_table_is_one_of_the_run(name: str, small_run: Path) -> None:
    with pytest.raises(BadInput, match="no table"):
        result(small_run, name)


def test_a_hostile_trace_leaves_nothing_outside_the_folder_of_its_run(
    hostile: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    runs = tmp_path / "it's [my] runs"
    folder = run(hostile, runs, processes=1)
    assert folder == folder_of(hostile, runs)
    outside = [
        path
        for path in tmp_path.rglob("*")
        if path.is_file() and folder not in path.parents and path.name != "trace.ndjson"
    ]
    assert outside == []
    assert not [path for path in folder.rglob("*") if "outside" in path.name or path.is_symlink()]
    hosts = set(result(folder, "ledger")["host"].to_pylist())
    assert "../../../../outside" in hosts


def test_a_link_among_the_dated_folders_of_a_schedule_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "kept").touch()
    top = tmp_path / "runs"
    for day in (2, 3):
        (top / f"2026010{day}T000000Z").mkdir(parents=True)
    (top / "20260101T000000Z").symlink_to(tmp_path / "outside", target_is_directory=True)
    assert [path.name for path in dated(top)] == ["20260102T000000Z", "20260103T000000Z"]
    prune(top, 1)
    assert (tmp_path / "outside" / "kept").exists()
    assert (top / "20260101T000000Z").is_symlink()


PLUG_IN = """
from dauexp.options import Option
from dauexp.options.custom import OPTION as known

OPTION = Option({name!r}, "X", "Mine", known.strategies)
"""


@pytest.fixture
def plug_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The module of an installed plug-in, still to be written."""
    package = tmp_path / "my_option-1.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Name: my-option\nVersion: 1\n", encoding="utf-8")
    entry = "[dauexp.options]\nmine = my_option:OPTION\n"
    (package / "entry_points.txt").write_text(entry, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    options_of.options.cache_clear()
    yield tmp_path / "my_option.py"
    options_of.options.cache_clear()
    sys.modules.pop("my_option", None)


def test_a_plug_in_with_a_name_is_found(plug_in: Path) -> None:
    plug_in.write_text(PLUG_IN.format(name="my-option"), encoding="utf-8")
    assert "my-option" in {each.option.id for each in contenders()}


@pytest.mark.parametrize("name", ESCAPES)
def test_a_plug_in_whose_name_is_no_name_is_refused(plug_in: Path, name: str) -> None:
    plug_in.write_text(PLUG_IN.format(name=name), encoding="utf-8")
    with pytest.raises(BadInput, match="is no name of an option"):
        contenders()


def test_a_plug_in_cannot_take_the_place_of_another_option(plug_in: Path) -> None:
    plug_in.write_text(PLUG_IN.format(name="glean"), encoding="utf-8")
    with pytest.raises(BadInput, match="two options are called 'glean'"):
        contenders()


@pytest.mark.parametrize("name", [*ESCAPES, "../notebooks/01_traffic", "01_traffic.ipynb"])
def test_a_notebook_is_one_of_the_package(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "01_traffic.ipynb").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match="there is no notebook"):
        notebook_file(name)
    assert tmp_path not in notebook_file("01_traffic").parents


def test_a_run_that_names_another_notebook_has_no_report(small_run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "received"
    folder.mkdir()
    for path in ("manifest.json", "ledger.parquet", "results", "timings"):
        (folder / path).symlink_to(small_run / path)
    text = (small_run / "scenario.toml").read_text(encoding="utf-8")
    assert "notebooks = []" in text
    (folder / "scenario.toml").write_text(
        text.replace("notebooks = []", 'notebooks = ["../notebooks/evil"]'), encoding="utf-8"
    )
    with pytest.raises(BadInput, match="there is no notebook"):
        report.make(folder, 1, silent)
