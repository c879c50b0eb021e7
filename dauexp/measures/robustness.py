"""What faults do to the answers: errors under each fault and strength, beside a faultless run."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from dauexp.measures.replicates import QUERY, arrow

NONE = "none"
"""The name of no fault."""

ROBUSTNESS = pa.schema(
    [
        pa.field("setting", pa.int64()),
        pa.field("fault", pa.string(), nullable=False),
        pa.field("strength", pa.float64()),
        *(pa.field(name, pa.string(), nullable=name == "strategy") for name in QUERY[:2]),
        *(pa.field(name, pa.string()) for name in QUERY[2:]),
        pa.field("replicates", pa.int64()),
        pa.field("mean_relative_error", pa.float64()),
        pa.field("low", pa.float64()),
        pa.field("high", pa.float64()),
        pa.field("worst_relative_error", pa.float64()),
        pa.field("difference", pa.float64()),
        pa.field("difference_low", pa.float64()),
        pa.field("difference_high", pa.float64()),
        pa.field("lost_share", pa.float64()),
    ]
)
"""One row a fault, strength, query and segment; the fault is `none` for the faultless runs.

Errors are those of `dauexp.measures.replicates.REPLICATES`, `difference` those of its
`AGAINST_BASE`, null for the faultless runs. `lost_share` is the share of the messages put on the
wire that were lost on it, mean over the replicates; what a server forgot or refused is not in it.
Where a loss is measured without any question, only fault, strength, option and `lost_share` are
told."""


def robustness(
    settings: pa.Table, replicates: pa.Table, against_base: pa.Table, ledger: pa.Table
) -> pa.Table:
    """The table `ROBUSTNESS`.

    `settings` has setting, varied (empty in a base) and strength; `ledger` has setting, replicate,
    option, strategy, account and count.
    """
    told = settings.select(["setting", "varied", "strength"]).to_pandas()
    told["fault"] = told["varied"].where(told["varied"] != "", NONE)
    differences = against_base.to_pandas().rename(
        columns={"low": "difference_low", "high": "difference_high"}
    )
    rows = (
        replicates.to_pandas()
        .merge(told, on="setting")
        .merge(differences, on=["setting", *QUERY], how="left")
        .merge(lost_shares(ledger), on=["setting", "option", "strategy"], how="left")
    )
    return arrow(rows, ROBUSTNESS)


def lost_shares(ledger: pa.Table) -> pd.DataFrame:
    """One row a setting, option and strategy, with `lost_share` as in the table `ROBUSTNESS`: mean
    over replicates. `ledger` is as in `robustness`."""
    keys = ["setting", "option", "strategy"]
    frame = ledger.to_pandas()
    wide = frame.pivot_table(
        index=[*keys, "replicate"], columns="account", values="count", aggfunc="sum", fill_value=0
    ).reindex(columns=["emitted", "duplicated", "lost"], fill_value=0)
    share = wide["lost"] / (wide["emitted"] + wide["duplicated"])
    return pd.DataFrame({"lost_share": share.groupby(keys, sort=True).mean()}).reset_index()
