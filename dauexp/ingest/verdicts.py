"""The verdict on each document of a stream of log entries: accepted, duplicate or rejected."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from typing import Any

from dauexp.ingest.decoder import Decoder, decoder, gc_paused
from dauexp.ingest.expected import Read
from dauexp.ingest.stages import Document, Rejection
from dauexp.ingest.tables import as_time

ACCEPTED = "accepted"
DUPLICATE = "duplicate"
REJECTED = "rejected"

APPLICATION = "syncstorage"

_BATCH = 1000
_CACHE_KIBIBYTES = 131_072


class SeenDocuments:
    """Which documents have been seen on which day: exact, on disk, with a bounded cache in memory.

    The file is a temporary one of SQLite's own, which goes when this is closed.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute(f"PRAGMA cache_size = -{_CACHE_KIBIBYTES}")
        self._database.execute(
            "CREATE TABLE seen (day TEXT, document_id TEXT, PRIMARY KEY (day, document_id)) "
            "WITHOUT ROWID"
        )
        self._database.execute("BEGIN")  # never ended: nothing is to outlive the stream

    def add(self, day: str, document_id: str) -> bool:
        """Whether the document is new on this day; from now on it is not."""
        inserted = self._database.execute(
            "INSERT OR IGNORE INTO seen VALUES (?, ?)", (day, document_id)
        )
        return inserted.rowcount == 1

    def close(self) -> None:
        """Removes the file."""
        self._database.close()


def verdicts(lines: Iterable[bytes], by: Decoder | None = None) -> Iterator[dict[str, Any]]:
    """One verdict for each line, a Cloud Logging entry, in order.

    Each has `line` (from 1), `verdict` (`accepted`, `duplicate` or `rejected`) and `document_id`
    (None where it is not known). A rejected one has also `stage`, `reason` (what went wrong in the
    stage), `message` and `pointer` (a JSON pointer into the payload). A duplicate has the
    document_id of an earlier document of the same day of its submission_timestamp. Memory does
    not grow with the number of lines.

    `by` is the decoder; by default that of option A for the application `syncstorage`.
    """
    chosen = by or _of_option_a()
    numbered = enumerate(lines, start=1)
    with closing(SeenDocuments()) as seen:
        while batch := list(islice(numbered, _BATCH)):
            with gc_paused():
                told = [_verdict(number, chosen.outcome(line), seen) for number, line in batch]
            yield from told


def _verdict(
    number: int, outcome: Document | Read | Rejection, seen: SeenDocuments
) -> dict[str, Any]:
    if isinstance(outcome, Rejection):
        return {
            "line": number,
            "verdict": REJECTED,
            "document_id": outcome.document_id,
            "stage": outcome.stage,
            "reason": outcome.error_type,
            "message": outcome.message,
            "pointer": outcome.pointer,
        }
    new = seen.add(_day(outcome.submission_timestamp), outcome.document_id)
    return {
        "line": number,
        "verdict": ACCEPTED if new else DUPLICATE,
        "document_id": outcome.document_id,
    }


def _day(timestamp: str) -> str:
    """The UTC day of a timestamp; empty where it says no time, as all such are of one partition."""
    time = as_time(timestamp)
    return "" if time is None else time.date().isoformat()


def _of_option_a() -> Decoder:
    from dauexp.options import glean  # noqa: PLC0415 -- option A is built on this package

    return decoder(glean.REGISTRY, glean.GleanEvents.ping, APPLICATION)
