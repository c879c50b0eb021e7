"""The site builds without a warning, its links lead somewhere, nothing is loaded from elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

ELSEWHERE = re.compile(r"^(?:[a-z]+:)?//")
IN_STYLE = re.compile(r"""(?:url\(\s*|@import\s+)["']?((?:[a-z]+:)?//[^"')\s]+)""")


class Loaded(HTMLParser):
    """The addresses that a page makes a browser load, and the names that links can lead to."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.links: list[str] = []
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.names.add(given.get("id", ""))
        if tag == "a":
            self.links.append(given.get("href", ""))
        elif tag == "link" and given.get("rel") in {"canonical", "edit"}:
            pass
        else:
            self.addresses += [given[name] for name in ("src", "href", "srcset") if name in given]


def build(checkout: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "properdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def site(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = build(checkout, folder)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Loaded]:
    read = {}
    for path in site.rglob("*.html"):
        read[path] = Loaded()
        read[path].feed(path.read_text("utf-8"))
    return read


def test_every_page_is_there_and_has_no_marker_left(checkout: Path, site: Path) -> None:
    sources = [path.relative_to(checkout / "docs") for path in (checkout / "docs").rglob("*.md")]
    assert len(sources) > 15
    for source in sources:
        page = (site / source).with_suffix(".html").read_text("utf-8")
        assert "<h1" in page, source
        assert "made from the code:" not in page, source


def test_nothing_is_loaded_from_elsewhere(site: Path, pages: dict[Path, Loaded]) -> None:
    loaded = {address for page in pages.values() for address in page.addresses}
    assert len(loaded) > 10
    assert sorted(address for address in loaded if ELSEWHERE.match(address)) == []
    styles = list(site.rglob("*.css"))
    assert any(path.name == "pygments.css" for path in styles)
    found = {address for path in styles for address in IN_STYLE.findall(path.read_text("utf-8"))}
    assert found == set()


def test_every_link_within_the_site_leads_to_a_place(pages: dict[Path, Loaded]) -> None:
    checked, broken = 0, []
    for path, page in pages.items():
        if path.name == "404.html":
            continue
        for link in page.links:
            if not link or ELSEWHERE.match(link) or link.startswith("mailto:"):
                continue
            checked += 1
            place, _, anchor = link.partition("#")
            target = (path.parent / place).resolve() if place else path
            if target not in pages or (anchor and anchor not in pages[target].names):
                broken.append(f"{path.name}: {link}")
    assert checked > 300
    assert broken == []


def test_a_broken_link_and_a_foreign_resource_are_found() -> None:
    page = Loaded()
    page.feed('<script src="https://cdn.example/x.js"></script><a href="#nowhere">there</a>')
    assert ELSEWHERE.match(page.addresses[0])
    assert page.links == ["#nowhere"]
    assert "nowhere" not in page.names
    assert IN_STYLE.findall('@import "//fonts.example/css"; a { background: url(x.png) }') == [
        "//fonts.example/css"
    ]


def test_links_to_the_documentation_lead_to_a_file(checkout: Path) -> None:
    """Links in the files at the top, which the site does not have."""
    links = []
    for name in ("README.md", "CONTRIBUTING.md"):
        text = (checkout / name).read_text("utf-8")
        links += re.findall(r"\]\((?!https?:|#)([^)#\s]+)", text)
    assert len(links) > 5
    assert [link for link in links if not (checkout / link).exists()] == []
