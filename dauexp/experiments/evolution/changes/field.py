"""The changes as they are made for option C, with the user as a field: the call of the client.

There is no registry and no schema: a tag or field is there once a point has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from dauexp.experiments.evolution.changes import Made
from dauexp.experiments.evolution.code import Code

FIELD: Final = "statsd/field.py"
QUERIES: Final = "statsd/queries/field"
_USER = "            .field(USER, user)\n"
_COLLECT = "    def collect("

_POINTS = '''    def {name}(self, observations: pa.RecordBatch) -> list[bytes]:
        """One line of line protocol {of}."""
        columns = ("time", "host", "platform", "hashed_fxa_uid", "user_agent")
        return [
            ClientPoint("{measurement}")  # type: ignore[no-untyped-call]
            .tag("host", host)
            .tag("platform", platform)
{fields}            .time(at, "ms")
            .to_line_protocol()
            .encode()
            for at, host, platform, user, agent in zip(
                observations["time"].cast(pa.int64()).to_pylist(),
                *(observations[name].cast(pa.string()).to_pylist() for name in columns[1:]),
                strict=True,
            )
        ]

    def collect('''


def _points(name: str, of: str, measurement: str, *fields: str) -> Callable[[Code], Code]:
    """Adds a method that writes points of another measurement."""
    told = "".join(f"            .field({field})\n" for field in fields)
    text = _POINTS.format(name=name, of=of, measurement=measurement, fields=told)
    return lambda code: code.change(FIELD, _COLLECT, text)


def _new_string(code: Code) -> Code:
    return (
        code.change(
            FIELD, _USER, _USER + '            .field("client_version", agent.rpartition("/")[2])\n'
        )
        .change(
            FIELD,
            'columns = ("host", *TAGS, "hashed_fxa_uid")',
            'columns = ("host", *TAGS, "hashed_fxa_uid", "user_agent")',
        )
        .change(
            FIELD,
            "for at, host, platform, family, user in zip(",
            "for at, host, platform, family, user, agent in zip(",
        )
    )


def _labeled_counter(code: Code) -> Code:
    return code.change(FIELD, _USER, _USER + '            .field("responses_ok", 1)\n')


_AUTOPUSH = '''"""The points of autopush."""

from __future__ import annotations

import pyarrow as pa
from influxdb_client.client.write.point import Point


def subscriptions(observations: pa.RecordBatch) -> list[bytes]:
    """One line of line protocol a subscription."""
    columns = ("host", "hashed_device_id")
    return [
        Point("autopush_subscriptions")  # type: ignore[no-untyped-call]
        .tag("host", host)
        .field("uaid", uaid)
        .time(at, "ms")
        .to_line_protocol()
        .encode()
        for at, host, uaid in zip(
            observations["time"].cast(pa.int64()).to_pylist(),
            *(observations[name].cast(pa.string()).to_pylist() for name in columns),
            strict=True,
        )
    ]
'''


def _renamed(code: Code) -> Code:
    return code.change(
        FIELD, '.tag("platform", platform)', '.tag("client_platform", platform)'
    ).change_all(
        QUERIES, "    platform AS segment", "    COALESCE(client_platform, platform) AS segment"
    )


def _expired(code: Code) -> Code:
    return (
        code.change(FIELD, '            .tag("device_family", family)\n', "")
        .change(
            FIELD,
            "for at, host, platform, family, user in zip(",
            "for at, host, platform, _, user in zip(",
        )
        .remove(QUERIES, "device_family")
    )


_BY_HAND: Mapping[str, Callable[[Code], Code]] = {
    "new_string": _new_string,
    "labeled_counter": _labeled_counter,
    "new_event": _points(
        "uploads",
        "an upload",
        "syncstorage_uploads",
        "USER, user",
        '"collections", "bookmarks,history"',
        '"conflict", False',
    ),
    "second_ping": _points(
        "health", "a client", "client_health", '"client_version", agent.rpartition("/")[2]'
    ),
    "second_application": lambda code: code.write("statsd/autopush.py", _AUTOPUSH),
    "renamed": _renamed,
    "expired": _expired,
}

_NEW: Mapping[str, str] = {
    "new_string": """-- Daily active users by the version of their client.
SELECT DATE(time) AS day, client_version AS version, COUNT(DISTINCT requests.`user`) AS users
FROM influxdb.requests AS requests
GROUP BY day, version
""",
    "labeled_counter": """-- Answers of a day.
SELECT DATE(time) AS day, SUM(responses_ok) AS responses
FROM influxdb.requests
GROUP BY day
""",
    "new_event": """-- Uploads of a day.
SELECT DATE(time) AS day, COUNT(*) AS uploads
FROM influxdb.syncstorage_uploads
GROUP BY day
""",
    "second_ping": """-- Requests of a day by the version of the client.
SELECT DATE(time) AS day, client_version AS version, COUNT(*) AS requests
FROM influxdb.client_health
GROUP BY day, version
""",
    "second_application": """-- Subscribing user agents of a day.
SELECT DATE(time) AS day, COUNT(DISTINCT uaid) AS user_agents
FROM influxdb.autopush_subscriptions
GROUP BY day
""",
}


def _made(name: str) -> Callable[[Code], Code]:
    def by(code: Code) -> Code:
        changed = _BY_HAND[name](code)
        return changed.write(f"statsd/new/{name}.sql", _NEW[name]) if name in _NEW else changed

    return by


MADE: Final[Mapping[str, Made]] = {
    "new_string": Made(_made("new_string"), "client_version IS NOT NULL"),
    "labeled_counter": Made(_made("labeled_counter"), "responses_ok IS NOT NULL"),
    "new_event": Made(
        _made("new_event"), "collections IS NOT NULL", "uploads", "syncstorage_uploads"
    ),
    "second_ping": Made(
        _made("second_ping"), "client_version IS NOT NULL", "health", "client_health"
    ),
    "second_application": Made(
        _made("second_application"),
        "uaid IS NOT NULL",
        "autopush:subscriptions",
        "autopush_subscriptions",
    ),
    "renamed": Made(_made("renamed"), "client_platform IS NOT NULL"),
    "expired": Made(_made("expired")),
}
"""By the name of the change."""
