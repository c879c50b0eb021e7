"""What the traffic of a scenario looks like: by hour, and by user. Drawn again from the scenario,
since a run does not keep its requests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa

from dauexp.traffic.source import Source

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def by_hour(source: Source, days: Sequence[int]) -> pa.Table:
    """Requests of each hour of some days (offsets from the first).

    Columns: day, hour (of the UTC day, 0 to 23), requests.
    """
    rows = []
    for day in days:
        counts = np.zeros(24, np.int64)
        for block in range(source.blocks):
            for batch in source.batches(block, day):
                time = batch.observations["time"].cast(pa.int64()).to_numpy()
                counts += np.bincount(time % DAY_MS // HOUR_MS, minlength=24)
        rows += [
            {"day": source.days[day], "hour": hour, "requests": int(count)}
            for hour, count in enumerate(counts)
        ]
    return pa.Table.from_pylist(rows)


def by_user(source: Source, day: int) -> pa.Table:
    """How many users made how many requests on a day (offset from the first).

    Columns: requests (1 or more), users, share (of active users with that many requests or more).
    """
    counts = np.concatenate(
        [_requests_of_users(source, block, day) for block in range(source.blocks)]
    )
    requests, users = np.unique(counts[counts > 0], return_counts=True)
    at_least = users[::-1].cumsum()[::-1]
    return pa.table(
        {"requests": requests, "users": users, "share": at_least / max(int(users.sum()), 1)}
    )


def _requests_of_users(
    source: Source, block: int, day: int
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    indices: Iterable[np.ndarray[tuple[int], np.dtype[np.int32]]] = [
        batch.observations["hashed_fxa_uid"].indices.to_numpy()
        for batch in source.batches(block, day)
    ]
    return np.bincount(np.concatenate([np.zeros(0, np.int64), *indices]))
