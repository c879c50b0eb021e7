"""What a mistake leaves to be seen: what ingestion rejects, what monitoring shows, what is biased.

Monitoring knows no truth. What it can see is what Mozilla's own monitoring tables hold (errors by
day, distinct document ids in live and stable tables, values in no column: `schema_error_counts`,
`structured_distinct_docids`, `structured_missing_columns` in mozilla/bigquery-etl), and columns
or measurements that are empty.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from dauexp.experiments.trial import Trial
from dauexp.ingest.strategy import ERRORS, LIVE, IngestedStrategy
from dauexp.options import Strategy
from dauexp.store import read_table

ALERT_SHARE: Final = 0.01
"""The share of documents from which on monitoring tells that something is wrong with them."""


def accounts(trial: Trial) -> Counter[str]:
    """The sums of the accounts of a trial's ledger."""
    sums: Counter[str] = Counter()
    for account, count in zip(
        trial.ledger["account"].to_pylist(), trial.ledger["count"].to_pylist(), strict=True
    ):
        sums[account] += count
    return sums


def rejected(trial: Trial) -> tuple[float, str]:
    """The share of the messages that were rejected at ingestion, and the most frequent reason."""
    sums = accounts(trial)
    refused = sums["errors"] + sums["malformed"] + sums["rejected"]
    if not refused:
        return 0.0, ""
    return refused / sums["delivered"], _reason(trial)


def _reason(trial: Trial) -> str:
    if not trial.store.has(ERRORS):
        return "malformed"
    errors = read_table(trial.store.table(ERRORS))
    columns = [errors[name].to_pylist() for name in ("stage", "error_type", "pointer")]
    counted = Counter(zip(*columns, strict=True))
    (stage, kind, pointer), _ = min(counted.items(), key=lambda item: (-item[1], item[0]))
    return f"{stage}: {kind}" + (f" at {pointer}" if pointer else "")


def signals(trial: Trial, strategy: Strategy) -> list[str]:
    """What monitoring shows, in words; errors of ingestion apart, which `rejected` tells."""
    sums = accounts(trial)
    found = []
    if sums["emitted"] != sums["generated"]:
        found.append(f"{sums['emitted']} messages of {sums['generated']} requests")
    elif trial.violations:
        found.append(f"the ledger does not balance: {trial.violations[0]}")
    if sums["live"] and sums["deduplicated"] >= ALERT_SHARE * sums["live"]:
        found.append("the same document ids again and again")
    if isinstance(strategy, IngestedStrategy):
        there = trial.store.has(LIVE)
        return found + (list(_of_columns(read_table(trial.store.table(LIVE)))) if there else [])
    for table in strategy.kept.values():
        if sums["aggregated"] and not trial.store.has(table):
            found.append(f"the measurement {table} is empty")
        elif trial.store.has(table):
            points = read_table(trial.store.table(table))
            found += [f"nothing in {name}" for name in points.column_names if _empty(points[name])]
    return found


def _of_columns(live: pa.Table) -> Iterator[str]:
    """Registered metrics without any value, and values without a column."""
    metrics = live["metrics"].combine_chunks()
    for group in metrics.type:
        values = metrics.field(group.name)
        for metric in group.type:
            if _empty(values.field(metric.name)):
                yield f"nothing in {group.name}.{metric.name}"
    beside = len(live) - live["additional_properties"].null_count
    if beside >= ALERT_SHARE * len(live):
        yield "values of metrics that are not registered"


def _empty(column: pa.ChunkedArray | pa.Array) -> bool:
    return bool(pc.all(pc.is_null(column)).as_py())


_KEYS = ["question", "variant", "language", "day", "segment"]
_OF_A_ROW = ["question", "variant", "language", "segment"]


def bias(trial: Trial, right: Trial) -> pd.DataFrame:
    """How far the answers are from those without the mistake, by question and segment.

    Columns: question, variant, language, segment; `days` (on which both have an answer and the
    right one is not 0), `mean_relative_error` and `right_mean_relative_error` against the truth
    with and without the mistake, `mean_bias` and `worst_bias` (signed, the largest): the answer
    over the right one, less 1; `changed`, whether any answer is another.
    """
    columns = [*_KEYS, "answer", "relative_error"]
    one = trial.accuracy.select(columns).to_pandas()
    other = right.accuracy.select(columns).to_pandas()
    both = other.merge(one, on=_KEYS, how="left", suffixes=("_right", ""), validate="1:1")
    both["changed"] = ~(
        (both["answer"] == both["answer_right"])
        | (both["answer"].isna() & both["answer_right"].isna())
    )
    usable = both["answer_right"] != 0
    both["bias"] = (both["answer"] / both["answer_right"].where(usable)) - 1
    grouped = both.groupby(_OF_A_ROW, sort=True)
    return pd.DataFrame(
        {
            "days": grouped["bias"].count(),
            "mean_relative_error": grouped["relative_error"].mean(),
            "right_mean_relative_error": grouped["relative_error_right"].mean(),
            "mean_bias": grouped["bias"].mean(),
            "worst_bias": grouped["bias"].agg(largest),
            "changed": grouped["changed"].any(),
        }
    ).reset_index()


def largest(errors: pd.Series[float]) -> float | None:
    """The value that is farthest from 0, with its sign; None of none."""
    known = errors.dropna()
    return max(known.tolist(), key=abs, default=None)
