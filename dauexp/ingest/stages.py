"""The stages of ingestion, one document at a time, exactly as Mozilla's decoder does them.

A log entry goes through ParseLogEntry, LimitPayloadSize, ParsePayload, SchemaNotFound and Validate,
in this order. Each stage gives what the next one takes, or a rejection: errors are data. The names
are those that the decoder gives its errors.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from dauexp.ingest import jsontext
from dauexp.ingest.names import snake_case
from dauexp.ingest.useragent import UserAgent, parse_user_agent
from dauexp.ingest.validate import Validator

PARSE_LOG_ENTRY = "ParseLogEntry"
LIMIT_PAYLOAD_SIZE = "LimitPayloadSize"
PARSE_PAYLOAD = "ParsePayload"
SCHEMA_NOT_FOUND = "SchemaNotFound"
VALIDATE = "Validate"

MAX_PAYLOAD_BYTES = 8 * 1024 * 1024

REQUIRED = ("document_id", "document_namespace", "document_type", "document_version", "payload")
NOT_A_LOG_ENTRY = (
    "not a log entry of a ping: receiveTimestamp and jsonPayload.Fields."
    "{document_id, document_namespace, document_type, document_version, payload} must be strings"
)

_OVERRIDES = ("submission_timestamp", "document_id")
_DROPPED = (
    "normalized_app_name",
    "normalized_channel",
    "normalized_os",
    "normalized_os_version",
    "normalized_country_code",
    "sample_id",
)


class DocumentType(NamedTuple):
    """What names a schema: namespace and type in snake case, and version."""

    namespace: str
    type: str
    version: str


class Rejection(NamedTuple):
    """Why a document was not accepted."""

    stage: str
    error_type: str
    """What went wrong in the stage; for Validate, the keyword of the schema that is broken."""
    message: str
    pointer: str = ""
    """JSON pointer to the place in the payload; empty for the whole."""
    document_id: str | None = None
    """Where it is known."""


class Envelope(NamedTuple):
    """What ingestion reads of a log entry, and nothing else: no IP address above all."""

    receive_timestamp: str
    document_id: str
    document_namespace: str
    document_type: str
    document_version: str
    user_agent: str | None
    payload: str


class Document(NamedTuple):
    """An accepted document."""

    submission_timestamp: str
    document_id: str
    user_agent: UserAgent
    ping: dict[str, Any]


def as_logentry(line: bytes, arrival: datetime) -> bytes:
    """The Cloud Logging entry of a line on standard output: a JSON object becomes `jsonPayload`,
    any other line is text. `arrival` is in UTC, and becomes `receiveTimestamp`."""
    received = timestamp_text(arrival).encode()
    try:
        structured = isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        structured = False
    if structured:
        one_line = line.replace(b"\n", b" ").replace(b"\r", b" ")  # in JSON, only between values
        return b'{"receiveTimestamp":"%s","jsonPayload":%s}' % (received, one_line)
    text = orjson.dumps(line.decode("utf-8", errors="replace"))
    return b'{"receiveTimestamp":"%s","textPayload":%s}' % (received, text)


def timestamp_text(time: datetime) -> str:
    """A time as RFC 3339 text in UTC, to the millisecond, or microsecond where it has any."""
    unit = "milliseconds" if time.microsecond % 1000 == 0 else "microseconds"
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=unit) + "Z"


def parse_log_entry(line: bytes) -> Envelope | Rejection:
    """The envelope in a log entry: all six of its values must be JSON strings."""
    try:
        entry = jsontext.read(line.decode("utf-8"))
    except (UnicodeDecodeError, jsontext.NotJson) as error:
        reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        return Rejection(PARSE_LOG_ENTRY, "NotJson", f"the log entry is no JSON: {reason}")
    fields = _member(_member(entry, "jsonPayload"), "Fields")
    received = _text(entry, "receiveTimestamp")
    values = {name: _text(fields, name) for name in REQUIRED}
    if received is None or None in values.values():
        known = values["document_id"]
        return Rejection(PARSE_LOG_ENTRY, "NotLogEntry", NOT_A_LOG_ENTRY, document_id=known)
    return Envelope(received, user_agent=_text(fields, "user_agent"), **values)  # type: ignore[arg-type]


def limit_payload_size(envelope: Envelope) -> Rejection | None:
    """Rejects a payload of more than 8 MiB in UTF-8."""
    size = len(envelope.payload.encode())
    if size <= MAX_PAYLOAD_BYTES:
        return None
    message = f"the payload has {size} bytes, more than {MAX_PAYLOAD_BYTES}"
    return _rejection(envelope, LIMIT_PAYLOAD_SIZE, "TooLarge", message)


def parse_payload(envelope: Envelope) -> dict[str, Any] | Rejection:
    """The object that the payload holds."""
    try:
        ping = jsontext.read(envelope.payload)
    except jsontext.NotJson as error:
        return _rejection(envelope, PARSE_PAYLOAD, "NotJson", f"the payload is no JSON: {error}")
    if not isinstance(ping, dict):
        return _rejection(
            envelope, PARSE_PAYLOAD, "NotObject", "the payload is JSON, but no object"
        )
    return ping


def take_out_metadata(envelope: Envelope, ping: dict[str, Any]) -> tuple[Envelope, dict[str, str]]:
    """Takes the pipeline's own keys out of a payload, where they override the envelope's.

    They are meant for a document that comes back from the error tables. Changes `ping`; gives the
    envelope that counts, and the parts of a user agent that the payload's metadata names.
    """
    metadata = ping.pop("metadata", None)
    changes: dict[str, Any] = {}
    named: dict[str, str] = {}
    if isinstance(metadata, dict):
        agent = metadata.get("user_agent")
        if isinstance(agent, dict):
            named = {key: _as_text(value) for key, value in agent.items() if value is not None}
        for name in ("document_namespace", "document_type", "document_version"):
            if isinstance(metadata.get(name), str):
                changes[name] = metadata[name]
    for name in _OVERRIDES:
        value = ping.pop(name, None)
        if isinstance(value, str):
            changes["receive_timestamp" if name == "submission_timestamp" else name] = value
    for name in _DROPPED:
        ping.pop(name, None)
    return envelope._replace(**changes), named


def find_schema(envelope: Envelope, known: Collection[DocumentType]) -> Rejection | None:
    """Rejects a document whose namespace, type and version name no schema. The letter case of the
    type does not matter."""
    asked = DocumentType(
        snake_case(envelope.document_namespace),
        snake_case(envelope.document_type.lower()),
        envelope.document_version,
    )
    if asked in known:
        return None
    if asked.namespace not in {each.namespace for each in known}:
        error_type, value = "UnknownNamespace", envelope.document_namespace
    elif asked[:2] not in {each[:2] for each in known}:
        error_type, value = "UnknownType", envelope.document_type
    else:
        error_type, value = "UnknownVersion", envelope.document_version
    name = error_type.removeprefix("Unknown").lower()
    message = f"there is no schema for the {name} {value[:100]!r}"
    return _rejection(envelope, SCHEMA_NOT_FOUND, error_type, message)


def validate(envelope: Envelope, ping: Mapping[str, Any], validator: Validator) -> Rejection | None:
    """Rejects a ping that breaks the schema; the first violation is told."""
    violation = validator.violation(ping)
    if violation is None:
        return None
    return _rejection(envelope, VALIDATE, *violation)


def decode(
    line: bytes, known: Collection[DocumentType], validator: Validator
) -> Document | Rejection:
    """All stages, one after the other, for one log entry."""
    envelope = parse_log_entry(line)
    if isinstance(envelope, Rejection):
        return envelope
    rejection = limit_payload_size(envelope)
    if rejection is not None:
        return rejection
    ping = parse_payload(envelope)
    if isinstance(ping, Rejection):
        return ping
    envelope, named = take_out_metadata(envelope, ping)
    rejection = find_schema(envelope, known) or validate(envelope, ping, validator)
    if rejection is not None:
        return rejection
    agent = parse_user_agent(envelope.user_agent)
    agent = agent._replace(
        **{key: named[key] for key in agent._fields if key in named and getattr(agent, key) is None}
    )
    return Document(envelope.receive_timestamp, envelope.document_id, agent, ping)


def _rejection(
    envelope: Envelope, stage: str, error_type: str, message: str, pointer: str = ""
) -> Rejection:
    return Rejection(stage, error_type, message, pointer, envelope.document_id)


def _member(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _text(value: Any, key: str) -> str | None:
    member = _member(value, key)
    return member if isinstance(member, str) else None


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else jsontext.write(value)
