"""Text out of a log is shown as it is: no page, document, workbook or terminal obeys it."""

from __future__ import annotations

import html
import re
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest
from markdown_it import MarkdownIt

from dauexp.commands.printing import as_it_is, print_rows
from dauexp.errors import BadInput
from dauexp.export import FORMATS
from dauexp.ingest.registry import Registry
from dauexp.options.glean import REGISTRY
from dauexp.report.templating import environment, escaped, text_of
from tests.security.conftest import HOSTILE

TABLE = pa.table({"host": list(HOSTILE)})


NOT_ESCAPED = {
    "body": "a notebook's page as nbconvert made it; the page lets no script run",
    "config": "JSON in which no element can end",
    "inline(each.reason)": "Markdown of the package and its plug-ins, without HTML",
    "picture(chart)": "SVG that Vega drew, with its texts escaped",
    'prose("context")': "Markdown of the package, without HTML",
    'prose("limits")': "Markdown of the package, without HTML",
    "script": "the page's own script, the only one that its policy lets run",
    "specification(chart)": "JSON in which no element can end",
    "stylesheet": "the package's own",
}
"""What goes into pages as it is, with the reason."""


def test_a_page_escapes_all_but_what_is_explained() -> None:
    pages = [name for name in environment().list_templates() if name.endswith(".html.jinja")]
    assert {"report.html.jinja", "history.html.jinja", "notebook.html.jinja"} <= set(pages)
    decide = environment().autoescape
    assert callable(decide)
    assert all(decide(name) for name in pages)
    found = set()
    for name in environment().list_templates():
        text = text_of(name)
        assert "autoescape" not in text
        assert "|safe" not in text
        found |= set(re.findall(r"\{\{ (.+?) \| safe \}\}", text))
        assert text.count("| safe") == len(re.findall(r"\{\{ [^{}]+ \| safe \}\}", text))
    assert found <= NOT_ESCAPED.keys()


@pytest.mark.parametrize("text", HOSTILE)
def test_a_page_shows_it(text: str) -> None:
    template = environment().get_template("notebook.html.jinja")
    page = template.render(name=text, body="", stylesheet="")
    assert f"<title>dauexp: {html.escape(text, quote=False)}" in page.replace("&#34;", '"').replace(
        "&#39;", "'"
    )
    assert "<script" not in page
    assert "<img" not in page


@pytest.mark.parametrize("text", HOSTILE)
def test_the_appendix_shows_it(text: str) -> None:
    page = MarkdownIt("commonmark", {"html": True}).render(f"A {escaped(text)} b.")
    assert set(re.findall(r"<[^>]*>", page)) == {"<p>", "</p>"}


def test_a_workbook_calculates_nothing_and_links_to_nothing(tmp_path: Path) -> None:
    place = tmp_path / "out.xlsx"
    FORMATS["xlsx"]({"ledger": TABLE}, place)
    with zipfile.ZipFile(place) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        texts = book.read("xl/sharedStrings.xml").decode()
        assert not [name for name in book.namelist() if "rels" in name and "sheet" in name]
    assert sheet.count("<row ") == len(HOSTILE) + 1
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    assert "=HYPERLINK" in texts


@pytest.mark.parametrize("text", HOSTILE)
def test_a_terminal_shows_it(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([{"host": text}], as_json=False, width=100)
    printed = capsys.readouterr().out
    assert as_it_is(text) in printed
    assert [each for each in printed if not each.isprintable() and each != "\n"] == []


def test_what_cannot_be_printed_is_spelt_out() -> None:
    assert as_it_is("a\x1b[31m\x07\u202eb\nü 1") == "a\\x1b[31m\\x07\\u202eb\nü 1"


def test_a_registry_makes_no_objects(tmp_path: Path) -> None:
    """The one YAML that a user gives us is read by glean_parser."""
    own = tmp_path / "metrics.yaml"
    known = REGISTRY.files[0].read_text(encoding="utf-8")
    for line in (
        f"!!python/object/apply:os.mkdir [{tmp_path / 'made'}]",
        f"x: !!python/object/new:os.mkdir [{tmp_path / 'made'}]",
    ):
        own.write_text(f"{known}\n{line}\n", encoding="utf-8")
        with pytest.raises(BadInput, match=r"metrics\.yaml"):
            Registry((own,)).objects()
    assert not (tmp_path / "made").exists()
