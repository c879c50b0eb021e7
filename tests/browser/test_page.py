"""The page in a browser: it opens without complaint, draws, sorts, and fits wide and narrow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from dauexp.report.figures import NAMES

pytestmark = pytest.mark.heavy

WIDE, NARROW = 1200, 390
PAGES = ("report", "history")
LOOKS = [
    (name, width, scheme)
    for name in PAGES
    for width in (WIDE, NARROW)
    for scheme in ("light", "dark")
]
PAPER = (688, 1001)
"""The text of an A4 page between its margins, in pixels of a browser."""

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
"""What axe-core checks: WCAG 2.0, 2.1 and 2.2, levels A and AA."""

CONTRASTS = """() => {
  const channels = text => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const luminance = ([r, g, b]) => [r, g, b]
    .map(c => c / 255).map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0);
  const paper = element => {
    for (let each = element; each; each = each.parentElement) {
      const [r, g, b, a = 1] = channels(getComputedStyle(each).backgroundColor);
      if (a > 0) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const found = [];
  const look = (selector, property) => {
    for (const element of document.querySelectorAll(selector)) {
      if (!element.textContent.trim() || !element.getClientRects().length) continue;
      const ink = channels(getComputedStyle(element)[property]);
      const [high, low] = [luminance(ink), luminance(paper(element))].sort((a, b) => b - a);
      found.push([selector, element.textContent.trim().slice(0, 40), (high + 0.05) / (low + 0.05)]);
    }
  };
  for (const selector of ["p", "li", "td", "th", "a", "h1", "h2", "h3", "dd", "dt", "caption",
    "figcaption", ".from", ".verdict", "pre", "code"]) look(selector, "color");
  for (const role of ["axis-label", "axis-title", "legend-label", "title-text", "title-subtitle"])
    look(`.live .place .role-${role} text`, "fill");
  return found;
}"""


@dataclass
class Opened:
    """A page that was opened, and what the browser said of it."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


def opened(
    browser: Browser, file: Path, width: int, scheme: Literal["light", "dark"]
) -> Iterator[Opened]:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.set_default_timeout(120_000)
    shown = Opened(page)
    page.on("pageerror", lambda error: shown.complaints.append(str(error)))
    page.on(
        "console",
        lambda said: shown.complaints.append(said.text) if said.type != "log" else None,
    )
    page.on("request", lambda request: shown.asked.append(request.url))
    page.goto(file.as_uri())
    page.wait_for_selector("html[data-charts=drawn]", state="attached")
    yield shown
    context.close()


@pytest.fixture(scope="module", params=LOOKS, ids=[f"{n}-{w}-{s}" for n, w, s in LOOKS])
def look(
    request: pytest.FixtureRequest, browser: Browser, made: Path, history: Path
) -> Iterator[Opened]:
    """A page at a width and in a colour scheme."""
    name, width, scheme = request.param
    files = {"report": made / "report.html", "history": history}
    yield from opened(browser, files[name], width, scheme)


@pytest.fixture
def fresh(browser: Browser, made: Path) -> Iterator[Page]:
    """The page as it opens at a desk."""
    for each in opened(browser, made / "report.html", WIDE, "light"):
        yield each.page


def test_the_browser_does_not_complain_and_asks_for_nothing_else(look: Opened) -> None:
    assert look.complaints == []
    assert {url.partition(":")[0] for url in look.asked} <= {"file", "data", "blob"}
    assert len([url for url in look.asked if url.startswith("file:")]) == 1


def test_every_chart_is_drawn(look: Opened) -> None:
    charts = look.page.locator(".chart")
    drawn: list[dict[str, Any]] = charts.evaluate_all(
        """charts => charts.map(chart => ({
            told: chart.getAttribute("aria-label").slice(0, 60),
            live: chart.classList.contains("live"),
            marks: chart.querySelectorAll(".place svg .mark-group ~ *, .place svg .role-mark > *")
                .length,
            high: chart.querySelector(".place svg")?.getBoundingClientRect().height ?? 0,
        }))"""
    )
    assert len(drawn) >= 5
    for chart in drawn:
        assert chart["live"], chart
        assert chart["marks"] > 0, chart
        assert chart["high"] > 60, chart


def test_every_figure_that_there_is_was_drawn(fresh: Page) -> None:
    ids = fresh.locator("figure").evaluate_all("figures => figures.map(figure => figure.id)")
    assert ids == list(dict.fromkeys(ids))
    assert set(ids) == {f"figure-{name}" for name in (*NAMES, "verdicts")}


def test_nothing_is_wider_than_the_window(look: Opened) -> None:
    assert look.page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0
    wider = look.page.evaluate(
        """() => [...document.querySelectorAll(".chart:not(.scrolls)")]
            .filter(chart => chart.scrollWidth > chart.clientWidth + 1)
            .map(chart => chart.closest("figure").id)"""
    )
    assert wider == []


def test_text_stands_out_from_its_paper(look: Opened) -> None:
    found = look.page.evaluate(CONTRASTS)
    assert len(found) > 100
    assert {selector for selector, _, _ in found} >= {"p", "td", "th", "h1", "figcaption"}
    assert [each for each in found if each[2] < 4.5] == []


def test_axe_finds_no_barrier(look: Opened) -> None:
    look.page.evaluate(
        "document.querySelectorAll('details:not(.rows)').forEach(each => { each.open = true; })"
    )
    found = Axe().run(look.page, options={"runOnly": {"type": "tag", "values": RULES}})
    assert len(found.response["passes"]) > 10
    assert found.violations_count == 0, found.generate_report()


def test_a_screenshot_is_kept(
    look: Opened, request: pytest.FixtureRequest, screenshots: Path
) -> None:
    name = request.node.callspec.id
    look.page.evaluate("scrollTo(0, 0)")
    look.page.screenshot(path=screenshots / f"{name}.png", full_page=True)
    assert (screenshots / f"{name}.png").stat().st_size > 50_000


def values(page: Page, column: int) -> list[str]:
    """The values of a column of the scorecard, as the rows stand."""
    told: list[str] = page.locator("#table-scorecard tbody tr").evaluate_all(
        f"rows => rows.map(row => row.cells[{column}].dataset.value)"
    )
    return told


def test_a_table_is_sorted_by_a_click_and_back_by_another(fresh: Page) -> None:
    before = values(fresh, 1)
    heading = fresh.locator("#table-scorecard thead th").nth(1)
    heading.locator("button").click()
    numbers = [float(each) for each in values(fresh, 1) if each]
    assert numbers == sorted(float(each) for each in before if each)
    assert len(set(numbers)) > 2
    assert heading.get_attribute("aria-sort") == "ascending"
    heading.locator("button").click()
    assert [float(each) for each in values(fresh, 1) if each] == sorted(numbers, reverse=True)
    assert heading.get_attribute("aria-sort") == "descending"


def test_a_table_is_sorted_by_the_keyboard(fresh: Page) -> None:
    fresh.locator("#table-scorecard thead button").first.focus()
    fresh.keyboard.press("Enter")
    assert values(fresh, 0) == sorted(values(fresh, 0))
    fresh.keyboard.press("Space")
    assert values(fresh, 0) == sorted(values(fresh, 0), reverse=True)


def test_the_first_tab_leads_past_the_sections(fresh: Page) -> None:
    fresh.keyboard.press("Tab")
    assert fresh.evaluate("document.activeElement.className") == "skip"
    fresh.keyboard.press("Enter")
    fresh.wait_for_url("**#main")


def test_all_links_inside_lead_somewhere(fresh: Page, made: Path) -> None:
    links: list[str] = fresh.locator("a").evaluate_all(
        "links => links.map(link => link.getAttribute('href'))"
    )
    assert len(links) > 30
    for link in links:
        if link.startswith("#"):
            assert fresh.evaluate("id => document.getElementById(id) !== null", link[1:]), link
        else:
            assert (made / link).is_file(), link


def test_charts_follow_the_width_of_the_window(fresh: Page) -> None:
    wide = fresh.locator("#figure-grid .place svg").bounding_box()
    fresh.set_viewport_size({"width": NARROW, "height": 900})
    fresh.wait_for_function(
        "document.querySelector('#figure-grid .place svg').getBoundingClientRect().width < 390"
    )
    narrow = fresh.locator("#figure-grid .place svg").bounding_box()
    assert wide is not None
    assert narrow is not None
    assert narrow["width"] < wide["width"]


def test_the_tables_of_a_history_sort(browser: Browser, history: Path) -> None:
    for shown in opened(browser, history, WIDE, "dark"):
        heading = shown.page.locator("#table-runs thead th").first
        cells = shown.page.locator("#table-runs tbody th")
        first = cells.first.text_content()
        heading.locator("button").click()
        heading.locator("button").click()
        assert heading.get_attribute("aria-sort") == "descending"
        assert (first, cells.first.text_content()) == ("1", "14")


def test_on_paper_notes_are_open_and_nothing_is_cut(fresh: Page) -> None:
    fresh.set_viewport_size({"width": PAPER[0], "height": PAPER[1]})
    fresh.emulate_media(media="print")
    fresh.evaluate("dispatchEvent(new Event('beforeprint'))")
    folded = fresh.locator("details:not([open])").evaluate_all(
        "found => found.map(each => each.className)"
    )
    assert set(folded) == {"rows"}
    assert fresh.locator("details.terms[open]").count() > 3
    assert fresh.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0
    figures: list[float] = fresh.locator("figure").evaluate_all(
        "found => found.map(each => each.getBoundingClientRect().height)"
    )
    assert max(figures) < PAPER[1]
    assert sorted(figures)[len(figures) // 2] < PAPER[1] / 2, "two figures on a page"


def test_the_page_prints(fresh: Page, screenshots: Path) -> None:
    file = screenshots / "report.pdf"
    fresh.pdf(path=file, prefer_css_page_size=True, print_background=True)
    pages = re.findall(rb"/Type\s*/Page\b", file.read_bytes())
    assert 10 < len(pages) < 40


def test_a_notebook_opens_without_complaint(
    browser: Browser, made: Path, screenshots: Path
) -> None:
    context = browser.new_context(viewport={"width": WIDE, "height": 900})
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto((made / "notebooks" / "01_traffic.html").as_uri())
    page.screenshot(path=screenshots / "01_traffic.png", full_page=True)
    pictures: list[int] = page.locator("img").evaluate_all(
        "pictures => pictures.map(picture => picture.naturalWidth)"
    )
    context.close()
    assert complaints == []
    assert len(pictures) >= 3
    assert all(pictures)
