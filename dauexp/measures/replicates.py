"""Errors over replicates: their mean with its interval, the worst of them, and what differs by
pairs.

A replicate is one run with a seed of its own. Its days are not independent of each other (the same
users come again), so the days of a replicate are averaged first, and the interval is of the mean
over replicates, which are independent. They are few and their spread is not known but estimated,
so the interval is Student's: with 5 replicates, one by the normal distribution would hold the true
mean in 88% of the cases, not in 95%. `tests/theory/test_intervals.py` counts that it does.

Student's interval says nothing where no replicate differs from another, as where all are exact.
There, `off_share_high` tells how large the share of replicates with any error may still be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from scipy import stats

CONFIDENCE = 0.95
QUERY = ["option", "strategy", "question", "variant", "language", "segment"]
"""What is asked of whom, in which way: an error is of one of these."""

_STATISTICS = [
    pa.field("replicates", pa.int64(), nullable=False),
    pa.field("mean_relative_error", pa.float64()),
    pa.field("low", pa.float64()),
    pa.field("high", pa.float64()),
    pa.field("worst_relative_error", pa.float64()),
]
_QUERY = [pa.field(name, pa.string(), nullable=False) for name in QUERY]
_SETTING = pa.field("setting", pa.int64(), nullable=False)

REPLICATES = pa.schema(
    [
        _SETTING,
        *_QUERY,
        *_STATISTICS,
        pa.field("off_share", pa.float64()),
        pa.field("off_share_high", pa.float64()),
    ]
)
"""One row a setting, query and segment. `replicates` are those with an answer;
`mean_relative_error` is the mean over them of their means over the days, `low` and `high` its 95%
interval, null with fewer than two; `worst_relative_error` the one farthest from 0 on any day of any
replicate.
`off_share` is the share of replicates with any error on any day, and `off_share_high` its upper
limit at 95% confidence (Clopper and Pearson)."""

BY_DAY = pa.schema([_SETTING, *_QUERY, pa.field("day", pa.date32(), nullable=False), *_STATISTICS])
"""The same for each day on its own."""

AGAINST_BASE = pa.schema(
    [
        _SETTING,
        *_QUERY,
        pa.field("pairs", pa.int64(), nullable=False),
        pa.field("difference", pa.float64()),
        pa.field("low", pa.float64()),
        pa.field("high", pa.float64()),
    ]
)
"""What a setting does: its relative error minus that of the base with the same seed, mean over
`pairs` of replicates with its 95% interval."""

BETWEEN_CONTENDERS = pa.schema(
    [
        _SETTING,
        *(pa.field(name, pa.string(), nullable=False) for name in ("question", "segment")),
        *(pa.field(name, pa.string(), nullable=False) for name in ("option", "strategy")),
        pa.field("other_option", pa.string(), nullable=False),
        pa.field("other_strategy", pa.string(), nullable=False),
        pa.field("pairs", pa.int64(), nullable=False),
        pa.field("difference", pa.float64()),
        pa.field("low", pa.float64()),
        pa.field("high", pa.float64()),
    ]
)
"""How much nearer the truth a contender is than another in the same runs: the mean over the days of
the absolute relative error, minus that of the other; below 0 it is nearer. Each by its plain query
(`plain`)."""


def replicates(errors: pd.DataFrame) -> pa.Table:
    """The table `REPLICATES` from errors: one row a setting, replicate, query, segment and day,
    with `relative_error`, null where there is no answer."""
    keys = ["setting", *QUERY]
    means = by_replicate(errors)
    table = _summary(means, keys, "mean", "worst")
    off = means.assign(off=means["worst"].abs().gt(0)).groupby(keys, sort=True)["off"]
    count, total = off.sum().to_numpy(float), table["replicates"].to_numpy(float)
    table["off_share"] = count / total
    high = stats.beta.ppf(CONFIDENCE, count + 1, np.maximum(total - count, 1e-12))
    table["off_share_high"] = np.where(count == total, 1.0, high)
    return arrow(table, REPLICATES)


def by_day(errors: pd.DataFrame) -> pa.Table:
    """The table `BY_DAY` from the same errors."""
    answered = errors.dropna(subset="relative_error")
    keys = ["setting", *QUERY, "day"]
    return arrow(_summary(answered, keys, "relative_error", "relative_error"), BY_DAY)


def against_base(errors: pd.DataFrame, bases: Mapping[int, int]) -> pa.Table:
    """The table `AGAINST_BASE`: each setting of `bases` against the setting that is its base."""
    means = by_replicate(errors)
    by = ["base", "replicate", *QUERY]
    base = means.rename(columns={"setting": "base"})[[*by, "mean"]]
    changed = means[means["setting"].isin(list(bases))]
    changed = changed.assign(base=changed["setting"].map(bases))
    pairs = changed.merge(base, on=by, suffixes=("", "_base"))
    pairs["difference"] = pairs["mean"] - pairs["mean_base"]
    return arrow(_differences(pairs, ["setting", *QUERY]), AGAINST_BASE)


def between_contenders(errors: pd.DataFrame) -> pa.Table:
    """The table `BETWEEN_CONTENDERS`: each pair of contenders, in the order of their names."""
    absolute = plain(errors).assign(relative_error=lambda rows: rows["relative_error"].abs())
    means = by_replicate(absolute)
    by = ["setting", "replicate", "question", "segment"]
    columns = [*by, "option", "strategy", "mean"]
    pairs = means[columns].merge(means[columns], on=by, suffixes=("", "_other"))
    first = pairs["option"] + ":" + pairs["strategy"]
    pairs = pairs[first < pairs["option_other"] + ":" + pairs["strategy_other"]]
    pairs = pairs.rename(
        columns={"option_other": "other_option", "strategy_other": "other_strategy"}
    )
    pairs["difference"] = pairs["mean"] - pairs["mean_other"]
    return arrow(_differences(pairs, BETWEEN_CONTENDERS.names[:7]), BETWEEN_CONTENDERS)


def by_replicate(errors: pd.DataFrame) -> pd.DataFrame:
    """Mean over the days answered (`mean`) and the error farthest from 0 (`worst`) of each
    replicate; those without an answer on any day are left out."""
    keys = ["setting", "replicate", *QUERY]
    grouped = errors.dropna(subset="relative_error").groupby(keys, sort=True)["relative_error"]
    found = grouped.agg(mean="mean", low="min", high="max").reset_index()
    found["worst"] = _farthest(found["low"], found["high"])
    return found.drop(columns=["low", "high"])


def plain(errors: pd.DataFrame) -> pd.DataFrame:
    """The errors of the plain query of each contender and question: without a variant where there
    is one, in the first of its languages."""
    by = ["option", "strategy", "question"]
    way = [*by, "variant", "language"]
    first = errors[way].drop_duplicates().sort_values(way).drop_duplicates(by)
    return errors.merge(first, on=way)


def intervals(
    mean: npt.NDArray[Any], deviation: npt.NDArray[Any], count: npt.NDArray[Any]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Lower and upper ends of Student's 95% intervals of means, from the mean, the sample standard
    deviation and the number of independent values, all of one shape; NaN with fewer than two.

    Source: Student, "The probable error of a mean", Biometrika 6 (1908).
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        quantile = stats.t.ppf((1 + CONFIDENCE) / 2, np.where(count > 1, count - 1, np.nan))
        half = quantile * deviation / np.sqrt(count)
    return mean - half, mean + half


def _summary(rows: pd.DataFrame, keys: Sequence[str], mean: str, worst: str) -> pd.DataFrame:
    grouped = rows.groupby(list(keys), sort=True)
    values, extremes = grouped[mean], grouped[worst]
    table = values.agg(replicates="count", mean_relative_error="mean", deviation="std")
    count = table["replicates"].to_numpy(float)
    table["low"], table["high"] = intervals(
        table["mean_relative_error"].to_numpy(), table["deviation"].to_numpy(), count
    )
    table["worst_relative_error"] = _farthest(extremes.min(), extremes.max())
    return table.reset_index()


def _differences(pairs: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    grouped = pairs.groupby(list(keys), sort=True)["difference"]
    table = grouped.agg(pairs="count", difference="mean", deviation="std")
    table["low"], table["high"] = intervals(
        table["difference"].to_numpy(float),
        table["deviation"].to_numpy(float),
        table["pairs"].to_numpy(float),
    )
    return table.reset_index()


def _farthest(low: pd.Series, high: pd.Series) -> pd.Series:
    """Of two ends, the one farther from 0."""
    return high.where(high.abs() >= low.abs(), low)


def arrow(table: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    """The columns of a schema as an Arrow table."""
    return pa.Table.from_pandas(table[schema.names], schema=schema, preserve_index=False)
