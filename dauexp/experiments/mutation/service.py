"""What a service writes by hand to count a request with option C: one call for each strategy.

The strategies themselves send the same packets for whole batches; a test holds the two together.
"""

from __future__ import annotations

from typing import Any

import statsd
from influxdb_client.client.write.point import Point

from dauexp.ingest.strategy import Logged


def count(client: statsd.StatsClient, request: Logged) -> None:
    """`counter`: one more request."""
    client.incr(f"requests,platform={request.platform},device_family={request.device_family}")


def put_in_set(client: statsd.StatsClient, request: Logged) -> None:
    """`set`: the user has been seen."""
    name = f"users,platform={request.platform},device_family={request.device_family}"
    client.set(name, request.hashed_fxa_uid)


def count_user(client: statsd.StatsClient, request: Logged) -> None:
    """`tag`: one more request of the user."""
    tags = f"platform={request.platform},device_family={request.device_family}"
    client.incr(f"requests,{tags},user={request.hashed_fxa_uid}")


def point(measurement: str, host: str, milliseconds: int, request: Logged) -> str:
    """`field`: the user at this time."""
    made: Any = Point(measurement)  # type: ignore[no-untyped-call]
    made.tag("host", host)
    made.tag("platform", request.platform).tag("device_family", request.device_family)
    made.field("user", request.hashed_fxa_uid).time(milliseconds, "ms")
    line: str = made.to_line_protocol()
    return line
