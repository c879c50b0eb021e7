"""Charts: pure functions from the tables of a run to Altair charts, all in one style."""

from __future__ import annotations

from dauexp.report.plots.accuracy import answers, classification, errors, grid, platforms
from dauexp.report.plots.cost import cpu, wire
from dauexp.report.plots.deletion import deletion, rotation
from dauexp.report.plots.effort import complexity, effort, verdicts
from dauexp.report.plots.flow import ledger, requests_by_day, requests_by_hour, requests_per_user
from dauexp.report.plots.load import loss
from dauexp.report.plots.mutation import mistakes
from dauexp.report.plots.robustness import lateness

__all__ = [
    "answers",
    "classification",
    "complexity",
    "cpu",
    "deletion",
    "effort",
    "errors",
    "grid",
    "lateness",
    "ledger",
    "loss",
    "mistakes",
    "platforms",
    "requests_by_day",
    "requests_by_hour",
    "requests_per_user",
    "rotation",
    "verdicts",
    "wire",
]
