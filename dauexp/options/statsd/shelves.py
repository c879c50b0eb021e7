"""Where the points of a large table lie: all of one user in one file.

Rows of a table have no order that a question could ask of. But who counts distinct users of a
large table in order of time must keep nearly every row until the end, for each user comes again
all day; of a day of production, that is more than DuckDB can in 2 GB. Read shelf by shelf, each
user is soon counted and need not be kept again.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from dauexp.database import connect
from dauexp.options.statsd.settlement import OPEN_FILES


def shelved(points: pa.Table, by: str, shelves: int) -> Iterator[tuple[int, pa.Table]]:
    """The shelves, by number, with those of the points that belong on them, in the order that they
    had. Equal values of the column `by` belong on one shelf, whatever table they are of."""
    shelves = min(shelves, OPEN_FILES)
    with connect() as connection:
        connection.register("points", points)
        found = connection.sql(f'SELECT hash("{by}") % {shelves} AS shelf FROM points')
        shelf = np.asarray(found.to_arrow_table()["shelf"])
    order = np.argsort(shelf, kind="stable")
    ends = np.searchsorted(shelf[order], np.arange(shelves + 1))
    ordered = points.take(pa.array(order))
    for number in range(shelves):
        rows = ordered.slice(ends[number], ends[number + 1] - ends[number])
        if rows.num_rows:
            yield number, rows
