"""What experiments and sweeps found, as sentences: computed, never typed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from dauexp.experiments.calibration import EARLIER, SAME
from dauexp.report.frames import Frames, short
from dauexp.report.plots.calibration import drift_of
from dauexp.report.plots.evolution import PARTS, SHARES
from dauexp.report.plots.robustness import case_of
from dauexp.report.words import listed, percent


def lateness(run: Frames) -> list[str]:
    """What late documents do to DAU: the worst case, and those that change nothing."""
    rows = run["lateness"].assign(case=[case_of(row) for row in _rows(run["lateness"])])
    worst = rows.groupby("case", sort=False)["relative_error"].apply(lambda e: e.abs().max())
    exact = list(worst.index[worst == 0])
    found = [f"DAU stays exact with documents {listed(exact)}."] if exact else []
    if worst.max() > 0:
        case = worst.idxmax()
        mine = rows[rows["case"] == case].groupby("option")["relative_error"].mean()
        told = listed(f"{option} {percent(error)}" for option, error in mine.items())
        found.append(
            f"Worst are documents {case}: in the mean {told}, on one day "
            f"{percent(worst.max()).lstrip('+')} off."
        )
    return found


def calibration(run: Frames, question: str = "dau") -> list[str]:
    """What drift of requests per user does to who estimates users from them, at the greatest
    strength of each drift; and how little of it shows on the days of calibration themselves."""
    rows = run["calibration_errors"]
    rows = rows[rows["question"] == question]
    found = []
    for (who, drift), mine in rows.groupby(["contender", "drift"], sort=False):
        strongest = mine[mine["strength"] == mine["strength"].max()].set_index("calibrated_on")
        row, same = strongest.loc[EARLIER], strongest.loc[SAME]
        found.append(
            f"{who}, {drift_of(str(drift), row['strength'])}: {short(question)} "
            f"{percent(row['mean_relative_error'])} off in the mean ({percent(row['low'])} to "
            f"{percent(row['high'])}), by the closed form "
            f"{percent(row['expected_relative_error'])}, on a day "
            f"{percent(row['expected_worst_relative_error'])}; calibrated on the same days "
            f"{percent(same['mean_relative_error'])}."
        )
    return found


def robustness(sweep: Frames, question: str = "dau") -> list[str]:
    """What each fault does at its greatest strength, beside faultless runs of the same seeds."""
    rows = sweep["robustness"]
    rows = rows[(rows["question"] == question) & (rows["segment"] == "all")]
    rows = rows.dropna(subset=["difference"]).sort_values("strength")
    last = rows.groupby(["fault", "contender"], sort=False).tail(1)
    found = []
    for fault, mine in last.groupby("fault", sort=False):
        told = listed(
            f"{row['contender']} by {_points(row)}" for row in _rows(mine.sort_values("contender"))
        )
        strength = mine["strength"].max()
        found.append(
            f"{str(fault).replace('_', ' ')} of {strength:g} moves {short(question)} of {told}."
        )
    return [each[0].upper() + each[1:] for each in found]


def _points(row: Mapping[str, Any]) -> str:
    """A difference of errors with its interval, in percentage points."""
    points = f"{100 * row['difference']:+.2f}"
    if pd.isna(row["difference_low"]):
        return f"{points} points"
    low, high = 100 * row["difference_low"], 100 * row["difference_high"]
    return f"{points} points ({low:+.2f} to {high:+.2f})"


def mistakes(run: Frames) -> list[str]:
    """How many mistakes each option notices, and how many it does not."""
    rows = run["mutation"]
    found = []
    for option, mine in rows.groupby("option", sort=False):
        counts = mine["verdict"].value_counts()
        told = listed(f"{count} {verdict}" for verdict, count in counts.items())
        found.append(f"Of {len(mine)} mistakes in the code of {option}: {told}.")
    return found


def overcount(ratios: pd.DataFrame) -> list[str]:
    """How far a set is off, at best and at worst."""
    best, worst = (_rows(ratios.sort_values("ratio", ascending=up))[0] for up in (True, False))
    told = [
        f"{row['ratio']:.2f} times the truth with {row['hosts']:g} host{'s' * (row['hosts'] > 1)} "
        f"and a flush of {row['flush_seconds']:,.0f} s"
        for row in (worst, best)
    ]
    return [f"A set gives {told[0]}, and still {told[1]}."]


def evolution(run: Frames) -> list[str]:
    """What changes cost each contender, and what each change broke."""
    rows = run["evolution"]
    rows = rows.assign(hand=rows[[part for part in PARTS if part[0] != "g"]].sum(axis=1))
    found = [
        f"{who}: {mine['hand'].sum():,} lines by hand for {listed(_told(mine['change']))}."
        for who, mine in rows.groupby("contender", sort=False)
    ]
    for row in _rows(rows):
        short_of = [
            f"{name} {row[share]:.0%}"
            for share, name in SHARES.items()
            if not pd.isna(row[share]) and row[share] < 1
        ]
        if short_of:
            change = str(row["change"]).replace("_", " ")
            found.append(f"{row['contender']}, {change}: {listed(short_of)}.")
    return found


def _told(names: Iterable[object]) -> Iterator[str]:
    return (str(name).replace("_", " ") for name in names)


def deletion(run: Frames) -> list[str]:
    """Who can delete what, and what it leaves."""
    rows = run["deletion"]
    found = []
    for who, mine in rows[rows["identity"] == "per-device"].groupby("contender", sort=False):
        ways = [_way(row) for row in _rows(mine)]
        found.append(f"{who} {'; '.join(ways)}.")
    return found


def _way(row: Mapping[str, Any]) -> str:
    if not row["possible"]:
        return f"cannot delete: {row['reason']}"
    left = f"{row['ids_remaining']} of {row['ids_before']} ids remain"
    return (
        f"deletes by the {row['named']}, {row['statements']} statements for "
        f"{row['devices_asked']} devices: {left}"
    )


def rotation(run: Frames) -> list[str]:
    """How far the answers of the first contender are off after the secret was changed, and how
    long."""
    rows = run["rotation"]
    who = rows["contender"].iloc[0]
    rows = rows[(rows["contender"] == who) & (rows["days_after"] >= 0)]
    rows = rows.dropna(subset=["expected_relative_error", "relative_error"])
    found = []
    for question, mine in rows.groupby("question", sort=False):
        off = mine[mine["relative_error"] != 0]
        told = f"After the secret was changed, {who} gives {short(str(question))}"
        if len(off):
            worst = percent(off["relative_error"].max())
            found.append(f"{told} up to {worst} off, until day {off['days_after'].max()}.")
        else:
            found.append(f"{told} exactly: a day knows one secret.")
    return found


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]
