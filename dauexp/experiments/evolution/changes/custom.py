"""The changes as they are made for option B: the registry, the logger and its call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from dauexp.experiments.evolution.changes import Made, glean
from dauexp.experiments.evolution.changes.queries import queried
from dauexp.experiments.evolution.changes.registry import REGISTERED
from dauexp.experiments.evolution.code import Code

LOGGER: Final = "custom/logger.py"
CALL: Final = "custom/emitter.py"
_LAST_PARAMETER = "        device_family: str,\n    ) -> str:\n"
_LAST_METRIC = '            "syncstorage.device_family": device_family,\n'
_LAST_ARGUMENT = "                device_family=request.device_family,\n"
_PAYLOAD = "    def payload("


def _new_string(code: Code) -> Code:
    return (
        code.change(
            LOGGER,
            _LAST_PARAMETER,
            _LAST_PARAMETER.replace("    )", "        client_version: str,\n    )"),
        )
        .change(
            LOGGER,
            _LAST_METRIC,
            _LAST_METRIC + '            "syncstorage.client_version": client_version,\n',
        )
        .change(
            CALL,
            _LAST_ARGUMENT,
            _LAST_ARGUMENT
            + '                client_version=request.user_agent.rpartition("/")[2],\n',
        )
    )


def _labeled_counter(code: Code) -> Code:
    return code.change(
        LOGGER,
        '            "metrics": {"string": metrics},\n',
        """            "metrics": {
                "string": metrics,
                "labeled_counter": {"syncstorage.responses": {"ok": 1}},
            },
""",
    )


def _event_as_parameter(code: Code) -> Code:
    """The payload of any event, where it was that of the only one."""
    return (
        code.change(
            LOGGER, "self.payload(now, metrics)", "self.payload(now, metrics, GET_COLLECTIONS)"
        )
        .change(
            LOGGER,
            "def payload(self, now: str, metrics: dict[str, str]) -> dict[str, Any]:",
            "def payload(\n"
            "        self, now: str, metrics: dict[str, str], event: dict[str, Any]\n"
            "    ) -> dict[str, Any]:",
        )
        .change(
            LOGGER,
            '            "events": [{"category": "syncstorage", "name": "get_collections", '
            '"timestamp": 0}],\n',
            '            "events": [{**event, "timestamp": 0}],\n',
        )
        .change(
            LOGGER,
            "\n\n@dataclass",
            '\nGET_COLLECTIONS = {"category": "syncstorage", "name": "get_collections"}\n'
            "\n\n@dataclass",
        )
    )


def _new_event(code: Code) -> Code:
    return (
        _event_as_parameter(code)
        .change(
            LOGGER,
            "    def envelope(",
            '''    def post_collections(
        self, *, user_agent: str, metrics: dict[str, str], collections: str, conflict: bool
    ) -> str:
        """The line to log for one upload."""
        now = datetime.now(UTC).isoformat()
        event = {
            "category": "syncstorage",
            "name": "post_collections",
            "extra": {"collections": collections, "conflict": str(conflict).lower()},
        }
        return json.dumps(self.envelope(now, user_agent, self.payload(now, metrics, event)))

    def envelope(''',
        )
        .append(
            CALL,
            '''
    def uploads(self, requests: Iterable[Logged]) -> list[bytes]:
        """The lines of the hand-written logger for some uploads."""
        return [
            self._logger.post_collections(
                user_agent=request.user_agent,
                metrics={
                    "syncstorage.hashed_fxa_uid": request.hashed_fxa_uid,
                    "syncstorage.hashed_device_id": request.hashed_device_id,
                    "syncstorage.platform": request.platform,
                    "syncstorage.device_family": request.device_family,
                },
                collections="bookmarks,history",
                conflict=False,
            ).encode()
            for request in requests
        ]
''',
        )
    )


def _second_ping(code: Code) -> Code:
    return (
        code.change(
            LOGGER,
            '                "document_type": "events",\n',
            '                "document_type": document_type,\n',
        )
        .change(
            LOGGER,
            "    def envelope(self, now: str, user_agent: str, payload: dict[str, Any]) "
            "-> dict[str, Any]:\n",
            "    def envelope(\n"
            "        self,\n"
            "        now: str,\n"
            "        user_agent: str,\n"
            "        payload: dict[str, Any],\n"
            '        document_type: str = "events",\n'
            "    ) -> dict[str, Any]:\n",
        )
        .change(
            LOGGER,
            _PAYLOAD,
            '''    def client_health(self, *, user_agent: str, client_version: str) -> str:
        """The line to log of the version of a client."""
        now = datetime.now(UTC).isoformat()
        payload = self.payload(now, {"health.client_version": client_version})
        del payload["events"]
        return json.dumps(self.envelope(now, user_agent, payload, "client-health"))

'''
            + _PAYLOAD,
        )
        .append(
            CALL,
            '''
    def health(self, requests: Iterable[Logged]) -> list[bytes]:
        """The lines of the hand-written logger of the versions of clients."""
        return [
            self._logger.client_health(
                user_agent=request.user_agent,
                client_version=request.user_agent.rpartition("/")[2],
            ).encode()
            for request in requests
        ]
''',
        )
    )


_AUTOPUSH = '''"""The hand-written logger of autopush."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime

from dauexp.ingest.strategy import Logged
from dauexp.options.custom.logger import SyncEventsLogger


class AutopushEventsLogger(SyncEventsLogger):
    """Writes one `events` ping with the event `webpush.subscribe` for each subscription."""

    def subscribe(self, *, user_agent: str, hashed_uaid: str) -> str:
        """The line to log for one subscription."""
        now = datetime.now(UTC).isoformat()
        payload = self.payload(now, {"webpush.hashed_uaid": hashed_uaid})
        payload["events"] = [{"category": "webpush", "name": "subscribe", "timestamp": 0}]
        return json.dumps(self.envelope(now, user_agent, payload))


def subscriptions(requests: Iterable[Logged]) -> list[bytes]:
    """The lines of the logger for some subscriptions."""
    logger = AutopushEventsLogger("autopush", "1.0", "release")
    return [
        logger.subscribe(
            user_agent=request.user_agent, hashed_uaid=request.hashed_device_id
        ).encode()
        for request in requests
    ]
'''


def _renamed(code: Code) -> Code:
    return code.change(LOGGER, '"syncstorage.platform"', '"syncstorage.client_platform"')


def _expired(code: Code) -> Code:
    return (
        code.change(LOGGER, _LAST_PARAMETER, "    ) -> str:\n")
        .change(LOGGER, _LAST_METRIC, "")
        .change(CALL, _LAST_ARGUMENT, "")
    )


_BY_HAND: Mapping[str, Callable[[Code], Code]] = {
    "new_string": _new_string,
    "labeled_counter": _labeled_counter,
    "new_event": _new_event,
    "second_ping": _second_ping,
    "second_application": lambda code: code.write("custom/autopush.py", _AUTOPUSH),
    "renamed": _renamed,
    "expired": _expired,
}


def _made(name: str) -> Callable[[Code], Code]:
    return lambda code: queried(name)(_BY_HAND[name](REGISTERED[name](code)))


MADE: Final[Mapping[str, Made]] = {
    name: replace(made, by=_made(name)) for name, made in glean.MADE.items()
}
"""By the name of the change: the same documents as option A's, and so the same tables."""
