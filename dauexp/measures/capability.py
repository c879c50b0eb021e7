"""Which questions each contender can be asked, how well it answers them, and why not the others.

What a query claims is drawn from the files; what it is found to be, from the answers of a run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from dauexp.database import connect
from dauexp.options import Contender
from dauexp.ownquestions import asked_of
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
        pa.field("claim", pa.string(), nullable=False),
        pa.field("found", pa.string()),
        pa.field("worst_absolute_error", pa.float64()),
    ]
)
"""One row a query file; where it says that the question cannot be asked, `reason` is what it says,
as one line, and the language is empty if no language can ask it.

`claim` is impossible, or exact where the strategy says that its answers are the truth as long as
nothing goes wrong, else approximate. `found` is exact where each answer of the run is the truth,
else approximate, and null where the run did not ask; `worst_absolute_error` is the largest relative
error of any day and segment, as a fraction, null where there is none to tell."""

_KEYS = ("option", "strategy", "question", "variant", "language")

_FOUND = """
SELECT option, strategy, question, variant, language,
       CASE WHEN bool_and(answer IS NOT DISTINCT FROM truth) THEN 'exact'
            ELSE 'approximate' END AS found,
       max(abs(relative_error)) AS worst_absolute_error,
FROM accuracy
GROUP BY ALL
"""


def capability(scenario: Scenario, contenders: Iterable[Contender], accuracy: pa.Table) -> pa.Table:
    """The table `CAPABILITY` of some contenders, from their folders of queries and from the table
    that `dauexp.measures.accuracy.accuracy` makes of a run."""
    with connect() as duck:
        duck.register("accuracy", accuracy)
        found = duck.sql(_FOUND).to_arrow_table().to_pylist()
    of = {tuple(row[key] for key in _KEYS): row for row in found}
    rows = [
        {**of.get(tuple(row[key] for key in _KEYS), {}), **row}
        for row in _claimed(scenario, contenders)
    ]
    return pa.Table.from_pylist(rows, schema=CAPABILITY)


def _claimed(scenario: Scenario, contenders: Iterable[Contender]) -> Iterator[dict[str, Any]]:
    for contender in contenders:
        for _, query in asked_of(scenario, contender):
            answered = "exact" if contender.strategy.exact else "approximate"
            yield {
                "option": contender.option.id,
                "strategy": contender.strategy.name,
                "question": query.question,
                "variant": query.variant,
                "language": query.language,
                "possible": query.possible,
                "reason": "" if query.possible else " ".join(query.text.split()),
                "claim": answered if query.possible else "impossible",
            }


def overclaimed(capability: pa.Table) -> list[str]:
    """The queries that claim to be exact and are not, each with its largest error. Of a run in
    which something went wrong it says nothing: there, a claim to be exact is none."""
    return [
        f"{row['option']}:{row['strategy']}, {row['question']}{_dotted(row['variant'])}"
        f".{row['language']} claims to be exact and {_told(row['worst_absolute_error'])}"
        for row in capability.to_pylist()
        if row["claim"] == "exact" and row["found"] == "approximate"
    ]


def _dotted(variant: str) -> str:
    return f".{variant}" if variant else ""


def _told(worst: float | None) -> str:
    return f"errs by up to {worst:.2%}" if worst else "does not always answer"
