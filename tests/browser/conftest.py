"""A page of a real run, in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from dauexp import report
from dauexp.run import run, silent
from dauexp.scenario import load

SMALL = (
    "traffic.users=80",
    "traffic.hosts.count=2",
    'experiments.run=["lateness", "deletion", "rotation"]',
    "experiments.users=30",
    'report.notebooks=["01_traffic"]',
)
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
    """The folder of a finished run with its report."""
    folder = run(load("quick", SMALL), tmp_path_factory.mktemp("browser"), processes=2)
    report.make(folder, 2, silent)
    return folder


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
