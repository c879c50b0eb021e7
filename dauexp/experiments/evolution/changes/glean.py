"""The changes as they are made for option A: the registry, and the call of the generated code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from dauexp.experiments.evolution.changes import Made
from dauexp.experiments.evolution.changes.queries import queried
from dauexp.experiments.evolution.changes.registry import REGISTERED
from dauexp.experiments.evolution.code import Code

EMITTER: Final = "glean/emitter.py"
_LAST_METHOD = "        return lines\n\n\ndef _redirect("
_LAST_ARGUMENT = "                syncstorage_device_family=device_family,\n"


def _method(text: str) -> Callable[[Code], Code]:
    """Adds a method to the emitter, behind the others."""
    return lambda code: code.change(
        EMITTER, _LAST_METHOD, f"        return lines\n\n{text}\n\ndef _redirect("
    )


def _new_string(code: Code) -> Code:
    added = '                syncstorage_client_version=user_agent.rpartition("/")[2],\n'
    return code.change(EMITTER, _LAST_ARGUMENT, _LAST_ARGUMENT + added)


_new_event = _method(
    '''    def uploads(self, requests: Iterable[Logged]) -> list[bytes]:
        """The lines that the logger writes for some uploads."""
        lines: list[bytes] = []
        _redirect(self._module, lines)
        record = self._logger.record_syncstorage_post_collections
        for user_agent, hashed_fxa_uid, hashed_device_id, platform, device_family in requests:
            record(
                user_agent=user_agent,
                ip_address=IP_ADDRESS,
                syncstorage_hashed_fxa_uid=hashed_fxa_uid,
                syncstorage_hashed_device_id=hashed_device_id,
                syncstorage_platform=platform,
                syncstorage_device_family=device_family,
                collections="bookmarks,history",
                conflict=False,
            )
        return lines
'''
)


def _second_ping(code: Code) -> Code:
    made = "            parameters.application_id, parameters.app_display_version, "
    made += "parameters.app_channel\n        )\n"
    health = "        self._health = self._module.create_client_health_server_event_logger(\n"
    code = code.change(EMITTER, made, made + health + made)
    return _method(
        '''    def health(self, requests: Iterable[Logged]) -> list[bytes]:
        """The lines that the logger writes of the versions of clients."""
        lines: list[bytes] = []
        _redirect(self._module, lines)
        for request in requests:
            self._health.record(
                user_agent=request.user_agent,
                ip_address=IP_ADDRESS,
                health_client_version=request.user_agent.rpartition("/")[2],
            )
        return lines
'''
    )(code)


_AUTOPUSH = '''"""Calls the logger that is generated for autopush."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from dauexp.ingest.registry import Registry
from dauexp.ingest.strategy import Logged
from dauexp.options.glean.emitter import IP_ADDRESS, _redirect
from dauexp.options.glean.generate import load, python_module

REGISTRY = Registry((Path(__file__).with_name("autopush.yaml"),))


def subscriptions(requests: Iterable[Logged]) -> list[bytes]:
    """The lines that the logger writes for some subscriptions."""
    module = load(python_module(REGISTRY))
    logger = module.create_events_server_event_logger("autopush", "1.0", "release")
    lines: list[bytes] = []
    _redirect(module, lines)
    for request in requests:
        logger.record_webpush_subscribe(
            user_agent=request.user_agent,
            ip_address=IP_ADDRESS,
            webpush_hashed_uaid=request.hashed_device_id,
        )
    return lines
'''


def _renamed(code: Code) -> Code:
    return code.change(
        EMITTER, "syncstorage_platform=platform", "syncstorage_client_platform=platform"
    )


def _expired(code: Code) -> Code:
    return code.change(EMITTER, _LAST_ARGUMENT, "").change(
        EMITTER, "platform, device_family in requests", "platform, _ in requests"
    )


_BY_HAND: Mapping[str, Callable[[Code], Code]] = {
    "new_string": _new_string,
    # The generator leaves a labeled counter out: there is nothing that could be called.
    "labeled_counter": lambda code: code,
    "new_event": _new_event,
    "second_ping": _second_ping,
    "second_application": lambda code: code.write("glean/autopush.py", _AUTOPUSH),
    "renamed": _renamed,
    "expired": _expired,
}


def _made(name: str) -> Callable[[Code], Code]:
    return lambda code: queried(name)(_BY_HAND[name](REGISTERED[name](code)))


MADE: Final[Mapping[str, Made]] = {
    "new_string": Made(
        _made("new_string"), "metrics.string.syncstorage_client_version IS NOT NULL"
    ),
    "labeled_counter": Made(
        _made("labeled_counter"), "ARRAY_LENGTH(metrics.labeled_counter.syncstorage_responses) > 0"
    ),
    "new_event": Made(
        _made("new_event"), "ARRAY_LENGTH(events[SAFE_OFFSET(0)].extra) = 2", more="uploads"
    ),
    "second_ping": Made(
        _made("second_ping"),
        "metrics.string.health_client_version IS NOT NULL",
        more="health",
        ping="client-health",
    ),
    "second_application": Made(
        _made("second_application"),
        "metrics.string.webpush_hashed_uaid IS NOT NULL",
        more="autopush:subscriptions",
        application="autopush",
        registry=("glean/autopush.yaml",),
    ),
    "renamed": Made(_made("renamed"), "metrics.string.syncstorage_client_platform IS NOT NULL"),
    "expired": Made(_made("expired")),
}
"""By the name of the change."""
