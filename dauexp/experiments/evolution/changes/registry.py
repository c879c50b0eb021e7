"""The changes of the registry, from which A's code and the columns of A's and B's tables come.

A hand-written emitter needs them as well: a metric that is not registered has no column.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from dauexp.experiments.evolution.code import Code

METRICS: Final = "glean/metrics.yaml"

Change = Callable[[Code], Code]


def metric(name: str, kind: str, more: str = "", ping: str = "events") -> str:
    """The definition of a metric."""
    lifetime = "" if kind == "event" else "    lifetime: application\n"
    return f"""
  {name}:
    type: {kind}
    description: |
      What the name says.
{more}    bugs:
      - https://bugzilla.mozilla.org/show_bug.cgi?id=1923967
    data_reviews:
      - https://bugzilla.mozilla.org/show_bug.cgi?id=1923967
    notification_emails:
      - sync-team@mozilla.com
    data_sensitivity:
      - technical
{lifetime}    send_in_pings:
      - {ping}
    expires: never
"""


_LABELS = """    labels:
      - ok
      - conflict
"""
_EXTRAS = """    extra_keys:
      collections:
        description: Which collections.
        type: string
      conflict:
        description: Whether another device was first.
        type: boolean
"""
_PING = """
client-health:
  description: |
    Which versions of clients are out there, whoever has them.
  include_client_id: false
  bugs:
    - https://bugzilla.mozilla.org/show_bug.cgi?id=1923967
  data_reviews:
    - https://bugzilla.mozilla.org/show_bug.cgi?id=1923967
  notification_emails:
    - sync-team@mozilla.com
"""
_HEALTH = "\nhealth:" + metric("client_version", "string", ping="client-health")
_AUTOPUSH = (
    "$schema: moz://mozilla.org/schemas/glean/metrics/2-0-0\n\nwebpush:"
    + metric("subscribe", "event")
    + metric("hashed_uaid", "string")
)


def _expired(code: Code) -> Code:
    name = "\n  device_family:\n"
    before, definition = code.files[METRICS].split(name)
    definition = definition.replace("expires: never", "expires: 2026-01-01", 1)
    return code.write(METRICS, before + name + definition)


REGISTERED: Final[Mapping[str, Change]] = {
    "new_string": lambda code: code.append(METRICS, metric("client_version", "string")),
    "labeled_counter": lambda code: code.append(
        METRICS, metric("responses", "labeled_counter", _LABELS)
    ),
    "new_event": lambda code: code.append(METRICS, metric("post_collections", "event", _EXTRAS)),
    "second_ping": lambda code: code.append(METRICS, _HEALTH).append("glean/pings.yaml", _PING),
    "second_application": lambda code: code.write("glean/autopush.yaml", _AUTOPUSH),
    "renamed": lambda code: code.change(METRICS, "\n  platform:\n", "\n  client_platform:\n"),
    "expired": _expired,
}
"""By the name of the change."""
