"""Which questions each contender can be asked, and why not the others."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from dauexp.options import Contender
from dauexp.questions import queries
from dauexp.scenario import Scenario

CAPABILITY = pa.schema(
    [
        pa.field("option", pa.string(), nullable=False),
        pa.field("strategy", pa.string(), nullable=False),
        pa.field("question", pa.string(), nullable=False),
        pa.field("variant", pa.string(), nullable=False),
        pa.field("language", pa.string(), nullable=False),
        pa.field("possible", pa.bool_(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
    ]
)
"""One row a query file; where it says that the question cannot be asked, `reason` is what it says,
as one line, and the language is empty if no language can ask it."""


def capability(scenario: Scenario, contenders: Iterable[Contender]) -> pa.Table:
    """The table `CAPABILITY` of some contenders, from their folders of queries."""
    rows = [
        {
            "option": contender.option.id,
            "strategy": contender.strategy.name,
            "question": query.question,
            "variant": query.variant,
            "language": query.language,
            "possible": query.possible,
            "reason": "" if query.possible else " ".join(query.text.split()),
        }
        for contender in contenders
        for query in queries(contender.strategy(scenario).queries)
    ]
    return pa.Table.from_pylist(rows, schema=CAPABILITY)
