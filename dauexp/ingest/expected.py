"""The fast way: documents of the form that generated code writes, read straight into typed objects.

What this reads is a part of what the stages accept, and means the same: whatever does not fit in
every detail goes through the stages instead, whose word is final. Nothing is skipped unread:
every key must be known, every value of its type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain
from typing import Annotated, Any

import msgspec
import pyarrow as pa

from dauexp.ingest.names import snake_case
from dauexp.ingest.stages import MAX_PAYLOAD_BYTES, DocumentType
from dauexp.ingest.tables import METADATA, TIMESTAMP, USER_AGENT, PingTable
from dauexp.ingest.useragent import parse_user_agent


class _Strict(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A JSON object all whose keys are known."""


class Fields(_Strict):
    """The document in a line."""

    document_id: str
    document_namespace: str
    document_type: str
    document_version: str
    payload: str
    user_agent: str | None = None
    ip_address: str | None = None


class Line(_Strict):
    """A line on standard output."""

    Fields: Fields
    Timestamp: str | None = None
    Logger: str | None = None
    Type: str | None = None


class LogEntry(_Strict):
    """A Cloud Logging entry of a line."""

    receiveTimestamp: str  # noqa: N815 -- the key's name
    jsonPayload: Line  # noqa: N815 -- the key's name


class _PingInfo(_Strict):
    seq: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
    start_time: str
    end_time: str


class _ClientInfo(_Strict):
    telemetry_sdk_build: str
    first_run_date: str
    os: str
    os_version: str
    architecture: str
    app_build: str
    app_display_version: str
    app_channel: str = None  # type: ignore[assignment]  # may be missing, may not be null


class _Event(_Strict):
    timestamp: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
    category: str
    name: str
    extra: dict[Annotated[str, msgspec.Meta(max_length=40)], str] = None  # type: ignore[assignment]


_PLAIN: dict[str, Any] = {
    "string": str,
    "jwe": str,
    "datetime": str,
    "boolean": bool,
    "counter": Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)],
    "quantity": Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)],
}
"""Types of metrics whose values are of a plain type with no rule beside it."""


class Read(msgspec.Struct, gc=False, frozen=True):
    """A document of the expected form."""

    fields: Fields
    ping: Any
    submission_timestamp: str
    """Verbatim, or empty where the time is known otherwise."""

    @property
    def document_id(self) -> str:
        """The id of the document."""
        return self.fields.document_id


@dataclass(frozen=True)
class ExpectedForm:
    """Reads documents of the expected form for one ping of an application."""

    table: PingTable
    known: frozenset[DocumentType]

    def read(self, fields: Fields, received: str = "") -> Read | None:
        """The document, or None where it is not of the expected form."""
        named = (fields.document_namespace, fields.document_type, fields.document_version)
        if named not in self.known or len(fields.payload) > self.longest_payload:
            return None
        try:
            return Read(fields, self._ping.decode(fields.payload), received)
        except (msgspec.DecodeError, UnicodeError):
            return None

    def rows(self, read: Sequence[Read], received: pa.Array) -> pa.RecordBatch:
        """Rows of the live table for documents of the expected form, received at these times."""
        return self.live(
            document_ids=pa.array([each.fields.document_id for each in read], pa.string()),
            user_agents=pa.array([each.fields.user_agent for each in read], pa.string()),
            ping=_column([each.ping for each in read], self.table.column.type),
            received=received,
        )

    def live(
        self,
        document_ids: pa.Array,
        user_agents: pa.Array,
        ping: pa.StructArray,
        received: pa.Array,
    ) -> pa.RecordBatch:
        """Rows of the live table, of columns."""
        live = self.table.live
        time = received.cast(TIMESTAMP)
        made = {
            "receive_timestamp": time,
            "submission_timestamp": time,
            "document_id": document_ids,
            "metadata": _metadata(user_agents),
            "additional_properties": pa.nulls(len(ping), pa.string()),
        }
        made |= dict(zip([field.name for field in ping.type], ping.flatten(), strict=True))
        return pa.record_batch([made[name] for name in live.names], live)

    @property
    def longest_payload(self) -> int:
        """In characters: in UTF-8, none has more than four bytes."""
        return MAX_PAYLOAD_BYTES // 4

    @cached_property
    def _plain(self) -> dict[str, list[str]]:
        """The identifiers of the plain metrics of the ping, by type."""
        metrics = self.table.registry.metrics(self.table.ping)
        return {kind: list(names) for kind, names in metrics.items() if kind in _PLAIN}

    @cached_property
    def ping_type(self) -> Any:
        """The type of a ping of the expected form."""
        groups = []
        for kind, names in self._plain.items():
            members = [
                (snake_case(name), _PLAIN[kind], msgspec.field(name=name, default=None))
                for name in names
            ]
            groups.append((kind, msgspec.defstruct(kind, members, bases=(_Strict,))))
        metrics = msgspec.defstruct("Metrics", groups, bases=(_Strict,))
        return msgspec.defstruct(
            "Ping",
            [
                ("ping_info", _PingInfo),
                ("client_info", _ClientInfo),
                ("metrics", metrics),
                ("events", list[_Event]),
            ],
            bases=(_Strict,),
        )

    @cached_property
    def _ping(self) -> msgspec.json.Decoder[Any]:
        return msgspec.json.Decoder(self.ping_type)


def _metadata(user_agents: pa.Array) -> pa.Array:
    """Browser, version and operating system; each distinct user agent is parsed once."""
    coded = user_agents.dictionary_encode("encode")
    parsed = [parse_user_agent(text)._asdict() for text in coded.dictionary.to_pylist()]
    agents = pa.array(parsed, USER_AGENT).take(coded.indices)
    return pa.StructArray.from_arrays([agents], fields=list(METADATA))


def _column(values: Sequence[Any], type_: pa.DataType) -> pa.Array:
    """A column of typed objects, lists of them, maps or plain values."""
    first = values[0] if values else None
    if isinstance(first, msgspec.Struct):
        rows = map(msgspec.structs.astuple, values)
        members = dict(zip(first.__struct_fields__, zip(*rows, strict=True), strict=True))
        columns = [
            _column(members[field.name], field.type)
            if field.name in members
            else pa.nulls(len(values), field.type)
            for field in type_
        ]
        return pa.StructArray.from_arrays(columns, fields=list(type_))
    if isinstance(first, list):
        offsets = pa.array(accumulate(map(len, values), initial=0), pa.int32())
        items = _column(list(chain.from_iterable(values)), type_.value_type)
        return pa.ListArray.from_arrays(offsets, items, type=type_)
    if pa.types.is_list(type_):
        return pa.array([_pairs(value) for value in values], type_)
    return pa.array(values, type_)


def _pairs(extra: Mapping[str, str] | None) -> list[dict[str, str]] | None:
    return None if extra is None else [{"key": key, "value": value} for key, value in extra.items()]
