"""What users as a tag cost InfluxDB 1.8, as they grow from a thousand to a million.

For each number of users, one fresh server with the user as a tag (one series each) and one with the
user as a field, `POINTS` points each. Then the default limits of the index inmem, on one user more
than a tag may have values, and on twice as many; then the deletion of one user by a predicate.

Prints three tables. The whole takes some minutes and 3 GB of memory; `--users 1000,10000` is less.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.table import Table

from dauexp.services.cardinality import Place, cost, deletion
from dauexp.services.influxdb import InfluxDB

POINTS = 1_000_000
PLACES: tuple[Place, ...] = ("tag", "field")
USERS = "1000,10000,100000,1000000"
DEFAULTS = InfluxDB(index="inmem", max_series=1_000_000, max_values_per_tag=100_000)


def shown(rows: Iterable[Any], title: str) -> None:
    """Prints rows, numbers short."""
    rows = list(rows)
    table = Table(title=title)
    for name in rows[0]._fields:
        table.add_column(name, justify="right", overflow="fold")
    for row in rows:
        table.add_row(
            *(f"{each:,.4g}" if isinstance(each, float) else _short(each) for each in row)
        )
    Console(width=200).print(table)


def _short(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def main() -> None:
    """Measures and prints."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--users", default=USERS, help="numbers of users, with commas")
    arguments.add_argument("--points", type=int, default=POINTS)
    given = arguments.parse_args()
    users = [int(each) for each in given.users.split(",")]
    costs = [cost(place, each, max(each, given.points)) for each in users for place in PLACES]
    shown(costs, "user as tag and as field, index tsi1, no limits")
    limited = [cost("tag", each, each, DEFAULTS) for each in (100_000, 100_001, 200_000)]
    shown(limited, "user as tag, index inmem, default limits")
    shown([deletion(place, 1000, 100_000) for place in PLACES], "one user deleted")


if __name__ == "__main__":
    main()
