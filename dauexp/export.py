"""The tables of a finished run in the formats of other tools."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from dauexp.errors import BadInput
from dauexp.results import result, tables
from dauexp.store import replacing
from dauexp.warehouse import warehouse

Tables = Mapping[str, pa.Table]

SHEET_ROWS: Final = 1_048_575
"""Rows of a sheet of a workbook, without its heading: a limit of the format."""

_TEXTS_STAY: Final = {"strings_to_formulas": False, "strings_to_urls": False}
"""Text is text: one that begins with `=` came out of a log, and is not to be calculated."""


def csv(tables: Tables, place: Path) -> None:
    """A folder with one file a table."""
    for name, table in tables.items():
        with replacing(place / f"{name}.csv") as beside:
            pyarrow.csv.write_csv(table, beside)


def parquet(tables: Tables, place: Path) -> None:
    """A folder with one file a table."""
    for name, table in tables.items():
        with replacing(place / f"{name}.parquet") as beside:
            pq.write_table(table, beside)


def xlsx(tables: Tables, place: Path) -> None:
    """A workbook with one sheet a table. Raises BadInput where one has more rows than a sheet."""
    for name, table in tables.items():
        if table.num_rows > SHEET_ROWS:
            raise BadInput(
                f"the table {name} has {table.num_rows:,} rows and a sheet holds {SHEET_ROWS:,}: "
                "export to csv, parquet or duckdb"
            )
    with (
        replacing(place) as beside,
        pd.ExcelWriter(beside, engine="xlsxwriter", engine_kwargs={"options": _TEXTS_STAY}) as book,
    ):
        for name, table in tables.items():
            table.to_pandas().to_excel(book, sheet_name=name[:31], index=False, freeze_panes=(1, 0))


def database(tables: Tables, place: Path) -> None:
    """A DuckDB database."""
    with replacing(place) as beside, duckdb.connect(str(beside)) as connection:
        for name, table in tables.items():
            connection.register("given", table)
            connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM given')
            connection.unregister("given")


FORMATS: Final[Mapping[str, Callable[[Tables, Path], None]]] = {
    "csv": csv,
    "parquet": parquet,
    "xlsx": xlsx,
    "duckdb": database,
}
"""How tables are written, by the name of the format; csv and parquet make a folder."""

WAREHOUSE: Final = "bigquery"
"""The format of what A and B stored, in place of the run's tables; it makes a folder."""


def export(folder: Path, form: str, output: Path | None = None) -> Path:
    """Writes all tables of a finished run and gives the place: `output`, or else within the
    run's folder `export-csv`, `export-parquet`, `export.xlsx` or `export.duckdb`. As `bigquery`, to
    `export-bigquery`, it writes the tables of events in their stead (`dauexp.warehouse`).

    What is there is replaced. Raises BadInput where the folder is no finished run, the format is
    unknown, or the place cannot be written.
    """
    if form not in {*FORMATS, WAREHOUSE}:
        raise BadInput(f"--to {form!r}: give one of {', '.join((*FORMATS, WAREHOUSE))}")
    every = {name: result(folder, name) for name in tables(folder)}
    beside = f"export.{form}" if form in {"xlsx", "duckdb"} else f"export-{form}"
    place = output or folder / beside
    try:
        if form == WAREHOUSE:
            warehouse(folder, place)
        else:
            FORMATS[form](every, place)
    except OSError as error:
        raise BadInput(f"{place}: cannot be written: {error.strerror or error}") from error
    return place
