"""What queries are found to be and to cost, as sentences and tables: computed, never typed."""

from __future__ import annotations

from typing import Any

import pandas as pd

from dauexp.growth.lastseen import DIRECT, INCREMENTAL
from dauexp.report.frames import Frames, contenders, short
from dauexp.report.plots.daysseen import both, longest
from dauexp.report.plots.growth import FACTORS, MEASURES
from dauexp.report.words import listed

RATE_PER_MINUTE = 190_000
"""Requests in the decision record."""

MINUTES = 24 * 60


def capability(run: Frames) -> list[str]:
    """Who can be asked everything, and what the others cannot be asked."""
    rows = run["capability"]
    found = []
    for who in contenders(run)["contender"]:
        mine = rows[rows["contender"] == who]
        if mine.empty:
            continue
        asked = mine.groupby("question", sort=False)["possible"].any()
        exact = mine[mine["found"] == "exact"]["question"].nunique()
        told = f"{who} can be asked {asked.sum()} of {len(asked)} questions, {exact} exactly"
        missing = list(asked.index[~asked])
        told += f"; not {listed(map(short, missing))}" if 0 < len(missing) <= 3 else ""
        found.append(f"{told}.")
    return found


def complexity(run: Frames) -> list[str]:
    """The easiest and the most difficult to query, and what must be known or done beside."""
    rows = run["complexity"]
    inside = rows[rows["outside_steps"] == 0]
    means = inside.groupby(["contender", "language"])["difficulty"].mean().sort_values()
    (first, of), (last, to) = means.index[0], means.index[-1]
    extremes = (
        f"Of queries without steps outside the database, those of {first} in {of} are the easiest "
        f"in the mean (difficulty {means.iloc[0]:.1f}), those of {last} in {to} the most difficult "
        f"({means.iloc[-1]:.1f}); but not all answer the same questions."
    )
    dau = inside[inside["question"] == "dau"].groupby("contender")["difficulty"].min()
    told = listed(f"{who} {dau[who]:.0f}" for who in contenders(run)["contender"] if who in dau)
    found = [extremes, *_alike(run), f"DAU alone, by the easiest query: {told}."]
    for column, said in (
        ("outside_steps", "Steps outside the database"),
        ("constants", "Constants that must be known beforehand"),
    ):
        some = (rows[column] > 0).groupby(rows["contender"], sort=False).agg(["sum", "size"])
        told = listed(
            f"{who} in {number} of {every} queries"
            for who, number, every in some.itertuples()
            if number
        )
        found.append(f"{said} are needed by {told}.")
    return found


def _alike(run: Frames) -> list[str]:
    """The mean difficulty of the same questions for all, and who leaves work to others in them."""
    rows = run["complexity"]
    rows = rows[(rows["language"] == "sql") & rows["shared"]] if "shared" in rows else rows[:0]
    if rows.empty:
        return []
    means = rows.groupby("contender")["difficulty"].mean()
    told = listed(f"{who} {means[who]:.1f}" for who in contenders(run)["contender"] if who in means)
    asked = listed(map(short, rows["question"].unique()))
    found = f"Of what all can be asked in SQL ({asked}), the mean difficulty is: {told}."
    outside = rows[rows["outside_steps"] > 0]["contender"].unique()
    return [f"{found} Steps outside the database are left to do by {listed(outside)}."]


def growth(run: Frames, question: str = "mau") -> list[str]:
    """How a question's cost grows with each factor, a sentence each measure."""
    laws = run["growth_fit"]
    laws = laws[laws["question"] == question]
    found = []
    for (factor, measure), mine in laws.groupby(["factor", "measure"], sort=False):
        if measure not in ("time_seconds", "rows_read"):
            continue
        told = listed(
            f"{row.contender} {row.exponent:.2f}" + (" (days seen)" if row.variant else "")
            for row in mine.itertuples()
        )
        name = MEASURES[str(measure)].partition(" (")[0]
        found.append(
            f"With {FACTORS[str(factor)]}, {name} of {short(question)} grows with the exponent: "
            f"{told}."
        )
    return found


def days_seen(costs: pd.DataFrame) -> list[str]:
    """What the answer of the last day costs by both ways to a trailing window."""
    question = longest(costs)
    rows = both(costs, question)
    last = rows[rows["day"] == rows["day"].max()].set_index("way")
    found = []
    for measure in ("rows_read", "bytes_read", "time_seconds"):
        direct, other = last.loc[DIRECT, measure], last.loc[INCREMENTAL, measure]
        name = MEASURES[measure].partition(" (")[0]
        found.append(f"{name} {direct / other:.3g} times")
    told = f"For the last day's {short(question)}, the documents of the whole window take "
    return [f"{told}{listed(found)} what the table of days seen takes, its step counted in."]


def at_rate(run: Frames, per_minute: int = RATE_PER_MINUTE) -> pd.DataFrame:
    """What each contender would take at a rate of requests, at the cost of each in this run: cores
    to emit and to collect, and bytes on the wire a day. A row a contender, in their order."""
    columns = ["emit_cpu_seconds", "collect_cpu_seconds", "wire_bytes", "requests"]
    totals = run["cost"].groupby("contender")[columns].sum()
    each = totals.div(totals["requests"], axis="index")
    table = pd.DataFrame(
        {
            "cores to emit": each["emit_cpu_seconds"] * per_minute / 60,
            "cores to collect": each["collect_cpu_seconds"] * per_minute / 60,
            "GB a day on the wire": each["wire_bytes"] * per_minute * MINUTES / 1e9,
        }
    )
    return table.reindex(contenders(run)["contender"])


def cost(run: Frames) -> list[str]:
    """What the record's rate would take, a sentence a resource."""
    table = at_rate(run)
    rate = f"{RATE_PER_MINUTE:,} requests a minute"
    cores = table["cores to emit"] + table["cores to collect"]
    found = [
        f"At {rate}, {_span(cores, 'cores to emit and to collect', '.2f')}.",
        f"At {rate}, {_span(table['GB a day on the wire'], 'GB a day on the wire', ',.0f')}.",
    ]
    if "storage" in run:
        kept = run["storage"].groupby("contender")["bytes"].sum()
        requests = run["cost"].groupby("contender")["requests"].sum()
        found.append(f"In this run, {_span(kept / requests, 'bytes at rest a request', ',.1f')}.")
    return found


def _span(values: pd.Series[Any], of: str, form: str) -> str:
    """From the least to the most."""
    ordered = values.dropna().sort_values(kind="stable")
    least, most = ordered.index[0], ordered.index[-1]
    few, many = f"{ordered.iloc[0]:{form}}", f"{ordered.iloc[-1]:{form}}"
    return f"{least} takes {few} {of}, {most} {many}"
