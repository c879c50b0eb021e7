"""Exports hold what the run's tables hold, in each format."""

from __future__ import annotations

import zipfile
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dauexp import export as exports
from dauexp.errors import BadInput
from dauexp.export import export
from dauexp.results import result, tables


def test_parquet_holds_the_same_tables(small_run: Path, tmp_path: Path) -> None:
    place = export(small_run, "parquet", tmp_path / "out")
    assert sorted(path.stem for path in place.iterdir()) == tables(small_run)
    for name in tables(small_run):
        assert pq.read_table(place / f"{name}.parquet").equals(result(small_run, name))


def test_csv_holds_the_same_numbers(small_run: Path, tmp_path: Path) -> None:
    place = export(small_run, "csv", tmp_path / "out")
    given = pd.read_csv(place / "accuracy.csv")
    known = result(small_run, "accuracy").to_pandas()
    assert list(given) == list(known)
    pd.testing.assert_series_equal(given["answer"], known["answer"])
    assert list(given["day"]) == list(known["day"].astype(str))


def test_a_database_holds_the_same_tables(small_run: Path, tmp_path: Path) -> None:
    place = export(small_run, "duckdb", tmp_path / "out.duckdb")
    with duckdb.connect(str(place), read_only=True) as connection:
        names = [row[0] for row in connection.sql("SHOW TABLES").fetchall()]
        assert names == tables(small_run)
        ledger = connection.table("ledger").to_arrow_table()
        assert ledger.to_pylist() == result(small_run, "ledger").to_pylist()


def test_a_workbook_has_a_sheet_a_table_with_all_its_rows(small_run: Path, tmp_path: Path) -> None:
    place = export(small_run, "xlsx", tmp_path / "out.xlsx")
    with zipfile.ZipFile(place) as book:
        contents = book.read("xl/workbook.xml").decode()
        for number, name in enumerate(tables(small_run), start=1):
            assert f'name="{name}"' in contents
            sheet = book.read(f"xl/worksheets/sheet{number}.xml").decode()
            assert sheet.count("<row ") == result(small_run, name).num_rows + 1


def test_what_is_there_is_replaced(small_run: Path, tmp_path: Path) -> None:
    place = tmp_path / "out.duckdb"
    place.write_text("not a database")
    export(small_run, "duckdb", place)
    assert duckdb.connect(str(place), read_only=True).sql("SHOW TABLES").fetchall()


def test_an_unknown_format_is_refused(small_run: Path) -> None:
    with pytest.raises(BadInput, match="give one of csv, parquet, xlsx, duckdb"):
        export(small_run, "pdf")


def test_a_place_that_cannot_be_written_is_told(small_run: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match=r"file/out\.xlsx: cannot be written"):
        export(small_run, "xlsx", tmp_path / "file" / "out.xlsx")


def test_a_table_longer_than_a_sheet_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "SHEET_ROWS", 2)
    with pytest.raises(BadInput, match="the table long has 3 rows and a sheet holds 2"):
        exports.xlsx({"long": pa.table({"value": [1, 2, 3]})}, tmp_path / "out.xlsx")
