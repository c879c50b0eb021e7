"""Charts: pure functions from the tables of a run to Altair charts, all in one style."""

from __future__ import annotations

from dauexp.report.plots.accuracy import answers, classification, errors, grid, platforms
from dauexp.report.plots.calibration import calibration
from dauexp.report.plots.capability import capability
from dauexp.report.plots.complexity import complexity, languages
from dauexp.report.plots.cost import cpu, rest, wire
from dauexp.report.plots.daysseen import days_seen
from dauexp.report.plots.deletion import deletion, rotation
from dauexp.report.plots.effort import effort, verdicts
from dauexp.report.plots.evolution import evolution
from dauexp.report.plots.flow import ledger
from dauexp.report.plots.growth import exponents, growth
from dauexp.report.plots.load import capacity, loss
from dauexp.report.plots.mutation import mistakes
from dauexp.report.plots.replicates import by_day, replicates
from dauexp.report.plots.robustness import lateness
from dauexp.report.plots.sensitivity import agreement, flips
from dauexp.report.plots.sets import overcount
from dauexp.report.plots.sweep import robustness, swept
from dauexp.report.plots.traffic import requests_by_day, requests_by_hour, requests_per_user

__all__ = [
    "agreement",
    "answers",
    "by_day",
    "calibration",
    "capability",
    "capacity",
    "classification",
    "complexity",
    "cpu",
    "days_seen",
    "deletion",
    "effort",
    "errors",
    "evolution",
    "exponents",
    "flips",
    "grid",
    "growth",
    "languages",
    "lateness",
    "ledger",
    "loss",
    "mistakes",
    "overcount",
    "platforms",
    "replicates",
    "requests_by_day",
    "requests_by_hour",
    "requests_per_user",
    "rest",
    "robustness",
    "rotation",
    "swept",
    "verdicts",
    "wire",
]
