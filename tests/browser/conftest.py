"""A page of a real run, in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser, sync_playwright

from dauexp import report
from dauexp.experiments import Case, observe, together
from dauexp.growth import growth
from dauexp.history import measured
from dauexp.history.page import page
from dauexp.load import capacity as measure_capacity
from dauexp.load import load as measure_load
from dauexp.load import paces
from dauexp.options import contenders
from dauexp.report.frames import USERS
from dauexp.results import scenario_of
from dauexp.run import run, silent
from dauexp.scenario import changed, load
from dauexp.store import write_table
from dauexp.testing import shared

SMALL = (
    "traffic.users=80",
    "traffic.hosts.count=2",
    'experiments.run=["calibration", "lateness", "deletion", "rotation"]',
    "experiments.users=30",
    'report.notebooks=["01_traffic"]',
)
OPTIONS = ("glean", "custom", "statsd:field")
CASES = {
    "evolution": [f"{who} {what}" for who in OPTIONS for what in ("new_string", "renamed")],
    "mutation": [
        "custom device-as-user",
        "custom document-id-missing",
        "glean wrong-type",
        "statsd:field host-left-out",
    ],
}
"""Experiments that have too many cases for a test: some of them."""
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run with its report, which has every table that is drawn. All
    processes of a session of tests have the same one."""
    with shared(tmp_path_factory, "browser") as top:
        if top.is_dir():
            (page,) = top.glob("*/report.html")
            return page.parent
        return drawn(run(load("quick", SMALL), top, processes=2))


def drawn(folder: Path) -> Path:
    """Adds to a run what only other commands measure, and makes its report."""
    for experiment, names in CASES.items():
        wanted = {"experiments.run": (experiment,)}
        scenario = changed(scenario_of(folder), wanted)
        cases = [Case(experiment, name) for name in names]
        tables = together(cases, [observe(scenario, case) for case in cases])
        for name, table in tables.items():
            write_table(folder / "results" / f"{name}.parquet", table)
    growth(folder, {"users": [20, 40, 80]}, USERS, {"strategies": ("glean", "statsd:field")}, 1)
    measure_load(folder, contenders(["glean"])[0], paces("500/s", "1"), 1.0, "")
    measure_capacity(folder, contenders(["glean"])[0], 2000, 0.5, "")
    report.make(folder, 2, silent)
    return folder


@pytest.fixture(scope="session")
def history(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a history of 14 runs, of which the last two drift."""
    entry = measured(made)
    entries = [
        msgspec.structs.replace(
            entry,
            run=f"r{number:02}",
            started=f"2026-01-{number:02}",
            measures={
                name: value * (1 + 0.1 * (number > 12)) for name, value in entry.measures.items()
            },
        )
        for number in range(1, 15)
    ]
    path = tmp_path_factory.mktemp("history") / "history.html"
    path.write_text(page(entries), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium without a window. Fails where there is none: a page that nobody opened is not
    tested."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.fail(f"no Chromium on the PATH ({', '.join(NAMES)}): install Debian's `chromium`")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def screenshots(checkout: Path, pytestconfig: pytest.Config) -> Path:
    """Where screenshots are kept to be looked at: `build/screenshots` of the checkout."""
    folder = checkout / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    pytestconfig.get_terminal_writer().line(f"screenshots are in {folder}")
    return folder
