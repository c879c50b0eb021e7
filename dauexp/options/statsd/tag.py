"""The strategy `tag`: requests are counted for each user, who is a tag."""

from __future__ import annotations

import statsd

from dauexp.options.statsd.counter import CountingStrategy
from dauexp.options.statsd.strategies import TAGS


class Tag(CountingStrategy):
    """The user's hashed id is a tag of a counter: one series a user, which the index pays for."""

    name = "tag"
    exact = True
    summary = "user id as a tag of a counter: exact, one series a user"
    measurement_name = "requests"
    shelved_by = "user"
    tags = (*TAGS, "user")

    def send(self, client: statsd.StatsClient, names: list[str], users: list[str]) -> None:
        """The user's own counter goes up by one."""
        for name, user in zip(names, users, strict=True):
            client.incr(f"{name},user={user}")
