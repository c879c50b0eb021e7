"""Option B: a hand-written, "Glean-compliant" emitter, ingested and queried as option A is."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Final

from dauexp.errors import BadInput
from dauexp.ingest.registry import Registry
from dauexp.ingest.strategy import IngestedStrategy, Logged
from dauexp.options import Option, glean
from dauexp.options.custom.logger import SyncEventsLogger
from dauexp.scenario import Scenario


class CustomEvents(IngestedStrategy):
    """The same event in the same ping as option A's, logged by code written by hand."""

    name: ClassVar[str] = "events"
    summary: ClassVar[str] = (
        "one Glean-compliant events ping a request, logged by code written by hand"
    )
    registry: Registry = glean.REGISTRY

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(scenario)
        if scenario.glean.registry is not None:
            raise BadInput(
                "custom: its emitter is written by hand for Sync's registry: leave it out of "
                "strategies, or write yours as a plug-in"
            )

    @property
    def queries(self) -> Path:
        """Option A's: the tables are the same, so are the queries."""
        return glean.QUERIES

    @cached_property
    def _logger(self) -> SyncEventsLogger:
        parameters = self.scenario.glean
        return SyncEventsLogger(
            parameters.application_id, parameters.app_display_version, parameters.app_channel
        )

    def log(self, requests: Iterable[Logged]) -> list[bytes]:
        """The lines of the hand-written logger."""
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


OPTION: Final = Option(
    id="custom", letter="B", title="Hand-written emitter", strategies=[CustomEvents]
)
