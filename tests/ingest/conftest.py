"""Lines, log entries and decoders for the tests of ingestion."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from dauexp.ingest.decoder import Decoder, decoder
from dauexp.options.glean import REGISTRY, GleanEvents
from dauexp.tables import MESSAGES

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
USER_AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"


def make_ping(**changes: Any) -> dict[str, Any]:
    return {
        "metrics": {
            "string": {
                "syncstorage.hashed_fxa_uid": "0123456789abcdef0123456789abcdef",
                "syncstorage.hashed_device_id": "fedcba9876543210fedcba9876543210",
                "syncstorage.platform": "firefoxdesktop",
                "syncstorage.device_family": "desktop",
            }
        },
        "events": [{"category": "syncstorage", "name": "get_collections", "timestamp": 0}],
        "ping_info": {"seq": 0, "start_time": "2026-01-05T12:00Z", "end_time": "whenever"},
        "client_info": {
            "telemetry_sdk_build": "a test",
            "first_run_date": "Unknown",
            "os": "Unknown",
            "os_version": "Unknown",
            "architecture": "Unknown",
            "app_build": "Unknown",
            "app_display_version": "0.17.0",
            "app_channel": "release",
        },
        **changes,
    }


def make_line(payload: Any = None, *, without: str = "", **fields: Any) -> bytes:
    whole = {
        "document_namespace": "syncstorage",
        "document_type": "events",
        "document_version": "1",
        "document_id": "8cad73ef-858a-44f9-88f7-10817c917a42",
        "user_agent": USER_AGENT,
        "ip_address": "198.51.100.7",
        "payload": payload if isinstance(payload, str) else json.dumps(payload or make_ping()),
        **fields,
    }
    whole.pop(without, None)
    return json.dumps({"Type": "glean-server-event", "Fields": whole}).encode()


def make_messages(lines: Iterable[bytes], arrival: datetime = NOON) -> pa.RecordBatch:
    wire = pa.array(list(lines), pa.binary())
    host = pa.array(["host-0"] * len(wire)).dictionary_encode()
    return pa.record_batch(
        [
            pa.array(range(len(wire)), pa.int64()),
            pa.array([arrival] * len(wire), MESSAGES.field("arrival").type),
            host,
            wire,
        ],
        MESSAGES,
    )


@pytest.fixture
def ping() -> Callable[..., dict[str, Any]]:
    """Makes a good ping, with changes."""
    return make_ping


@pytest.fixture
def line() -> Callable[..., bytes]:
    """Makes a line of a payload (a ping, or any text), with changes to its fields."""
    return make_line


@pytest.fixture
def messages() -> Callable[..., pa.RecordBatch]:
    """Makes a batch of messages of lines."""
    return make_messages


@pytest.fixture(scope="session")
def option_a() -> Decoder:
    """The decoder of option A."""
    return decoder(REGISTRY, GleanEvents.ping, "syncstorage")
