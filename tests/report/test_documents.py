"""Appendix and page: whole, repeatable, linked to what is there, and deaf to code in the data."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest
from markdown_it import MarkdownIt

from dauexp.errors import BadInput
from dauexp.report import make
from dauexp.report.templating import escaped
from dauexp.run import silent

VOID = {"meta", "link", "br", "img", "input", "hr", "col"}
EVIL = '"></script><script>alert(1)</script><img src=x onerror=alert(1)>'


class Page(HTMLParser):
    """What a page is made of. Complains where elements do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.scripts: list[str] = []
        self.text: list[str] = []
        self._runs = False
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self._runs = tag == "script" and ("type", "application/json") not in attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, self.getpos()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            if self._runs:
                self.scripts.append(data)
        elif "style" not in self.open:
            self.text.append(data)

    def values(self, name: str) -> list[str]:
        return [value for _, attribute, value in self.attributes if attribute == name]


@pytest.fixture(scope="module")
def made(make_run: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_run(tmp_path_factory.mktemp("made") / "quick")
    make(folder, 1, silent)
    return folder


@pytest.fixture(scope="module")
def page(made: Path) -> Page:
    return Page((made / "report.html").read_text(encoding="utf-8"))


def test_everything_is_made(made: Path) -> None:
    names = {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()}
    assert {"appendix.md", "report.html"} <= names
    figures = {"grid", "answers", "errors", "platforms", "classification", "complexity", "effort"}
    figures |= {"wire", "cpu", "requests", "ledger", "verdicts"}
    assert {f"figures/{name}.svg" for name in figures} <= names
    assert not [name for name in names if name.endswith(".part")]


def test_two_makes_give_the_same_bytes(made: Path) -> None:
    def files() -> dict[str, bytes]:
        return {
            path.name: path.read_bytes()
            for path in sorted(made.rglob("*.[shm]*"))
            if path.is_file()
        }

    before = files()
    make(made, 1, silent, anew=True)
    assert len(before) >= 14
    assert files() == before


def test_what_stands_is_left(made: Path) -> None:
    def written() -> list[int]:
        return [path.stat().st_mtime_ns for path in sorted(made.rglob("*.[shm]*"))]

    before = written()
    make(made, 1, silent)
    assert written() == before


def test_the_first_screen_has_the_answer(page: Page) -> None:
    text = " ".join(" ".join(page.text).split())
    start = text.index("On identical traffic, A glean and B custom give DAU, WAU and MAU exactly")
    assert start < text.index("Context", text.index("Reproduce"))


def test_the_answer_is_the_first_sentence_of_the_appendix(made: Path) -> None:
    lines = [
        line for line in (made / "appendix.md").read_text(encoding="utf-8").splitlines() if line
    ]
    assert lines[0].startswith("# ")
    assert lines[1].startswith("On identical traffic, A glean and B custom give")


def test_the_page_asks_nothing_of_a_network(page: Page) -> None:
    loading = [
        (tag, value)
        for tag, name, value in page.attributes
        if name in {"src", "srcset", "data", "action"} or (tag == "link" and name == "href")
    ]
    assert loading == [("link", "data:,")]
    style = re.findall(r"url\(([^)]*)\)|@import", str(page.values("style")))
    assert style == []


def test_links_lead_to_what_is_there(made: Path, page: Page) -> None:
    ids = set(page.values("id"))
    links = [value for tag, name, value in page.attributes if (tag, name) == ("a", "href")]
    assert len(links) > 30
    for link in links:
        if link.startswith("#"):
            assert link[1:] in ids, link
        else:
            assert (made / link).is_file(), link
    appendix = (made / "appendix.md").read_text(encoding="utf-8")
    rendered = as_html(appendix)
    heads = re.findall(r"<h[1-6]>([^<]*)</h", rendered)
    known = {re.sub(r"[^a-z -]", "", head.lower()).replace(" ", "-") for head in heads}
    targets = re.findall(r'(?:href|src)="([^"]*)"', rendered)
    assert len(targets) > 50
    for target in targets:
        assert (made / target).is_file() or target.removeprefix("#") in known, target


def test_the_only_script_is_the_one_that_the_policy_names(page: Page) -> None:
    script = "".join(page.scripts)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = [value for value in page.values("content") if "default-src" in value]
    assert f"script-src 'sha256-{digest}';" in policy
    assert "unsafe-eval" not in policy
    assert policy.startswith("default-src 'none'")


@pytest.mark.heavy
def test_nothing_in_the_data_can_run(
    make_run: Callable[..., Path], tmp_path: Path, tables: dict[str, pa.Table]
) -> None:
    replaced = {
        name: table.set_column(
            table.schema.get_field_index("strategy"),
            table.schema.field("strategy"),
            pa.array([EVIL if way == "set" else way for way in table["strategy"].to_pylist()]),
        )
        for name, table in tables.items()
        if "strategy" in table.column_names
    }
    reasons = replaced["results/capability"]
    position = reasons.schema.get_field_index("reason")
    evil = pa.array([EVIL] * reasons.num_rows)
    replaced["results/capability"] = reasons.set_column(
        position, reasons.schema.field("reason"), evil
    )
    host = {"system": EVIL, "machine": EVIL, "python": EVIL}
    folder = make_run(tmp_path / "evil", replaced, host=host, dauexp=EVIL)
    make(folder, 1, silent)
    text = (folder / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert "alert(1)" in "".join(page.text)  # it is shown, as text
    assert "alert(1)" not in "".join(page.scripts)
    assert [name for _, name, _ in page.attributes if name.startswith("on")] == []
    assert page.values("src") == []
    appendix = (folder / "appendix.md").read_text(encoding="utf-8")
    assert "alert(1)" in appendix
    assert "<script" not in re.sub(r"\\<", "", appendix)
    assert "<img" not in re.sub(r"\\<", "", appendix)


def test_headings_go_down_one_at_a_time(page: Page, made: Path) -> None:
    text = (made / "report.html").read_text(encoding="utf-8")
    levels = [int(level) for level in re.findall(r"<h([1-6])[ >]", text)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_chart_has_words_and_every_table_heads(page: Page) -> None:
    charts = [value for tag, name, value in page.attributes if (tag, name) == ("div", "aria-label")]
    assert len(charts) >= 12
    assert all(len(words) > 10 for words in charts)
    assert len(page.values("scope")) > 60


def test_the_page_is_small_enough_to_send(made: Path) -> None:
    assert 500_000 < (made / "report.html").stat().st_size < 5_000_000


def test_all_claims_stand_in_both(made: Path, page: Page) -> None:
    ids = {value for value in page.values("id") if re.match(r"^([ABC][+-]|driver-)\d", value)}
    assert len(ids) == 40
    rendered = as_html((made / "appendix.md").read_text(encoding="utf-8"))
    assert len(re.findall(r"<td><strong>(?:[ABC][+-]|driver-)\d+</strong>", rendered)) == 40


def as_html(markdown: str) -> str:
    rendered: str = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    return rendered


def test_the_tables_and_pictures_of_the_appendix_are_well_formed(made: Path) -> None:
    rendered = as_html((made / "appendix.md").read_text(encoding="utf-8"))
    assert rendered.count("<table>") == 15
    assert rendered.count("<img ") == len(list((made / "figures").glob("*.svg"))) > 12
    assert "| ---" not in rendered
    assert len(re.findall("<h[123]>", rendered)) > 15


def test_numbers_of_the_appendix_are_those_of_the_tables(
    made: Path, tables: dict[str, pa.Table]
) -> None:
    appendix = (made / "appendix.md").read_text(encoding="utf-8")
    cost = tables["timings/cost"].to_pandas()
    glean = cost[cost["option"] == "glean"]
    text = re.sub(r"<[^>]*>", "", as_html(appendix))
    assert f"{glean['requests'].sum():,} requests on 29 days" in text
    assert "| C statsd:set | 400 % | cannot be asked | cannot be asked | 90 |" in appendix


def test_sections_of_experiments_are_there_when_the_run_has_their_tables(
    made: Path, page: Page
) -> None:
    assert "### Robustness" in (made / "appendix.md").read_text(encoding="utf-8")
    assert "### Mistakes" not in (made / "appendix.md").read_text(encoding="utf-8")
    assert ("h2", "id", "robustness") in page.attributes


def test_markdown_shows_text_as_it_is() -> None:
    assert escaped("a_b*c | <d>\n[e](f) `g` #") == r"a\_b\*c \| \<d\> \[e\](f) \`g\` \#"


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"manifest\.json"):
        make(tmp_path, 1, silent)
