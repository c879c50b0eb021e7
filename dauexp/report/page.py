"""The page: the report as one HTML file."""

from __future__ import annotations

from markdown_it import MarkdownIt

from dauexp.report.appendix import prose
from dauexp.report.claims import shown
from dauexp.report.content import Content
from dauexp.report.html import rendered
from dauexp.report.rules import tables
from dauexp.report.words import Number

_MARKDOWN = MarkdownIt("commonmark", {"html": False})


def page(content: Content) -> str:
    """The page. The same content gives the same text."""
    return rendered(
        "report.html.jinja",
        report=content,
        prose=lambda name: _MARKDOWN.render(prose(content, name)),
        shown=shown,
        where=lambda part: _where(content, part),
        inline=_MARKDOWN.renderInline,
        classes={"supported": "yes", "refuted": "no", "mixed": "part", "open": "open"},
    )


def _where(content: Content, part: str) -> str:
    """Where a part of a sentence leads: a number to the row of the page that has it, or else to the
    stored table that it came from; words nowhere."""
    if not isinstance(part, Number):
        return ""
    if part.place in content.tables:
        return f"#table-{part.place}"
    if part.place:
        return f"#{part.place.replace('.', '-')}"
    return content.files[tables(part.term)[0]]
