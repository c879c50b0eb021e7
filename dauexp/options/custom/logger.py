"""What a team would write by hand: a logger of "Glean-compliant" pings without glean_parser."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4


@dataclass(frozen=True)
class SyncEventsLogger:
    """Writes one `events` ping with the event `syncstorage.get_collections` for each request."""

    application_id: str
    app_display_version: str
    app_channel: str

    def get_collections(
        self,
        *,
        user_agent: str,
        hashed_fxa_uid: str,
        hashed_device_id: str,
        platform: str,
        device_family: str,
    ) -> str:
        """The line to log for one request."""
        now = datetime.now(UTC).isoformat()
        metrics = {
            "syncstorage.hashed_fxa_uid": hashed_fxa_uid,
            "syncstorage.hashed_device_id": hashed_device_id,
            "syncstorage.platform": platform,
            "syncstorage.device_family": device_family,
        }
        return json.dumps(self.envelope(now, user_agent, self.payload(now, metrics)))

    def envelope(self, now: str, user_agent: str, payload: dict[str, Any]) -> dict[str, Any]:
        """What the log pipeline looks for: the ids of the document, and the ping as a string."""
        return {
            "Timestamp": now,
            "Logger": "syncstorage",
            "Type": "glean-server-event",
            "Fields": {
                "document_namespace": self.application_id,
                "document_type": "events",
                "document_version": "1",
                "document_id": str(uuid4()),
                "user_agent": user_agent,
                "ip_address": "",
                "payload": json.dumps(payload),
            },
        }

    def payload(self, now: str, metrics: dict[str, str]) -> dict[str, Any]:
        """The ping, with all that the Glean schema requires, known or not."""
        return {
            "metrics": {"string": metrics},
            "events": [{"category": "syncstorage", "name": "get_collections", "timestamp": 0}],
            "ping_info": {"seq": 0, "start_time": now, "end_time": now},
            "client_info": {
                "telemetry_sdk_build": "syncstorage 1",
                "first_run_date": "Unknown",
                "os": "Unknown",
                "os_version": "Unknown",
                "architecture": "Unknown",
                "app_build": "Unknown",
                "app_display_version": self.app_display_version,
                "app_channel": self.app_channel,
            },
        }
