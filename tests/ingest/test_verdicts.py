"""The filter: one verdict a line, duplicates by id and day, flat memory."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from dauexp.ingest import as_logentry, verdicts
from dauexp.ingest.verdicts import SeenDocuments

Make = Callable[..., Any]
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def _told(*entries: bytes) -> list[str]:
    return [verdict["verdict"] for verdict in verdicts(entries)]


def test_a_document_that_comes_again_on_its_day_is_a_duplicate(line: Make) -> None:
    first, again = as_logentry(line(), NOON), as_logentry(line(), NOON + timedelta(hours=11))
    assert _told(first, again, again) == ["accepted", "duplicate", "duplicate"]


def test_on_another_day_it_is_none(line: Make) -> None:
    entries = [as_logentry(line(), NOON + timedelta(days=n)) for n in (0, 1, 0, 1)]
    assert _told(*entries) == ["accepted", "accepted", "duplicate", "duplicate"]


def test_the_day_is_the_utc_day_of_the_submission(line: Make, ping: Make) -> None:
    late = line(ping(submission_timestamp="2026-01-06T01:30:00+02:00"))
    assert _told(as_logentry(line(), NOON), as_logentry(late, NOON + timedelta(days=3))) == [
        "accepted",
        "duplicate",
    ]


def test_a_rejected_document_is_no_first(line: Make, ping: Make) -> None:
    bad, good = as_logentry(line(ping(x=1)), NOON), as_logentry(line(), NOON)
    assert _told(bad, good, bad, good) == ["rejected", "accepted", "rejected", "duplicate"]


def test_both_ways_of_reading_share_what_was_seen(line: Make, ping: Make) -> None:
    quick, slow = as_logentry(line(), NOON), as_logentry(line(ping(metrics={})), NOON)
    assert _told(quick, slow) == ["accepted", "duplicate"]
    assert _told(slow, quick) == ["accepted", "duplicate"]


def test_times_that_are_none_share_a_day(line: Make, ping: Make) -> None:
    lost = as_logentry(line(ping(submission_timestamp="yesterday")), NOON)
    other = as_logentry(line(ping(submission_timestamp="tomorrow")), NOON)
    assert _told(lost, other) == ["accepted", "duplicate"]


def test_a_verdict_has_its_line_and_document(line: Make) -> None:
    entries = [as_logentry(line(document_id=f"id-{n}"), NOON) for n in range(2100)]
    told = list(verdicts(entries))
    assert [each["line"] for each in told] == list(range(1, 2101))
    assert [each["document_id"] for each in told] == [f"id-{n}" for n in range(2100)]


def test_lines_are_read_only_as_verdicts_are_asked_for(line: Make) -> None:
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        for n in itertools.count():
            read += 1
            yield as_logentry(line(document_id=f"id-{n}"), NOON)

    told = list(itertools.islice(verdicts(endless()), 3000))
    assert len(told) == 3000
    assert read <= 4000


def test_seen_documents_are_told_apart_exactly() -> None:
    seen = SeenDocuments()
    ids = ["", "a", "A", "é", "e\u0301", "a\x00b", "a\x00c", " a", "x" * 100_000]
    assert [seen.add(day, each) for day in ("", "2026-01-05") for each in ids] == [True] * 18
    assert not any(seen.add(day, each) for day in ("", "2026-01-05") for each in ids)
    seen.close()
