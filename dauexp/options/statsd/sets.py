"""The strategies that put the user in a StatsD set."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import statsd

from dauexp.options.statsd.columns import BatchAggregator
from dauexp.options.statsd.strategies import StatsdStrategy


class SetPerFlush(StatsdStrategy):
    """The user's hashed id is put in a StatsD set; its size is written at each flush."""

    name = "set"
    summary = "user id in a StatsD set, whose size is written at each flush and host"
    measurement_name = "users"

    @property
    def together(self) -> str:
        """Sets unite, whether their parts share members (a user's packets of two days may meet
        in one flush, when they are late) or not (users of two blocks)."""
        return "count(DISTINCT member)"

    def flushed(self, aggregator: BatchAggregator) -> pa.Table:
        """The members, as 64-bit hashes: enough to unite sets, and no user's id at rest."""
        members = aggregator.members()
        coded = members["member"].combine_chunks().dictionary_encode()
        texts = np.array(coded.dictionary.to_pylist(), object)
        hashes = pa.array(pd.util.hash_array(texts, categorize=False)).take(coded.indices)
        return members.set_column(members.column_names.index("member"), "member", hashes)

    def send(self, client: statsd.StatsClient, names: list[str], users: list[str]) -> None:
        """The user is put in the set."""
        for name, user in zip(names, users, strict=True):
            client.set(name, user)
