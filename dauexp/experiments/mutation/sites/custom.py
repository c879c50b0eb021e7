"""Option B: `logger.py`, the hand-written logger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from dauexp.experiments.mutation.catalogue import Code
from dauexp.experiments.mutation.processes import Process, Request, lines, module_of
from dauexp.experiments.mutation.sites import AtWork, Site
from dauexp.options.custom import CustomEvents, logger

LOGGER = "logger.py"


class CustomSite(Site):
    """The logger, and nothing beside it."""

    label = "custom"

    def code(self) -> Code:
        """The logger as it is in the package."""
        return Code({LOGGER: Path(logger.__file__).read_text(encoding="utf-8")})

    def strategy(self, code: Code, folder: Path) -> type[CustomEvents]:  # noqa: ARG002 - writes no file
        """The strategy with this logger."""

        class Changed(_LoggerAtWork):
            source = code.files[LOGGER]

        return Changed

    def checked(self, code: Code, folder: Path) -> Mapping[str, str]:  # noqa: ARG002 - writes no file
        """The logger."""
        return {"logger": code.files[LOGGER]}


class _LoggerAtWork(AtWork, CustomEvents):
    source: str

    def start(self) -> Process:
        glean = self.scenario.glean
        module: Any = module_of("logger", self.source, self.clock_of_hosts)
        logger = module.SyncEventsLogger(
            glean.application_id, glean.app_display_version, glean.app_channel
        )

        def serve(request: Request) -> Iterable[bytes]:
            return lines(logger.get_collections(**request.logged._asdict()))

        return serve


CUSTOM = CustomSite()
