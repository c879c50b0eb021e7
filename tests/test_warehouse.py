"""An export for a warehouse fits the statements that create its tables, and is asked as it is."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import sqlglot

from dauexp.database import to_duckdb
from dauexp.errors import BadInput
from dauexp.export import export
from dauexp.results import result, scenario_of
from dauexp.scenario import load


@pytest.fixture(scope="module")
def exported(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(small_run, "bigquery", tmp_path_factory.mktemp("warehouse"))


def loaded(place: Path) -> duckdb.DuckDBPyConnection:
    """A database that made the tables by the statements, and took the files in as they are."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for statement in sqlglot.parse((place / "tables.sql").read_text("utf-8"), read="bigquery"):
        assert statement is not None
        table = statement.this.this
        statement.set("properties", None)  # partitions are a warehouse's alone
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.db}")
        connection.execute(statement.sql(dialect="duckdb"))
        files = place / f"{table.db}.{table.name}" / "*.parquet"
        connection.execute(f"INSERT INTO {table.db}.{table.name} SELECT * FROM '{files}'")
        described = f"DESCRIBE SELECT * FROM '{files}'"
        assert connection.sql(described).fetchall() == [
            (name, kind, "YES", *rest)
            for name, kind, _, *rest in connection.sql(
                f"DESCRIBE {table.db}.{table.name}"
            ).fetchall()
        ]
    return connection


@pytest.mark.parametrize("option", ["glean", "custom"])
def test_the_queries_as_they_are_give_the_answers_of_the_run(
    exported: Path, small_run: Path, option: str
) -> None:
    days = pc.unique(result(small_run, "truth")["day"])
    bounds = {"first_day": pc.min(days).as_py(), "last_day": pc.max(days).as_py()}
    answers = result(small_run, "answers")
    with loaded(exported / option) as warehouse:
        paths = sorted((exported / option / "queries").glob("*.sql"))
        asked = {path.name.partition(".")[0] for path in paths}
        mine = answers.filter(pc.field("option") == option)
        assert asked >= set(mine["question"].to_pylist()) > {"dau", "wau", "mau_by_platform"}
        for path in paths:
            question, _, variant = path.name.removesuffix(".sql").partition(".")
            statement, names = to_duckdb(path.read_text(encoding="utf-8"))
            bound = {name: value for name, value in bounds.items() if name in names}
            if names - bound.keys():
                continue
            given = warehouse.sql(statement, params=bound).to_arrow_table()
            known = mine.filter(
                (pc.field("question") == question) & (pc.field("variant") == variant)
            )
            assert rows(given) == rows(known), path.name


def rows(table: pa.Table) -> list[tuple[object, ...]]:
    segments = table["segment"].to_pylist() if "segment" in table.column_names else ["all"] * 10**6
    found = zip(table["day"].to_pylist(), segments, table["value"].to_pylist(), strict=False)
    return sorted(
        (str(day), str(segment), None if value is None else float(value))
        for day, segment, value in found
    )


def test_no_row_is_lost(exported: Path, small_run: Path) -> None:
    with loaded(exported / "glean") as warehouse:
        for kind in ("live", "stable", "errors"):
            count = warehouse.sql(f"SELECT count(*) FROM syncstorage_{kind}.events").fetchall()
            known = result(small_run, "ledger").filter(
                (pc.field("option") == "glean") & (pc.field("account") == kind)
            )
            assert count == [(pc.sum(known["count"]).as_py() or 0,)]


def test_a_run_without_such_tables_is_told(small_run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    copy.mkdir()
    for name in ("manifest.json", "results", "timings", "ledger.parquet"):
        (copy / name).symlink_to(small_run / name)
    only = scenario_of(small_run).model_copy(update={"strategies": ("statsd:set",)})
    (copy / "scenario.toml").write_text(only.to_toml(), encoding="utf-8")
    assert load(copy / "scenario.toml").strategies == ("statsd:set",)
    with pytest.raises(BadInput, match="no strategy of this run keeps tables of BigQuery's shape"):
        export(copy, "bigquery", tmp_path / "out")
