"""Calls the hand-written logger in Python."""

from __future__ import annotations

from collections.abc import Iterable

from dauexp.ingest.emission import InProcess
from dauexp.ingest.strategy import Logged
from dauexp.options.custom.logger import SyncEventsLogger
from dauexp.settings import Glean


class PythonEmitter(InProcess):
    """Option B's emitter in Python: the logger written by hand."""

    def __init__(self, parameters: Glean) -> None:
        self._logger = SyncEventsLogger(
            parameters.application_id, parameters.app_display_version, parameters.app_channel
        )

    def lines(self, requests: Iterable[Logged]) -> list[bytes]:
        """The lines of the logger for some requests, in order, without line ends."""
        write = self._logger.get_collections
        return [
            write(
                user_agent=request.user_agent,
                hashed_fxa_uid=request.hashed_fxa_uid,
                hashed_device_id=request.hashed_device_id,
                platform=request.platform,
                device_family=request.device_family,
            ).encode()
            for request in requests
        ]
