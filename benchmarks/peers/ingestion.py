"""Ingestion: our two decoders beside what a person would take to read the same log lines.

All get the lines of the generated Rust emitter and end with the number of distinct users. Each runs
on one thread or process, as far as its library lets it; what counts is CPU time.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import duckdb
import jsonschema
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.peers.sides import Subject, Way, timed
from dauexp.ingest.decoder import Language, decoder
from dauexp.ingest.names import snake_case
from dauexp.ingest.validate import SCHEMA_FILE
from dauexp.options.glean import REGISTRY, GleanEvents
from dauexp.scenario import load
from dauexp.traffic.source import Simulated

USER = "syncstorage.hashed_fxa_uid"
STRINGS = tuple(
    f"syncstorage.{name}"
    for name in ("hashed_fxa_uid", "hashed_device_id", "platform", "device_family")
)
CLIENT = (
    "telemetry_sdk_build",
    "first_run_date",
    "os",
    "os_version",
    "architecture",
    "app_build",
    "app_display_version",
)


@contextmanager
def subject(size: float) -> Iterator[Subject]:
    """`size` times 20,000 lines."""
    batches = _emitted(round(20_000 * size))
    lines = [line for batch in batches for line in batch["wire"].to_pylist()]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "lines.ndjson"
        file.write_bytes(b"\n".join(lines) + b"\n")
        yield Subject(
            "Log lines ingested",
            "documents",
            len(lines),
            (
                Way("ours, Python", "validated in full", timed(partial(_ours, batches, "python"))),
                Way("ours, Rust", "validated in full", timed(partial(_ours, batches, "rust"))),
                Way(
                    "jsonschema and pandas.json_normalize",
                    "validated by the same schema",
                    timed(partial(_by_pandas, lines)),
                ),
                Way("polars", "not validated", timed(partial(_by_polars, file))),
                Way("DuckDB alone", "not validated", timed(partial(_by_duckdb, file))),
            ),
        )


def _emitted(documents: int) -> list[pa.RecordBatch]:
    scenario = load("default", ["traffic.users=16384", "glean.emitter=rust"])
    source, glean = Simulated(scenario), GleanEvents(scenario)
    made: list[pa.RecordBatch] = []
    for day in range(len(source.days)):
        for batch in source.batches(0, day):
            wanted = documents - sum(map(len, made))
            if not wanted:
                return made
            made.append(glean.emit(batch.observations)[:wanted])
    raise ValueError(f"the default scenario has fewer than {documents} requests in a block")


def _ours(batches: Sequence[pa.RecordBatch], language: Language) -> float:
    chosen = decoder(REGISTRY, GleanEvents.ping, "syncstorage", language)
    live = []
    for batch in batches:
        decoded = chosen.decode(batch)
        assert decoded.errors.num_rows == 0
        live.append(decoded.live)
    metrics = pc.struct_field(pa.concat_tables(live)["metrics"], ["string", snake_case(USER)])
    return float(pc.count_distinct(metrics).as_py())


def _by_pandas(lines: Sequence[bytes]) -> float:
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    validator = jsonschema.validators.validator_for(schema)(schema)
    payloads = []
    for line in lines:
        payload = json.loads(json.loads(line)["Fields"]["payload"])
        validator.validate(payload)
        payloads.append(payload)
    return float(pd.json_normalize(payloads)[f"metrics.string.{USER}"].nunique())


def _by_polars(file: Path) -> float:
    text = pl.String()
    event = pl.Struct(
        {"category": text, "name": text, "timestamp": pl.Int64(), "extra": pl.Struct({})}
    )
    payload = pl.Struct(
        {
            "metrics": pl.Struct({"string": pl.Struct(dict.fromkeys(STRINGS, text))}),
            "events": pl.List(event),
            "client_info": pl.Struct(dict.fromkeys(CLIENT, text)),
        }
    )
    rows = pl.read_ndjson(file).select(
        pl.col("Fields").struct.field("payload").str.json_decode(payload)
    )
    users = rows["payload"].struct.field("metrics").struct.field("string").struct.field(USER)
    return float(users.n_unique())


def _by_duckdb(file: Path) -> float:
    texts = dict.fromkeys(STRINGS, "VARCHAR")
    client = dict.fromkeys(CLIENT, "VARCHAR")
    event = {"category": "VARCHAR", "name": "VARCHAR", "timestamp": "BIGINT"}
    payload = json.dumps({"metrics": {"string": texts}, "events": [event], "client_info": client})
    with duckdb.connect() as database:
        database.execute("SET threads = 1")
        database.execute(
            "CREATE TABLE live AS SELECT json_transform(Fields.payload, $payload) AS payload "
            "FROM read_ndjson($file, columns = {'Fields': 'STRUCT(payload VARCHAR)'})",
            {"payload": payload, "file": str(file)},
        )
        answer = database.sql(f'SELECT count(DISTINCT payload.metrics.string."{USER}") FROM live')
        (users,) = answer.fetchall()[0]
    return float(users)
