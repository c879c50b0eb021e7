"""What a sweep found, in a few rows: numbers for scripts, words for people."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from dauexp.measures.replicates import plain
from dauexp.measures.sensitivity import PAIR, QUESTIONS, seen_from
from dauexp.options import options
from dauexp.results import result, tables
from dauexp.scenario import Scenario
from dauexp.sweep.plan import Sweep, points

Row = Mapping[str, object]


def planned(sweep: Sweep, base: Scenario) -> list[Row]:
    """One row a point: its setting, replicate, seed and what it changes."""
    return [
        {
            "setting": each.setting.number,
            "replicate": each.replicate,
            "seed": each.scenario.seed,
            "changes": each.setting.label,
        }
        for each in points(sweep, base)
    ]


def figures(folder: Path) -> list[Row]:
    """The numbers of a sweep, in rows: of a sample, those of `agreement`; of other sweeps, those of
    `replicates` for the main questions, with each setting's label. None where all points failed."""
    if "agreement" in tables(folder):
        rows = result(folder, "agreement").to_pylist()
        return [row for row in rows if row["question"] in QUESTIONS]
    return [{str(key): value for key, value in row.items()} for row in _replicates(folder)]


def heading(folder: Path) -> str:
    """What the rows of `told` are."""
    if "agreement" in tables(folder):
        return "In which share of the settings an option is nearer the truth than another:"
    return "Mean error of daily active users (%), and half its 95% interval:"


def told(folder: Path) -> list[Row]:
    """The same for people: of a sample, who is how often nearer, and what decides it; of other
    sweeps, the mean error of DAU in percent and half its interval, a setting a row and a contender
    a column."""
    if "agreement" in tables(folder):
        return _agreement(folder)
    cells: dict[object, dict[str, object]] = {}
    for row in _replicates(folder):
        if row["question"] == QUESTIONS[0]:
            name = row["option"] if _single(row["option"]) else row["strategy"]
            cells.setdefault(row["setting"], {"setting": row["label"]})[name] = _error(row)
    names = {name: "" for row in cells.values() for name in row}
    return [{**names, **row} for row in cells.values()]


def _replicates(folder: Path) -> list[dict[Hashable, Any]]:
    if "replicates" not in tables(folder):
        return []
    rows = result(folder, "replicates").to_pandas()
    rows = plain(rows[rows["question"].isin(QUESTIONS) & (rows["segment"] == "all")])
    labels = result(folder, "settings").to_pandas()[["setting", "label"]]
    rows = rows.merge(labels, on="setting")
    order = rows["question"].map(list(QUESTIONS).index)
    rows = rows.assign(order=order).sort_values(["setting", "order", "option", "strategy"])
    return rows.drop(columns="order").to_dict("records")


def _error(row: Mapping[Hashable, Any]) -> str:
    """`-3.2`, and below it `±1.1`; `exact` where no day is off."""
    if row["off_share"] == 0:
        return "exact"
    mean, half = 100 * row["mean_relative_error"], (row["high"] - row["low"]) / 2
    if abs(mean) < 0.0005:
        return "~0"
    return f"{mean:+.{_digits(mean)}f}" + ("" if pd.isna(half) else f"\n±{_plain(100 * half)}")


def _plain(value: float) -> str:
    return f"{value:.{_digits(value)}f}"


def _digits(value: float) -> int:
    """Digits behind the point, by the size of the number."""
    return 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 0.1 else 3


def _agreement(folder: Path) -> list[Row]:
    """The first option against each other, by its best strategy and by every one."""
    first = next(iter(options()))
    pairs, flips = (
        seen_from(result(folder, name).to_pandas(), first) for name in ("agreement", "flips")
    )
    best = flips[flips["gain"] > flips["gain_by_chance"]].sort_values("gain", ascending=False)
    rules = {tuple(row[key] for key in PAIR): row for row in best[::-1].to_dict("records")}
    pairs["order"] = pairs["question"].map(list(QUESTIONS).index)
    pairs = pairs.sort_values(["order", "level", "other_option", "other_strategy"])
    rows: list[Row] = []
    for pair in pairs.to_dict("records"):
        rule = rules.get(tuple(pair[key] for key in PAIR))
        if pair["level"] == "options" and _single(pair["other_option"]):
            continue  # the same as that of its only strategy
        rows.append(
            {
                "question": pair["question"],
                f"{first} against": _name(pair["other_option"], pair["other_strategy"]),
                "nearer": f"{pair['nearer_share']:.0%}",
                "equal": f"{pair['equal_share']:.0%}",
                "farther": f"{pair['farther_share']:.0%}",
                "settings": pair["settings"],
                "what decides it": _told(rule) if rule else "",
            }
        )
    return rows


def _told(rule: Mapping[Hashable, Any]) -> str:
    return f"{rule['outcome']} where {rule['rule']}, else {rule['otherwise']}"


def _name(option: str, strategy: str) -> str:
    if not strategy:
        return option if _single(option) else f"{option} (best)"
    return option if _single(option) else f"{option}:{strategy}"


def _single(option: str) -> bool:
    known = options().get(option)
    return known is not None and len(known.strategies) == 1
