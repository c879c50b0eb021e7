"""One request as it is read from a line, before it is checked."""

from __future__ import annotations

import msgspec


class Row(msgspec.Struct, gc=False):
    """The values of a request as text, in the order of `dauexp.tables.REQUESTS`."""

    time: str
    uid: str
    device_id: str
    user_agent: str
    host: str
    true_platform: str | None = None
    true_device_family: str | None = None
