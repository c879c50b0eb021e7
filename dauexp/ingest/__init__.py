"""Ingestion, shared by options A and B: from log lines to live, stable and errors tables."""

from __future__ import annotations

from dauexp.ingest.stages import as_logentry
from dauexp.ingest.verdicts import verdicts

__all__ = ["as_logentry", "verdicts"]
