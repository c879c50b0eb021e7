"""A finished run made by hand: real traffic and truth of a few users, answers that are known."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dauexp import ledger, manifest
from dauexp.experiments.calibration import CALIBRATION, EARLIER, SAME
from dauexp.experiments.lateness import LATENESS
from dauexp.measures.accuracy import accuracy, summary
from dauexp.measures.capability import capability
from dauexp.measures.classification import classification
from dauexp.measures.complexity import complexity
from dauexp.measures.effort import effort
from dauexp.measures.growth import GROWTH, fits
from dauexp.measures.software import software
from dauexp.measures.storage import STORAGE
from dauexp.options import contenders
from dauexp.scenario import Scenario, load
from dauexp.settings import Report
from dauexp.store import write_table
from dauexp.tables import ANSWERS, LEDGER
from dauexp.traffic import truth
from dauexp.traffic.source import open_source

WAYS = {
    ("glean", "events"): 1.0,
    ("custom", "events"): 1.0,
    ("statsd", "counter"): 1.03,
    ("statsd", "set"): 5.0,
    ("statsd", "field"): 0.999,
}
"""Each contender's answers as a multiple of the truth."""


@pytest.fixture(scope="session")
def scenario() -> Scenario:
    return load("quick", ["traffic.users=150", "report.notebooks=[]"])


@pytest.fixture(scope="session")
def tables(scenario: Scenario, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pa.Table]:
    """The tables of a run, by the places of their files."""
    source = open_source(scenario, tmp_path_factory.mktemp("source"))
    days = [[batch.observations for batch in source.batches(0, day)] for day in range(29)]
    exact = truth.counts(
        truth.stacked([truth.seen(day) for day in days]), scenario.traffic.calendar
    )
    exact = truth.total([exact])
    asked = pa.concat_tables([_answers(exact, *way, factor) for way, factor in WAYS.items()])
    compared = accuracy(asked, exact)
    grown = _growth(scenario)
    return {
        "ledger": _ledger(days),
        "results/truth": exact,
        "results/calibration": pa.table(
            {"window_days": [1], "segment": ["all"], "requests_per_user": [4.0]}
        ),
        "results/answers": asked,
        "results/accuracy": compared,
        "results/accuracy_summary": summary(compared),
        "results/classification": classification(exact, _shifted(exact)),
        "results/capability": capability(scenario, contenders(), compared),
        "results/complexity": complexity(scenario, contenders()),
        "results/effort": effort(scenario, contenders()),
        "results/software": software(),
        "results/lateness": _lateness(scenario),
        "results/calibration_errors": _calibration(),
        "timings/cost": _cost(days, scenario),
        "timings/storage": _storage(days),
        "timings/growth": grown,
        "timings/growth_fit": fits(grown),
    }


def _answers(exact: pa.Table, option: str, strategy: str, factor: float) -> pa.Table:
    questions = ["dau", "dau_by_platform"] + (["wau", "mau"] if strategy != "set" else [])
    rows = exact.filter(pc.is_in(exact["question"], pa.array(questions))).to_pylist()
    return pa.Table.from_pylist(
        [
            {
                **row,
                "option": option,
                "strategy": strategy,
                "variant": "",
                "language": "sql",
                "value": row["value"] * factor,
            }
            for row in rows
        ],
        schema=ANSWERS,
    )


def _shifted(exact: pa.Table) -> pa.Table:
    """The truth with a tenth fewer in each segment, as if classification counted too many."""
    values = pc.round(pc.multiply(exact["value"], 0.9))
    return exact.set_column(3, exact.schema.field("value"), values)


def _ledger(days: list[list[pa.RecordBatch]]) -> pa.Table:
    generated = pa.concat_tables(
        [ledger.tally("generated", b, time="time") for day in days for b in day]
    )
    entries = []
    for option, strategy in WAYS:
        names = ["generated", "emitted", "delivered"]
        names += ["live", "stable"] if option != "statsd" else ["aggregated"]
        accounts = [
            generated.set_column(
                0, ledger.COUNTS.field("account"), pa.array([name] * generated.num_rows)
            )
            for name in names
        ]
        entries.append(ledger.entries(option, strategy, accounts))
    return ledger.merged(pa.concat_tables(entries)).cast(LEDGER)


def _lateness(scenario: Scenario) -> pa.Table:
    """Two cases of A: punctual, and with one more user on every day."""
    rows = [
        {
            "option": "glean",
            "fault": "delay",
            "rate": 1.0,
            "mean_seconds": seconds,
            "day": day,
            "truth": 50,
            "dau": 50 + gained,
            "users_lost": 0,
            "users_gained": gained,
            "relative_error": gained / 50,
        }
        for seconds, gained in ((1.0, 0), (600.0, 1))
        for day in scenario.traffic.calendar[1:]
    ]
    return pa.Table.from_pylist(rows, LATENESS)


