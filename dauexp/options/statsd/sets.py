"""The strategies that put the user in a StatsD set."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import statsd

from dauexp.ledger import SAMPLING
from dauexp.options.statsd.columns import BatchAggregator
from dauexp.options.statsd.emission import messages, recording, sampling_by, tagged_names
from dauexp.options.statsd.strategies import TAGS, StatsdStrategy
from dauexp.randomness import Purpose, for_each
from dauexp.scenario import Scenario
from dauexp.tables import DAY


class SetStrategy(StatsdStrategy):
    """A strategy that sends members of sets."""

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
        hashes = pa.array(_hashes(coded.dictionary)).take(coded.indices)
        return members.set_column(members.column_names.index("member"), "member", hashes)

    def send(self, client: statsd.StatsClient, names: list[str], users: list[str]) -> None:
        """The user is put in the set."""
        for name, user in zip(names, users, strict=True):
            client.set(name, user)


class SetPerFlush(SetStrategy):
    """The user's hashed id is put in a StatsD set; its size is written at each flush."""

    name = "set"
    summary = "user id in a StatsD set, whose size is written at each flush and host"


class DailySet(SetStrategy):
    """The user's hashed id is put in sets that are flushed once a day, at midnight.

    Sizes of sets do not add up, so each way of counting has sets of its own: all users, those of
    a platform, those of a device family. One packet puts the user in all three.
    """

    name = "daily-set"
    summary = "user id in StatsD sets flushed once a day: exact on one host, hosts add up wrongly"
    tags = ("dimension", "segment")

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(scenario)
        self.interval = DAY

    def emit(self, observations: pa.RecordBatch) -> pa.RecordBatch:
        """One packet a request, of a line for each way of counting."""
        users = observations["hashed_fxa_uid"].cast(pa.string()).to_pylist()
        columns = (observations[tag].cast(pa.string()).to_pylist() for tag in TAGS)
        name = self.measurement_name
        with recording(self.scenario.statsd) as (client, datagrams):
            for user, *segments in zip(users, *columns, strict=True):
                with client.pipeline() as packet:
                    packet.set(f"{name},dimension=all,segment=all", user)
                    for tag, segment in zip(TAGS, segments, strict=True):
                        packet.set(f"{name},dimension={tag},segment={segment}", user)
        return messages(observations, datagrams)


class Sampled(SetStrategy):
    """As `set`, but the client sends only a sample of the requests, as it does for counters.

    A request's fate depends on its user and time alone, so all ways of cutting the traffic into
    blocks and batches sample the same requests.
    """

    name = "sampled"
    summary = "user id in a StatsD set at a sample rate, with which distinct counts do not scale"
    generation = SAMPLING

    @property
    def settings(self) -> Mapping[str, float]:
        """The rate, by which the sizes are divided."""
        return {"sample_rate": self.scenario.statsd.sample_rate}

    def emit(self, observations: pa.RecordBatch) -> pa.RecordBatch:
        """One packet for each request that the client chooses."""
        names = tagged_names(self.measurement_name, observations, TAGS)
        users = observations["hashed_fxa_uid"].cast(pa.string()).to_pylist()
        sent: list[int] = []
        with (
            recording(self.scenario.statsd) as (client, datagrams),
            sampling_by(self._numbers(observations)),
        ):
            for position, (name, user) in enumerate(zip(names, users, strict=True)):
                client.set(name, user, rate=self.scenario.statsd.sample_rate)
                if len(datagrams) > len(sent):
                    sent.append(position)
        return messages(observations.take(pa.array(sent, pa.int64())), datagrams)

    def _numbers(self, observations: pa.RecordBatch) -> list[float]:
        users = observations["hashed_fxa_uid"]
        user = _hashes(users.dictionary)[users.indices.to_numpy()]
        time = observations["time"].cast(pa.int64()).to_numpy().astype(np.uint64)
        keys = user ^ (time * np.uint64(0x9E3779B97F4A7C15))
        numbers: list[float] = for_each(self.scenario.seed, Purpose.SAMPLING, keys).tolist()
        return numbers


def _hashes(texts: pa.Array) -> npt.NDArray[np.uint64]:
    hashed = pd.util.hash_array(np.array(texts.to_pylist(), object), categorize=False)
    return np.asarray(hashed, np.uint64)
