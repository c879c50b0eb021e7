"""The strategy `sketch`: users are put in HyperLogLogs, which are stored and merged when asked.

An agent on each host takes the place of the StatsD server: it hears the same packets, but keeps a
sketch for each set in place of its members, and writes the sketches themselves, not their sizes.
(So does Stripe's StatsD server Veneur.) In the service itself each worker process would need one,
and the agent hears them all. Sketches of Apache DataSketches, HLL_4: the smallest at rest.

InfluxDB can neither merge nor estimate sketches, so that is done outside it, by `STEPS`.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final, cast

import pyarrow as pa
from datasketches import hll_sketch, hll_union, tgt_hll_type

from dauexp.database import Asking, Step
from dauexp.options import Part
from dauexp.options.statsd.sets import SetStrategy
from dauexp.options.statsd.settlement import Measurement, settle_flushes
from dauexp.options.statsd.strategies import FLUSHED
from dauexp.scenario import Scenario
from dauexp.store import Store

SKETCH = "sketch"
"""The field with a serialised sketch in base64: InfluxDB has no field of bytes."""

Segment = tuple[str, ...]
"""A segment, or nothing where a question has none."""


class Sketch(SetStrategy):
    """A HyperLogLog of users for each host, platform and device family, written every hour."""

    name = "sketch"
    summary = "HyperLogLogs of users by an agent of one's own, merged outside the database"

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(scenario)
        self.interval = 1000 * scenario.statsd.sketch_seconds

    @property
    def schema(self) -> Measurement:
        """One sketch for each interval, host and pair of tags."""
        return Measurement(("host", *self.tags), {SKETCH: pa.string()})

    @property
    def together(self) -> str:
        """The distinct members, in an order that no cut into blocks changes."""
        return "list(DISTINCT member ORDER BY member)"

    def settle(self, store: Store) -> Iterator[Part]:
        """The sketches that the agents wrote."""
        members = Measurement(self.schema.tags, {"members": pa.list_(pa.uint64())})
        flushed = store.table(FLUSHED)
        parts = settle_flushes(flushed, members, self.together, self.limits)
        return self.stored(each._replace(points=self._sketched(each.points)) for each in parts)

    def _sketched(self, points: pa.Table) -> pa.Table:
        sketches = [self._sketch(each) for each in points["members"].to_pylist()]
        written = points.drop_columns("members").append_column(SKETCH, pa.array(sketches))
        return written.cast(self.schema.schema)

    def _sketch(self, members: Iterable[int]) -> str:
        sketch = hll_sketch(self.scenario.statsd.lg_k, tgt_hll_type.HLL_4)
        for member in members:
            sketch.update(member)
        return base64.b64encode(sketch.serialize_compact()).decode()

    @property
    def steps(self) -> Mapping[str, Step]:
        """Merging and counting."""
        return STEPS


class _Daily:
    """The unions of the sketches of each day, by segment; without segments, of one that is ()."""

    def __init__(self, sketches: pa.Table) -> None:
        self.keys = [name for name in ("day", "segment") if name in sketches.column_names]
        texts: dict[tuple[Any, ...], list[str]] = defaultdict(list)
        columns = (sketches[name].to_pylist() for name in (*self.keys, SKETCH))
        for *key, text in zip(*columns, strict=True):
            texts[tuple(key)].append(text)
        # Sorted, so that the estimate is the same to the last bit in whatever order they come.
        self._unions = {key: united(map(_read, sorted(found))) for key, found in texts.items()}
        whole: list[Segment] = [()]
        segmented = "segment" in self.keys
        self.segments = sorted({key[1:] for key in self._unions}) if segmented else whole

    def users(self, days: Iterable[date], segment: Segment) -> float:
        """The estimate of the users of some days: that of the union of their sketches."""
        of_days = (self._unions.get((day, *segment)) for day in days)
        sketches = [sketch for sketch in of_days if sketch is not None]
        return float(united(sketches).get_estimate()) if sketches else 0.0


def united(sketches: Iterable[hll_sketch]) -> hll_sketch:
    """The union of at least one sketch."""
    first, *others = sketches
    union = hll_union(first.lg_config_k)
    for sketch in (first, *others):
        union.update(sketch)
    return union.get_result(tgt_hll_type.HLL_8)


def _read(text: str) -> hll_sketch:
    return hll_sketch.deserialize(base64.b64decode(text))


def _over_windows(window: int, value: Callable[[_Daily, Sequence[date], Segment], float]) -> Step:
    """A step that takes day, segment (if there is one) and sketch, gives day, segment (likewise)
    and the value of each trailing window of so many days."""

    def step(ask: Asking, parameters: Mapping[str, object]) -> pa.Table:
        daily = _Daily(ask(parameters))
        first, last = cast("date", parameters["first_day"]), cast("date", parameters["last_day"])
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        rows = [
            (days[end - 1], *segment, value(daily, days[end - window : end], segment))
            for segment in daily.segments
            for end in range(window, len(days) + 1)
        ]
        names = [*daily.keys, "value"]
        return pa.Table.from_pylist(
            [dict(zip(names, row, strict=True)) for row in rows],
            schema=pa.schema([(name, _TYPES[name]) for name in names]),
        )

    return step


def _users(daily: _Daily, days: Sequence[date], segment: Segment) -> float:
    return daily.users(days, segment)


def _stickiness(daily: _Daily, days: Sequence[date], segment: Segment) -> float:
    monthly = daily.users(days, segment)
    return daily.users(days[-1:], segment) / monthly if monthly else 0.0


_TYPES = {"day": pa.date32(), "segment": pa.string(), "value": pa.float64()}

STEPS: Final[Mapping[str, Step]] = {
    "users_of_1_day": _over_windows(1, _users),
    "users_of_7_days": _over_windows(7, _users),
    "users_of_28_days": _over_windows(28, _users),
    "stickiness": _over_windows(28, _stickiness),
}
"""The steps outside the database by name, each from the sketches of days to what is asked."""
