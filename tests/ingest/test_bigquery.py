"""The schema of the tables in BigQuery's own terms."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlglot

from dauexp.ingest.bigquery import ddl, schema_json, tables
from dauexp.ingest.decoder import Decoder


def _at(fields: list[dict[str, Any]], *path: str) -> dict[str, Any]:
    (found,) = (field for field in fields if field["name"] == path[0])
    return found if len(path) == 1 else _at(found["fields"], *path[1:])


def test_schema_has_the_registered_metrics_as_columns(option_a: Decoder) -> None:
    schema = json.loads(json.dumps(schema_json(tables(option_a.table)["stable"])))
    assert _at(schema, "metrics", "string", "syncstorage_hashed_fxa_uid") == {
        "name": "syncstorage_hashed_fxa_uid",
        "type": "STRING",
        "mode": "NULLABLE",
    }
    assert _at(schema, "submission_timestamp")["type"] == "TIMESTAMP"
    assert _at(schema, "document_id")["mode"] == "REQUIRED"
    assert _at(schema, "events")["mode"] == "REPEATED"
    assert _at(schema, "events", "extra")["mode"] == "REPEATED"
    assert _at(schema, "ping_info", "seq")["type"] == "INTEGER"
    assert "receive_timestamp" not in {field["name"] for field in schema}


@pytest.mark.parametrize("kind", ["live", "stable", "errors"])
def test_ddl_is_bigquerys(option_a: Decoder, kind: str) -> None:
    schema = tables(option_a.table)[kind]
    statement = ddl("syncstorage", kind, "events", schema)
    parsed = sqlglot.parse_one(statement, read="bigquery", error_level=sqlglot.ErrorLevel.RAISE)
    named = [column.name for column in parsed.this.expressions]
    assert named == schema.names
    assert statement.startswith(f"CREATE TABLE `syncstorage_{kind}.events` (\n")
    day = "receive_timestamp" if kind == "errors" else "submission_timestamp"
    assert f"PARTITION BY DATE({day})" in statement
