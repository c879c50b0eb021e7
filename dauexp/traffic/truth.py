"""The exact answers, computed from the requests themselves, streamed.

For each user of a block and each day one 16-bit number says in which segments the user was seen:
bit 4 * platform + device family; another says on how many devices. Windows are unions of days,
answers are counts of users with any bit of a segment. Blocks hold different users, so their counts
add up; a quotient is taken of the sums.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dauexp.tables import TRUTH
from dauexp.traffic.useragent import DEVICE_FAMILIES, PLATFORMS

Seen = npt.NDArray[np.uint16]
Row = tuple[str, date, str, float]

WINDOWS: Mapping[str, int] = {"dau": 1, "wau": 7, "mau": 28}
"""Days in the trailing window of each question; MAU has 28, as Mozilla counts."""

EVERYONE = 0xFFFF

RATIOS: Mapping[str, tuple[str, str]] = {
    "stickiness": ("dau", "mau"),
    "retention_d7": ("retained_d7", "joined_d7"),
    "devices_per_user": ("devices", "dau"),
}
"""Questions that are quotients, with the counts that they are of; 0 where there is no one."""

PARTS = {"retained_d7", "joined_d7", "devices"}
"""Counts that are no question of their own: users first seen seven days before and those of them
who are seen on the day; devices of a day."""


def _bits(positions: Iterable[int]) -> int:
    return sum(1 << position for position in positions)


SEGMENTS: Mapping[str, Mapping[str, int]] = {
    "": {"all": EVERYONE},
    "_by_platform": {name: _bits(range(4 * n, 4 * n + 4)) for n, name in enumerate(PLATFORMS)},
    "_by_device_family": {name: _bits(range(n, 16, 4)) for n, name in enumerate(DEVICE_FAMILIES)},
}
"""The segments of a question by the ending of its name, each with the bits that belong to it."""


def seen(batches: Sequence[pa.RecordBatch], user_column: str = "hashed_fxa_uid") -> Seen:
    """Who was seen in which segments, from the `OBSERVATIONS` of one block and day.

    Element i is for the user with index i in the dictionary of the column that says who, which all
    batches of a block share; without batches there are no elements.
    """
    users = len(batches[0][user_column].dictionary) if batches else 0
    flags = np.zeros(users * 16, np.bool_)
    for batch in batches:
        user = batch[user_column].indices.to_numpy().astype(np.int64)
        platform = batch["platform"].indices.to_numpy()
        family = batch["device_family"].indices.to_numpy()
        flags[user * 16 + platform * 4 + family] = True
    return np.packbits(flags, bitorder="little").view("<u2").astype(np.uint16)


def devices(batches: Sequence[pa.RecordBatch]) -> Seen:
    """On how many devices each user was seen, from the `OBSERVATIONS` of one block and day; the
    elements are those of `seen`."""
    if not batches:
        return np.zeros(0, np.uint16)
    user, device = (
        np.concatenate([chunk.indices.to_numpy() for chunk in column.chunks]).astype(np.int64)
        for column in (
            pa.chunked_array([batch[name] for batch in batches]).unify_dictionaries()
            for name in ("hashed_fxa_uid", "hashed_device_id")
        )
    )
    users = len(batches[0]["hashed_fxa_uid"].dictionary)
    pairs = np.unique(device * users + user)
    return np.bincount(pairs % users, minlength=users).astype(np.uint16)


def stacked(days: Sequence[Seen]) -> npt.NDArray[np.uint16]:
    """What was seen on each day, as one array of shape (days, users); a day without a request has
    no elements and becomes a row of zeros."""
    users = max(map(len, days))
    return np.stack([np.pad(day, (0, users - len(day))) for day in days])


def requests_by_segment(batches: Iterable[pa.RecordBatch]) -> npt.NDArray[np.int64]:
    """Number of requests by segment, 16 of them in the order of the bits."""
    total = np.zeros(16, np.int64)
    for batch in batches:
        platform = batch["platform"].indices.to_numpy()
        family = batch["device_family"].indices.to_numpy()
        total += np.bincount(platform * 4 + family, minlength=16)
    return total


def trailing(days: npt.NDArray[np.uint16], window: int) -> npt.NDArray[np.uint16]:
    """Unions over trailing windows: row d is the union of rows d-window+1 to d.

    `days` is of shape (days, users). Rows without a whole window are left out, so the result has
    `window` - 1 rows less, or none.
    """
    union, width = days, 1
    while width < window and len(union):
        step = min(width, window - width)
        union = union[step:] | union[:-step]
        width += step
    return union


def counts(
    days: npt.NDArray[np.uint16],
    calendar: tuple[date, ...],
    devices: npt.NDArray[np.uint16] | None = None,
) -> pa.Table:
    """The counts of one block, in the form of the table `TRUTH`, from what was seen each day and on
    how many devices, both of shape (days, users). Without devices there is no count of them."""
    rows = [*_joining(days, calendar), *_days_seen(days, calendar)]
    if devices is not None:
        sums = devices.sum(axis=1, dtype=np.int64)
        rows += [("devices", day, "all", float(n)) for day, n in zip(calendar, sums, strict=True)]
    for name, window in WINDOWS.items():
        union = trailing(days, window)
        for ending, segments in SEGMENTS.items():
            for segment, bits in segments.items():
                values = np.count_nonzero(union & np.uint16(bits), axis=1)
                rows += [
                    (f"{name}{ending}", day, segment, float(value))
                    for day, value in zip(calendar[window - 1 :], values, strict=True)
                ]
    return _table(rows)


def _joining(days: npt.NDArray[np.uint16], calendar: tuple[date, ...]) -> list[Row]:
    """Users by the day on which they were first seen; on the seventh day after, how many they were
    and how many of them are seen."""
    active = days > 0
    first = np.where(active.any(axis=0), active.argmax(axis=0), len(days))
    rows = []
    for number, day in enumerate(calendar):
        rows.append(("new_users", day, "all", float((first == number).sum())))
        if number >= 7:
            joined = first == number - 7
            rows.append(("joined_d7", day, "all", float(joined.sum())))
            rows.append(("retained_d7", day, "all", float((joined & active[number]).sum())))
    return rows


def _days_seen(days: npt.NDArray[np.uint16], calendar: tuple[date, ...]) -> list[Row]:
    """Users by the number of the last 28 days on which they were seen, from `01` to `28`."""
    before = np.zeros((1, days.shape[1]), np.int64)
    until = np.concatenate([before, (days > 0).cumsum(axis=0)])
    return [
        ("active_last_28_bits", day, f"{number:02}", float(users))
        for day, seen in zip(calendar[27:], until[28:] - until[:-28], strict=True)
        for number, users in enumerate(np.bincount(seen, minlength=29)[1:], start=1)
    ]


def total(blocks: Iterable[pa.Table]) -> pa.Table:
    """The truth of all users, a table `TRUTH` sorted by question, day and segment: the sums over
    blocks, and the quotients of sums."""
    keys = ["question", "day", "segment"]
    stacked = pa.concat_tables([*blocks, TRUTH.empty_table()])
    summed = stacked.group_by(keys).aggregate([("value", "sum")])
    summed = summed.rename_columns([*keys, "value"]).cast(TRUTH)
    asked = summed.filter(pc.invert(pc.is_in(summed["question"], pa.array(sorted(PARTS)))))
    whole = pa.concat_tables([asked, _ratios(summed)])
    return whole.sort_by([(key, "ascending") for key in keys])


def _ratios(counts: pa.Table) -> pa.Table:
    value = {
        (row["question"], row["day"]): row["value"]
        for row in counts.filter(pc.field("segment") == "all").to_pylist()
    }
    return _table(
        [
            (name, day, "all", value[above, day] / value[below, day] if value[below, day] else 0.0)
            for name, (above, below) in RATIOS.items()
            for day in sorted({day for question, day in value if question == above})
            if (below, day) in value
        ]
    )


def _table(rows: list[Row]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ([], [], [], [])
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, TRUTH, strict=True)],
        schema=TRUTH,
    )


@dataclass(frozen=True)
class Calibration:
    """Requests per user in an earlier period: what a team would know from its logs beforehand."""

    table: Mapping[tuple[int, str], float]

    def requests_per_user(self, window_days: int, segment: str) -> float:
        """Mean requests of an active user in a window of 1, 7 or 28 days, for `all`, a platform or
        `device_family_NAME`; NaN where it had no user, or the period no such window."""
        return self.table.get((window_days, segment), float("nan"))

    @classmethod
    def from_table(cls, table: pa.Table) -> Calibration:
        """The calibration of a table that `to_table` made."""
        return cls(
            {(r["window_days"], r["segment"]): r["requests_per_user"] for r in table.to_pylist()}
        )

    def to_table(self) -> pa.Table:
        """Columns window_days, segment, requests_per_user."""
        return pa.Table.from_pylist(
            [
                {"window_days": window, "segment": segment, "requests_per_user": value}
                for (window, segment), value in self.table.items()
            ]
        )


def calibrate(days: npt.NDArray[np.uint16], requests: npt.NDArray[np.int64]) -> Calibration:
    """The calibration from an earlier period.

    `days` is what was seen, of shape (days, users); `requests` are the counts of
    `requests_by_segment`, of shape (days, 16). The mean is over windows, weighted by their users.
    """
    table = {}
    families = SEGMENTS["_by_device_family"].items()
    bits = {"all": EVERYONE, **SEGMENTS["_by_platform"]}
    bits |= {f"device_family_{name}": mask for name, mask in families}
    per_segment = {
        name: requests[:, [bit for bit in range(16) if mask >> bit & 1]].sum(axis=1)
        for name, mask in bits.items()
    }
    for window in WINDOWS.values():
        union = trailing(days, window)
        for segment, mask in bits.items():
            users = np.count_nonzero(union & np.uint16(mask), axis=1).sum()
            sums = np.convolve(per_segment[segment], np.ones(window, np.int64), "valid").sum()
            table[window, segment] = float(sums / users) if users else float("nan")
    return Calibration(table)
