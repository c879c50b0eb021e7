"""The figures of a report: which there are, what they show, and from which tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from dauexp.report import findings, plots
from dauexp.report.claims import Judged
from dauexp.report.frames import Frames
from dauexp.report.render import Chart


@dataclass(frozen=True)
class Figure:
    """A chart in its place in the report."""

    name: str
    section: str
    caption: str
    tables: tuple[str, ...]
    """The stored tables that it is drawn from."""
    chart: Chart

    @property
    def alt(self) -> str:
        """What it shows, in words, for those who do not see it."""
        return str(self.chart.description)


class _Plan(NamedTuple):
    """A figure that can be drawn from any run that has its tables."""

    name: str
    section: str
    plot: Callable[[Frames], Chart]
    tables: tuple[str, ...]
    caption: str


EXPERIMENTS = {
    "robustness": "Robustness",
    "load": "Load in real time",
    "mistakes": "Mistakes",
    "growth": "Growth",
    "deletion": "Opt-out and deletion",
}
"""The sections of what a run tried beside its main comparison, each with its heading; one without
figures is left out."""

_PLANS = (
    _Plan(
        "grid",
        "answer",
        plots.grid,
        ("accuracy_summary",),
        "Mean error of each contender over the days it answered; the colour tells its worst day.",
    ),
    _Plan(
        "capability",
        "answer",
        plots.capability,
        ("capability",),
        "What can be asked at all, by the folder of queries, and how exact the answers of this run "
        "are. A query that claims to be exact and is not fails the build.",
    ),
    _Plan(
        "answers",
        "accuracy",
        plots.answers,
        ("answers", "truth"),
        "Each answer beside the truth. Where contenders are far apart, the axis is logarithmic.",
    ),
    _Plan(
        "errors",
        "accuracy",
        plots.errors,
        ("accuracy",),
        "The same as relative errors: answer / truth - 1.",
    ),
    _Plan(
        "platforms",
        "segments",
        plots.platforms,
        ("answers", "truth"),
        "Daily active users by platform, as Sync classifies user agents.",
    ),
    _Plan(
        "classification",
        "segments",
        plots.classification,
        ("classification",),
        "What is true of the simulated devices, beside what Sync makes of their user agents.",
    ),
    _Plan(
        "complexity",
        "queries",
        plots.complexity,
        ("complexity",),
        "Halstead difficulty: half the distinct operators, times the mean uses of an operand.",
    ),
    _Plan(
        "languages",
        "queries",
        plots.languages,
        ("complexity",),
        "Halstead volume: the bits to write all tokens of a query in its own vocabulary.",
    ),
    _Plan(
        "exponents",
        "growth",
        plots.exponents,
        ("growth", "growth_fit"),
        "Measured by `dauexp growth`, with ever more users: time by the clock, the rest as DuckDB "
        "or InfluxDB tells it. A fixed cost beside what grows makes an exponent smaller.",
    ),
    _Plan(
        "growth",
        "growth",
        plots.growth,
        ("growth", "growth_fit"),
        "The time of the queries with the longest window; all queries are asked in turns.",
    ),
    _Plan(
        "lateness",
        "robustness",
        plots.lateness,
        ("lateness",),
        "Trials on a smaller population; delays are exponential with the mean that is told.",
    ),
    _Plan(
        "calibration",
        "robustness",
        plots.calibration,
        ("calibration_errors",),
        "Trials on a smaller population, with several seeds. Who counts requests divides them by "
        "requests per user: out of sample by those of the earlier period, in sample by those of "
        "the very days that are asked, which nobody could know.",
    ),
    _Plan(
        "evolution",
        "growth",
        plots.evolution,
        ("evolution",),
        "Each change made in a copy of the code and run; queries are those in SQL.",
    ),
    _Plan(
        "deletion",
        "deletion",
        plots.deletion,
        ("deletion", "remains"),
        "In brackets the number of statements. The log is kept by the platform, not by the option.",
    ),
    _Plan(
        "rotation",
        "deletion",
        plots.rotation,
        ("rotation",),
        "Trials on a smaller population; the counter knows no users, and errs for its own reasons.",
    ),
    _Plan(
        "loss",
        "load",
        plots.loss,
        ("load",),
        "Requests replayed by dauexp load: what was sent less what its receiver counted.",
    ),
    _Plan(
        "capacity",
        "load",
        plots.capacity,
        ("capacity",),
        "By dauexp capacity, which bisects: above it requests were lost or the sender fell behind.",
    ),
    _Plan(
        "mistakes",
        "mistakes",
        plots.mistakes,
        ("mutation",),
        "Caught: by type checker, glinter, generator or the first call. Visible: duplicates, empty "
        "columns, values without a column, or messages that requests do not account for.",
    ),
    _Plan(
        "effort",
        "effort",
        plots.effort,
        ("effort",),
        "Lines without blank ones, comments and docstrings; of libraries, those of their Python.",
    ),
    _Plan(
        "wire",
        "cost",
        plots.wire,
        ("cost",),
        "The bytes that an option hands to the transport for one request.",
    ),
    _Plan(
        "rest",
        "cost",
        plots.rest,
        ("storage", "cost"),
        "The bytes of all tables that an option keeps, over the requests of the run.",
    ),
    _Plan(
        "cpu",
        "cost",
        plots.cpu,
        ("cost",),
        "CPU time of emission and of collection (for A and B: parsing, validating and storing).",
    ),
    _Plan(
        "requests",
        "traffic",
        plots.requests_by_day,
        ("ledger",),
        "What was generated, and what each option therefore saw.",
    ),
    _Plan(
        "ledger",
        "ledger",
        plots.ledger,
        ("ledger",),
        "Every request at every stage. The run fails where this does not add up.",
    ),
)

NAMES = tuple(plan.name for plan in _PLANS)
"""The figures that a run with every table has, beside that of the claims."""


def figures(run: Frames, claims: Sequence[Judged]) -> list[Figure]:
    """The figures for which a run has the tables, in the order of the report."""
    return [*_figures(run), _verdicts(run, claims)]


def _figures(run: Frames) -> Iterator[Figure]:
    for plan in _PLANS:
        if all(name in run and len(run[name]) for name in plan.tables):
            yield Figure(plan.name, plan.section, plan.caption, plan.tables, plan.plot(run))


def _verdicts(run: Frames, claims: Sequence[Judged]) -> Figure:
    asked = dict.fromkeys(name for each in claims for name in each.needs)
    used = tuple(name for name in asked if name in run)
    caption = "All claims by verdict, those for and those against each option."
    chart = plots.verdicts(findings.verdict_counts(claims))
    return Figure("verdicts", "claims", caption, used, chart)
