"""Distinct users: our ways, exact and by HyperLogLog, beside DuckDB, DataSketches and pandas."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from datasketches import hll_sketch, tgt_hll_type

from benchmarks.peers.sides import Subject, Way, timed
from dauexp.database import SqlDatabase
from dauexp.options import contenders
from dauexp.questions import queries
from dauexp.scenario import load

DAY = date(2026, 1, 5)
USER = "syncstorage_hashed_fxa_uid"
REQUESTS_PER_USER = 5
LG_K = 12


@contextmanager
def subject(size: float) -> Iterator[Subject]:
    """The users of `size` times a million requests of one day, as option A stores them."""
    requests = round(1_000_000 * size)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "events" / "day.parquet"
        file.parent.mkdir()
        pq.write_table(_stable(requests), file)
        yield Subject(
            "Distinct users of a day, counted",
            "requests",
            requests,
            (
                Way(
                    "ours: the question `dau` of option A",
                    "exact; BigQuery's SQL, translated",
                    timed(partial(_ours, file.parent)),
                ),
                Way(
                    "DuckDB, COUNT(DISTINCT)",
                    "exact",
                    timed(partial(_duckdb, file, "count(DISTINCT {})")),
                ),
                Way("pandas, nunique", "exact", timed(partial(_pandas, file))),
                Way(
                    "DuckDB, approx_count_distinct",
                    "HyperLogLog",
                    timed(partial(_duckdb, file, "approx_count_distinct({})")),
                ),
                Way(
                    "Apache DataSketches, from Python",
                    "HyperLogLog, as the strategy `sketch` fills it: value by value",
                    timed(partial(_sketch, file)),
                ),
            ),
            tolerance=0.1,
        )


def _stable(requests: int) -> pa.Table:
    random = np.random.default_rng(1)
    users = pa.array([random.bytes(16).hex() for _ in range(requests // REQUESTS_PER_USER)])
    user = users.take(pa.array(random.integers(0, len(users), requests)))
    text = pa.StructArray.from_arrays([user], [USER])
    midnight = datetime.combine(DAY, datetime.min.time(), UTC)
    times = pa.array(np.sort(random.integers(0, 86_400_000, requests)))
    start = int(midnight.timestamp()) * 1000
    return pa.table(
        {
            "submission_timestamp": pa.array(times.to_numpy() + start).cast(
                pa.timestamp("ms", tz="UTC")
            ),
            "metrics": pa.StructArray.from_arrays([text], ["string"]),
        }
    )


def _ours(folder: Path) -> float:
    (glean,) = contenders(["glean"])
    (dau,) = (
        query
        for query in queries(glean.strategy(load()).queries)
        if query.question == "dau" and not query.variant
    )
    with SqlDatabase({"syncstorage_stable.events": folder}, threads=1) as database:
        answer = database.ask(dau.text, "sql", {"first_day": DAY, "last_day": DAY})
    return float(answer["value"][0].as_py())


def _duckdb(file: Path, counted: str) -> float:
    with duckdb.connect() as database:
        database.execute("SET threads = 1")
        count = counted.format(f"metrics.string.{USER}")
        answer = database.execute(f"SELECT {count} FROM read_parquet(?)", [str(file)]).fetchall()
    return float(answer[0][0])


def _pandas(file: Path) -> float:
    metrics = pd.read_parquet(file, columns=["metrics"])["metrics"]
    return float(metrics.map(lambda each: each["string"][USER]).nunique())


def _sketch(file: Path) -> float:
    sketch = hll_sketch(LG_K, tgt_hll_type.HLL_4)
    for each in pq.read_table(file, columns=["metrics"])["metrics"].to_pylist():
        sketch.update(each["string"][USER])
    return float(sketch.get_estimate())