def _calibration() -> pa.Table:
    """A counter whose requests per user drift: it is off by that, and a percent by chance."""
    rows = [
        {
            "option": "statsd",
            "strategy": "counter",
            "drift": drift,
            "strength": strength,
            "calibrated_on": period,
            "question": "dau",
            "replicates": 5,
            "mean_relative_error": error + 0.01,
            "low": error - 0.02,
            "high": error + 0.04,
            "worst_relative_error": error + 0.5,
            "expected_relative_error": error,
            "expected_worst_relative_error": error,
        }
        for drift, strength in (("none", 1.0), ("changed client", 1.2), ("changed client", 2.0))
        for period, error in ((EARLIER, strength - 1), (SAME, 0.0))
    ]
    return pa.Table.from_pylist(rows, CALIBRATION)


def _cost(days: list[list[pa.RecordBatch]], scenario: Scenario) -> pa.Table:
    rows = []
    for n, (option, strategy) in enumerate(WAYS):
        for day, batches in zip(scenario.traffic.calendar, days, strict=True):
            requests = sum(map(len, batches))
            rows.append(
                {
                    "option": option,
                    "strategy": strategy,
                    "day": day,
                    "requests": requests,
                    "wire_bytes": requests * (1000 if option != "statsd" else 90),
                    "emit_cpu_seconds": requests * 1e-5 * (n + 1),
                    "channel_cpu_seconds": requests * 1e-6,
                    "collect_cpu_seconds": requests * 2e-5,
                }
            )
    return pa.Table.from_pylist(rows)


def _storage(days: list[list[pa.RecordBatch]]) -> pa.Table:
    """150 bytes a request for A and B, 8 for C."""
    requests = sum(len(batch) for day in days for batch in day)
    rows = [
        {
            "option": option,
            "strategy": strategy,
            "table": "stable",
            "rows": requests,
            "bytes": requests * (150 if option != "statsd" else 8),
        }
        for option, strategy in WAYS
    ]
    return pa.Table.from_pylist(rows, STORAGE)


def _growth(scenario: Scenario) -> pa.Table:
    """Of A and a field: time in proportion to the square root of users, all else to users."""
    rows = []
    for option, strategy in (("glean", "events"), ("statsd", "field")):
        asked = [("dau", ""), ("mau", ""), *([("mau", "days_seen")] if option == "glean" else [])]
        queries = [
            (*each, "sql", name)
            for each in asked
            for name in ("time_seconds", "rows_read", "bytes_read", "memory_bytes")
        ]
        for question, variant, language, measure in [*queries, ("", "", "", "bytes_at_rest")]:
            for users in (50, 100, 200):
                value = (users / 100) ** (0.5 if measure == "time_seconds" else 1)
                rows.append(
                    {
                        "option": option,
                        "strategy": strategy,
                        "question": question,
                        "variant": variant,
                        "language": language,
                        "factor": "users",
                        "level": float(users),
                        "users": users,
                        "days": scenario.traffic.days,
                        "requests": 60 * users,
                        "measure": measure,
                        "repeats": 3,
                        "minimum": 0.9 * value,
                        "median": value,
                        "maximum": 1.2 * value,
                    }
                )
    return pa.Table.from_pylist(rows, GROWTH)


@pytest.fixture(scope="session")
def make_run(scenario: Scenario, tables: dict[str, pa.Table]) -> Callable[..., Path]:
    """Writes a finished run into a folder; tables and the manifest's entries can be replaced."""

    def made(
        folder: Path,
        replaced: dict[str, pa.Table] | None = None,
        notebooks: Sequence[str] = (),
        **entries: object,
    ) -> Path:
        folder.mkdir(parents=True)
        mine = scenario.model_copy(update={"report": Report(notebooks=tuple(notebooks))})
        (folder / "scenario.toml").write_text(mine.to_toml(), encoding="utf-8")
        for name, table in {**tables, **(replaced or {})}.items():
            write_table(folder / f"{name}.parquet", table)
        manifest.write(
            folder,
            mine,
            started="2026-01-05T00:00:00Z",
            processes=1,
            digests={option: "0" * 32 for option, _ in WAYS},
        )
        content = {**manifest.read(folder), **entries}
        manifest.path(folder).write_text(json.dumps(content), encoding="utf-8")
        return folder

    return made


@pytest.fixture(scope="session")
def run_folder(make_run: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run, to be read only."""
    return make_run(tmp_path_factory.mktemp("run") / "quick")
