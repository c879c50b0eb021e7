"""Why a set of StatsD counts too many: one user, in the set of each host and of each flush."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd
import pyarrow.compute as pc

from dauexp.experiments.trial import trial
from dauexp.options import contenders
from dauexp.report.explore import scenario_of
from dauexp.temporary import temporary_folder

HOSTS: Final = (1, 3, 9)
FLUSHES: Final = (10, 600, 3600, 21_600, 86_400)
"""Seconds between flushes."""


def overcount(
    users: int, hosts: Sequence[int] = HOSTS, flushes: Sequence[int] = FLUSHES
) -> pd.DataFrame:
    """What a set gives for DAU as a multiple of the truth, mean over a few days.

    Columns: hosts, flush_seconds, ratio.
    """
    (contender,) = contenders(["statsd:set"])
    rows = []
    for count in hosts:
        for seconds in flushes:
            changes = {"traffic.hosts.count": count, "statsd.flush_seconds": seconds}
            scenario = scenario_of({"traffic.users": users, **changes})
            with temporary_folder() as scratch:
                found = trial(scenario, contender, scratch / "set", questions=["dau"])
            table = found.accuracy.filter(pc.equal(found.accuracy["language"], "sql"))
            ratio = 1 + pc.mean(table["relative_error"]).as_py()
            rows.append({"hosts": count, "flush_seconds": seconds, "ratio": ratio})
    return pd.DataFrame(rows)
