"""Calls the generated logger and takes the lines that it writes to its standard output."""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType, SimpleNamespace

from dauexp.ingest.emission import InProcess
from dauexp.ingest.registry import Registry
from dauexp.ingest.strategy import Logged
from dauexp.options.glean.generate import load, python_module
from dauexp.settings import Glean

IP_ADDRESS = ""
"""Sync passes no IP address on: it gives the logger an empty one."""


class PythonEmitter(InProcess):
    """Option A's emitter in Python: the code of glean_parser's `python_server`, untouched."""

    def __init__(self, registry: Registry, parameters: Glean) -> None:
        self._module = load(python_module(registry))
        self._logger = self._module.create_events_server_event_logger(
            parameters.application_id, parameters.app_display_version, parameters.app_channel
        )

    def lines(self, requests: Iterable[Logged]) -> list[bytes]:
        """The lines that the logger writes for some requests, in order, without line ends."""
        lines: list[bytes] = []
        _redirect(self._module, lines)
        record = self._logger.record_syncstorage_get_collections
        for user_agent, hashed_fxa_uid, hashed_device_id, platform, device_family in requests:
            record(
                user_agent=user_agent,
                ip_address=IP_ADDRESS,
                syncstorage_hashed_fxa_uid=hashed_fxa_uid,
                syncstorage_hashed_device_id=hashed_device_id,
                syncstorage_platform=platform,
                syncstorage_device_family=device_family,
            )
        return lines


def _redirect(module: ModuleType, lines: list[bytes]) -> None:
    """Lets the module's `sys.stdout.write`, which it calls once a line, append to a list.

    Only the module's own view of `sys` changes: redirecting the process's standard output would
    catch what other threads print, a progress bar for one.
    """

    def write(text: str) -> None:
        lines.append(text.removesuffix("\n").encode())

    stdout = SimpleNamespace(write=write, flush=lambda: None)
    module.__dict__["sys"] = SimpleNamespace(stdout=stdout)
