"""A page made of a hostile trace: what came out of a log is shown, and nothing of it runs.

Twice: as the page is, and with its security policy switched off, which is a second wall that must
not hide a hole in the first.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from dauexp import report
from dauexp.history import measured
from dauexp.history.page import page as history_page
from dauexp.run import run, silent
from dauexp.scenario import load
from tests.security.conftest import trace_of

pytestmark = pytest.mark.heavy

RUNS = "window.outside = true"
HOSTILE = (
    f"<script>{RUNS}</script>",
    f'<img src="data:," onerror="{RUNS}">',
    f'"><svg onload="{RUNS}"></svg>',
    f"</script><script>{RUNS}</script>",
    f"</style></title></textarea><script>{RUNS}</script>",
    f"javascript:{RUNS}",
    f"[link](javascript:{RUNS.replace(' ', '')})",
    f"<a href='javascript:{RUNS}' autofocus onfocus='{RUNS}'>",
)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """All pages and pictures of a run whose every text is hostile, and of a history with it."""
    folder = tmp_path_factory.mktemp("hostile")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAUEXP_SECRET", "a secret for tests")
        trace = trace_of(folder / "trace.ndjson", HOSTILE, days=30)
        changes = (
            f'traffic.trace="{trace}"',
            "experiments.run=[]",
            'report.notebooks=["01_traffic"]',
        )
        made = run(load("quick", changes), folder / "runs", processes=2)
        report.make(made, 2, silent)
        (folder / "history.html").write_text(history_page([measured(made)]), encoding="utf-8")
    found = [*made.rglob("*.html"), *made.rglob("*.svg"), folder / "history.html"]
    assert len([path for path in found if path.suffix == ".html"]) == 3
    return found


@pytest.mark.parametrize("policy", ["its own policy", "no policy"])
def test_nothing_out_of_a_log_runs(browser: Browser, pages: list[Path], policy: str) -> None:
    context = browser.new_context(bypass_csp=policy == "no policy")
    page = context.new_page()
    page.set_default_timeout(120_000)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in pages:
        page.goto(path.as_uri())
        if path.name in ("report.html", "history.html"):
            page.wait_for_selector("html[data-charts=drawn]", state="attached")
        assert page.evaluate("window.outside") is None, path
        foreign = page.evaluate(
            """() => [...document.querySelectorAll("*")].flatMap(each => [...each.attributes]
                .filter(one => /^on/.test(one.name) || /^javascript:/i.test(one.value))
                .map(one => one.name + '=' + one.value))"""
        )
        assert foreign == [], path
    context.close()
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []


def test_what_came_out_of_the_log_is_shown(browser: Browser, pages: list[Path]) -> None:
    """Else the test above would be of pages in which there is nothing hostile."""
    shown = []
    for path in pages:
        if path.suffix == ".html":
            page = browser.new_page()
            page.goto(path.as_uri())
            shown += [path.name] if RUNS in page.inner_text("body") else []
            page.close()
    assert shown
