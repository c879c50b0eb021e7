"""Small segments are left out of everything that a report shows, where the scenario asks for it.

A segment of a question is small if on any day it had fewer users than `report.min_segment`, but
some: then all of its days are left out, for a gap would tell the day. Where only one segment of a
question is left out, the total and the others would tell it, exactly if no user is in two of them;
so the smallest of the others goes with it. The stored tables of the run keep everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import pandas as pd

WHOLE: Final = "all"
"""The segment that is everyone."""

Tables = Mapping[str, pd.DataFrame]


def left_out(tables: Tables, least: int) -> dict[str, list[str]]:
    """The segments that are left out, by question, from the tables `truth` and `classification`."""
    users = pd.DataFrame(_users(tables), columns=["question", "segment", "fewest", "most"])
    users = users.groupby(["question", "segment"]).agg({"fewest": "min", "most": "max"})
    found = {}
    for question, mine in users.reset_index().groupby("question"):
        small = mine["fewest"] < least
        if small.sum() == 1 and len(mine) > 1:
            small |= mine["most"] == mine.loc[~small, "most"].min()
        if small.any():
            found[str(question)] = sorted(mine.loc[small, "segment"])
    return found


def _users(tables: Tables) -> Iterator[tuple[str, str, float, float]]:
    """Fewest and most users of each segment on any day on which it had any."""
    for name, column in (
        ("truth", "value"),
        ("classification", "classified"),
        ("classification", "truly"),
    ):
        rows = tables.get(name, pd.DataFrame(columns=["question", "segment", column]))
        rows = rows[(rows["segment"] != WHOLE) & (rows[column] > 0)]
        users = rows.groupby(["question", "segment"])[column].agg(["min", "max"]).reset_index()
        yield from users.itertuples(index=False, name=None)


def without_small(tables: Tables, least: int) -> dict[str, pd.DataFrame]:
    """The tables without the rows of segments that are left out. A table of segments that is of no
    question loses those that are left out of any."""
    out = left_out(tables, least)
    anywhere = {segment for segments in out.values() for segment in segments}
    pairs = {(question, segment) for question, segments in out.items() for segment in segments}

    def shown(frame: pd.DataFrame) -> pd.DataFrame:
        if not pairs or "segment" not in frame:
            return frame
        if "question" not in frame:
            return frame[~frame["segment"].isin(anywhere)]
        keys = zip(frame["question"], frame["segment"], strict=True)
        return frame[[key not in pairs for key in keys]]

    return {name: shown(frame) for name, frame in tables.items()}


def told(tables: Tables, least: int) -> str:
    """What is left out, as a sentence; empty where nothing is."""
    out = left_out(tables, least)
    if not out:
        return ""
    named = "; ".join(f"{question} {', '.join(segments)}" for question, segments in out.items())
    return (
        f"Left out, with fewer than {least:,} users on some day, or so that these cannot be "
        f"computed from the total: {named}."
    )
