"""The tables that ingestion fills, in BigQuery's shape: live, stable and errors.

The columns of a ping come from the schema of all pings and from the registry: a metric that is
registered has a column, `metrics.TYPE.CATEGORY_NAME`; one that is not goes to
`additional_properties`, JSON text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

import pyarrow as pa

from dauexp.ingest import jsontext
from dauexp.ingest.columns import NOTHING, Column, column_of, struct_of
from dauexp.ingest.names import snake_case
from dauexp.ingest.registry import EVENT, Registry
from dauexp.ingest.stages import Document
from dauexp.ingest.validate import read_schema

TIMESTAMP: Final = pa.timestamp("us", tz="UTC")

USER_AGENT: Final = pa.struct([(name, pa.string()) for name in ("browser", "version", "os")])
METADATA: Final = pa.struct([("user_agent", USER_AGENT)])

ERRORS: Final = pa.schema(
    [
        pa.field("receive_timestamp", TIMESTAMP, nullable=False),
        pa.field("stage", pa.string(), nullable=False),
        pa.field("error_type", pa.string(), nullable=False),
        pa.field("error_message", pa.string(), nullable=False),
        pa.field("pointer", pa.string(), nullable=False),
        pa.field("document_id", pa.string()),
        pa.field("document", pa.binary(), nullable=False),
    ]
)
"""One row a rejected document: where, why, and the line itself, less IP address and user agent."""

_GENERATED_TYPES = {"numerator": "rate", "denominator": "counter"}
"""What glean_parser makes of rates with a denominator of their own, and the type that is sent."""


@dataclass(frozen=True)
class PingTable:
    """The live and stable tables of one ping of an application."""

    registry: Registry
    ping: str

    @cached_property
    def column(self) -> Column:
        """The columns of the ping itself, as one struct."""
        schema = read_schema()
        definitions: Mapping[str, Any] = schema["definitions"]
        members = {
            name: column_of(schema["properties"][name], definitions)
            for name in ("ping_info", "client_info", "events")
        }
        types = schema["properties"]["metrics"]["properties"]
        metrics = {}
        for kind, names in self.registry.metrics(self.ping).items():
            sent = _GENERATED_TYPES.get(kind, kind)
            if sent != EVENT:
                value = column_of(types[sent]["additionalProperties"], definitions)
                metrics[sent] = struct_of({snake_case(name): value for name in names})
        if metrics:
            members["metrics"] = struct_of(metrics)
        return struct_of(members)

    @cached_property
    def live(self) -> pa.Schema:
        """The live table. `receive_timestamp` is its own: when the log entry arrived, which is
        `submission_timestamp` but for a payload that overrides it."""
        return pa.schema(
            [
                pa.field("receive_timestamp", TIMESTAMP, nullable=False),
                pa.field("submission_timestamp", TIMESTAMP),
                pa.field("document_id", pa.string(), nullable=False),
                pa.field("metadata", METADATA),
                *self.column.type,
                pa.field("additional_properties", pa.string()),
            ]
        )

    def rows(self, documents: Iterable[Document], received: pa.Array) -> pa.RecordBatch:
        """Rows of the live table for some documents, received at these times."""
        fitted = [self._row(document) for document in documents]
        columns = [received.cast(TIMESTAMP)]
        columns += [
            pa.array([row.get(field.name) for row in fitted], field.type)
            for field in list(self.live)[1:]
        ]
        return pa.record_batch(columns, schema=self.live)

    def _row(self, document: Document) -> dict[str, Any]:
        value, rest = self.column.fit(document.ping)
        time = as_time(document.submission_timestamp)
        if time is None:
            rest = {"submission_timestamp": document.submission_timestamp, **(rest or {})}
        return {
            **(value or {}),
            "submission_timestamp": time,
            "document_id": document.document_id,
            "metadata": {"user_agent": document.user_agent._asdict()},
            "additional_properties": None if rest is NOTHING else jsontext.write(rest),
        }


def as_time(text: str) -> datetime | None:
    """The time that a text says, in UTC to the microsecond; None where it says none.

    The decoder passes any text on as `submission_timestamp`; a table can only hold a time.
    """
    try:
        time = datetime.fromisoformat(text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
