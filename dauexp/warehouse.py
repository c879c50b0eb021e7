"""The stored tables of options A and B, as a warehouse of BigQuery's kind takes them.

For each contender a folder: `tables.sql` creates the tables, each table has a folder of Parquet
files with exactly those columns, and `queries/` holds what is asked of them, as it is asked here.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dauexp.errors import BadInput
from dauexp.ingest import bigquery
from dauexp.ingest.names import snake_case
from dauexp.ingest.strategy import QUERIED_AS, IngestedStrategy
from dauexp.options import contenders
from dauexp.ownquestions import asked_of
from dauexp.results import scenario_of
from dauexp.store import Store, replacing
from dauexp.unit import Places

TABLES = "tables.sql"
QUERIES = "queries"


def warehouse(folder: Path, place: Path) -> None:
    """Writes the stored tables of a finished run into the folder `place`; a contender's folder that
    is there is replaced. Raises BadInput where the run has no tables of this kind."""
    scenario = scenario_of(folder)
    written = 0
    for contender in contenders(scenario.strategies):
        strategy = contender.strategy(scenario)
        store = Places(folder).store(contender)
        if isinstance(strategy, IngestedStrategy) and store.folder.is_dir():
            top = place / contender.label.replace(":", ".")
            shutil.rmtree(top, ignore_errors=True)
            _text(top / TABLES, statements(strategy))
            for name, schema in schemas(strategy).items():
                _table(store, name, schema, top / _called(strategy, name))
            for _, query in asked_of(scenario, contender):
                if query.possible and query.language == "sql":
                    _text(top / QUERIES / query.path.name, query.text)
            written += 1
    if not written:
        raise BadInput(
            f"{folder}: no strategy of this run keeps tables of BigQuery's shape, or its stores "
            "are gone: run A (glean) or B (custom)"
        )


def schemas(strategy: IngestedStrategy) -> dict[str, pa.Schema]:
    """The columns of the tables live, stable and errors, as a warehouse has them."""
    return bigquery.tables(strategy.decoder.table)


def statements(strategy: IngestedStrategy) -> str:
    """The statements that create the tables."""
    application = _application(strategy)
    return "\n".join(
        bigquery.ddl(application, kind, strategy.ping, schema)
        for kind, schema in schemas(strategy).items()
    )


def _application(strategy: IngestedStrategy) -> str:
    """The application after which the tables are named: the one that the queries name."""
    glean = strategy.scenario.glean
    return QUERIED_AS if glean.registry is None else snake_case(glean.application_id)


def _called(strategy: IngestedStrategy, kind: str) -> str:
    return f"{_application(strategy)}_{kind}.{snake_case(strategy.ping)}"


def _table(store: Store, kind: str, schema: pa.Schema, to: Path) -> None:
    """Copies a table file by file, a group of rows at a time; one without rows gets a file, too."""
    for source in sorted(store.table(kind).rglob("*.parquet")):
        with (
            pq.ParquetFile(source) as file,
            replacing(to / source.name) as beside,
            pq.ParquetWriter(beside, schema, compression="zstd") as writer,
        ):
            for batch in file.iter_batches(columns=schema.names):
                writer.write_table(pa.Table.from_batches([batch]).select(schema.names).cast(schema))
    if not to.is_dir():
        with replacing(to / "none.parquet") as beside:
            pq.write_table(schema.empty_table(), beside, compression="zstd")


def _text(path: Path, text: str) -> None:
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")
