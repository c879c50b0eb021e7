"""What a sweep found, as sentences: whatever it is of, by the tables that it has."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import pandas as pd

from dauexp.measures.replicates import plain
from dauexp.measures.sensitivity import PAIR
from dauexp.report import tried
from dauexp.report.frames import USERS, Frames, short
from dauexp.report.words import percent


def found(sweep: Frames) -> list[str]:
    """Of faults, what each does; of other replicates, the errors of the base; of a sample of
    scenarios, how often the order of the options is the same, and what turns it over."""
    if "agreement" in sweep:
        return [*_orders(sweep["orders"]), *_flips(sweep["flips"])]
    if "robustness" in sweep:
        return tried.robustness(sweep)
    if "replicates" in sweep:
        return list(_replicates(sweep["replicates"]))
    return ["No point of this sweep was finished."]


def _replicates(rows: pd.DataFrame) -> Iterator[str]:
    rows = plain(rows[(rows["setting"] == 0) & (rows["segment"] == "all")])
    for who, mine in rows[rows["question"].isin(USERS)].groupby("contender", sort=False):
        told = map(_replicated, mine.sort_values("question", key=_in_order).to_dict("records"))
        yield f"{who}: {'; '.join(told)}."


def _replicated(row: Mapping[Hashable, Any]) -> str:
    asked = short(row["question"])
    if not row["off_share"]:
        return f"{asked} exact in all {row['replicates']} replicates"
    return (
        f"{asked} {percent(row['mean_relative_error'])} off in the mean ({percent(row['low'])} to "
        f"{percent(row['high'])}), at worst {percent(row['worst_relative_error'])}"
    )


def _orders(rows: pd.DataFrame) -> Iterator[str]:
    """The most frequent order of the options, each by its best strategy."""
    rows = rows[rows["level"] == "options"].sort_values("share", ascending=False, kind="stable")
    for question, mine in rows.sort_values("question", key=_in_order).groupby(
        "question", sort=False
    ):
        first = mine.sort_values("share", ascending=False).iloc[0]
        yield (
            f"By the error of {short(str(question))}, the order {first['ranking']} is that of "
            f"{first['share']:.0%} of {mine['settings'].sum()} settings."
        )


def _flips(rows: pd.DataFrame) -> Iterator[str]:
    """Of each pair of options, the parameter that foretells best who is nearer, beyond chance."""
    rows = rows[(rows["level"] == "options") & (rows["gain"] > rows["gain_by_chance"])]
    best = rows.sort_values("gain", ascending=False).drop_duplicates(PAIR)
    for row in best.sort_values("question", key=_in_order, kind="stable").to_dict("records"):
        yield (
            f"Whether {row['option']} is nearer in {short(str(row['question']))} than "
            f"{row['other_option']} hangs most on {row['parameter']}: {row['outcome']} where "
            f"{row['rule']}, else {row['otherwise']}; that is right in {row['gain']:.0%} more of "
            f"the settings than always saying the most frequent."
        )
    if best.empty:
        yield "No parameter foretells beyond chance which of two options is nearer."


def _in_order(questions: pd.Series[str]) -> pd.Series[int]:
    return questions.map(list(USERS).index)
