"""How far the segments that Sync computes from user agents are from the true ones."""

from __future__ import annotations

import pyarrow as pa

from dauexp.database import connect

_COMPARE = """
SELECT question, day, segment, classified.value AS classified, truly.value AS truly,
       CASE WHEN truly.value > 0 THEN classified.value / truly.value - 1
            WHEN classified.value = 0 THEN 0 END AS relative_error
FROM classified JOIN truly USING (question, day, segment)
WHERE contains(question, '_by_')
ORDER BY ALL
"""


def classification(classified: pa.Table, truly: pa.Table) -> pa.Table:
    """Users per segment as Sync classifies user agents beside users per true segment.

    Both are tables `TRUTH`. One row per question, day and segment; `relative_error` is a fraction,
    null where only the true number is 0. The design of Sync, not the options, makes this error.
    """
    with connect() as duck:
        duck.register("classified", classified)
        duck.register("truly", truly)
        return duck.sql(_COMPARE).to_arrow_table()
