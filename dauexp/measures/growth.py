"""How what a query costs grows with the data: the exponent of a power law, with its interval.

A cost that is c x^b of the level x of a factor is a straight line of slope b in logarithms:
log y = log c + b log x. The line is that of least squares over the levels, each by the median of
its repeats; the interval of the slope is Student's, with two degrees of freedom fewer than levels.
It holds where the deviations from the line are independent and alike in logarithms; where a query
has a fixed cost beside what grows, the line bends, the exponent is that of the range measured, and
the interval is wide.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy import stats

CONFIDENCE = 0.95

QUERY = ("option", "strategy", "question", "variant", "language")

GROWTH = pa.schema(
    [
        *(pa.field(name, pa.string(), nullable=False) for name in QUERY),
        pa.field("factor", pa.string(), nullable=False),
        pa.field("level", pa.float64(), nullable=False),
        pa.field("users", pa.int64(), nullable=False),
        pa.field("days", pa.int64(), nullable=False),
        pa.field("requests", pa.int64(), nullable=False),
        pa.field("measure", pa.string(), nullable=False),
        pa.field("repeats", pa.int64(), nullable=False),
        pa.field("minimum", pa.float64(), nullable=False),
        pa.field("median", pa.float64(), nullable=False),
        pa.field("maximum", pa.float64(), nullable=False),
    ]
)
"""One row a query, factor, level of it and measure, with the spread of its repeats. `level` is the
number of users, of days, or of events for each user and day. Measures have their unit in the name:
time_seconds, rows_read, bytes_read, memory_bytes (the most that the database held at once); and
bytes_at_rest, of a contender's tables, without a question."""

GROWTH_FIT = pa.schema(
    [
        *(pa.field(name, pa.string(), nullable=False) for name in QUERY),
        pa.field("factor", pa.string(), nullable=False),
        pa.field("measure", pa.string(), nullable=False),
        pa.field("levels", pa.int64(), nullable=False),
        pa.field("exponent", pa.float64(), nullable=False),
        pa.field("low", pa.float64()),
        pa.field("high", pa.float64()),
        pa.field("coefficient", pa.float64(), nullable=False),
    ]
)
"""One row a query, factor and measure: coefficient * level^exponent, and the exponent's 95%
interval, null with fewer than three levels. Without a row where there are fewer than two, or where
a median is 0."""


class Fit(NamedTuple):
    """A power law through some points."""

    levels: int
    exponent: float
    low: float | None
    high: float | None
    coefficient: float


def fit(levels: Sequence[float], values: Sequence[float]) -> Fit | None:
    """The power law through points, all of them positive; None with fewer than two levels, or where
    a value is 0."""
    if len(set(levels)) < 2 or min(values) <= 0:
        return None
    line = stats.linregress(np.log(levels), np.log(values))
    freedom = len(levels) - 2
    low = high = None
    if freedom > 0:
        error = 0.0 if len(set(values)) == 1 else line.stderr  # of a constant it is not a number
        reach = stats.t.ppf((1 + CONFIDENCE) / 2, freedom) * error
        low, high = float(line.slope - reach), float(line.slope + reach)
    return Fit(len(levels), float(line.slope), low, high, float(np.exp(line.intercept)))


def fits(growth: pa.Table) -> pa.Table:
    """The table `GROWTH_FIT` of a table `GROWTH`."""
    frame: pd.DataFrame = growth.to_pandas()
    rows = []
    for keys, points in frame.groupby([*QUERY, "factor", "measure"], sort=True):
        found = fit(points["level"].tolist(), points["median"].tolist())
        if found is not None:
            names = (*QUERY, "factor", "measure")
            rows.append({**dict(zip(names, keys, strict=True)), **found._asdict()})
    return pa.Table.from_pylist(rows, schema=GROWTH_FIT)
