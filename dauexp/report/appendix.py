"""The appendix: the report in Markdown, in the form of an architecture decision record."""

from __future__ import annotations

import re
from typing import Final

from dauexp.report.claims import shown
from dauexp.report.content import Content
from dauexp.report.rules import tables
from dauexp.report.templating import environment, escaped
from dauexp.report.words import Number, Said


def appendix(content: Content) -> str:
    """The appendix in Markdown. The same content gives the same text."""
    template = environment().get_template("appendix.md.jinja")
    text = template.render(
        report=content,
        shown=shown,
        told=lambda sentence: _told(content, sentence),
        prose=lambda name: prose(content, name),
    )
    return re.sub(r"\n{3,}", "\n\n", text)


_PLACES: Final = {
    "scorecard": "#outcome",
    "weighing": "#weighed",
    "weights": "#weighed",
    "claims": "#claims-of-the-record",
}
"""The headings above the tables that sentences speak of."""


def _told(content: Content, sentence: Said) -> str:
    """A sentence in which each number is a link: to the stored table that it came from, with its
    term as the title, or else to the table of the appendix that has it."""
    return "".join(
        _linked(content, part) if isinstance(part, Number) else escaped(part)
        for part in sentence.parts
    )


def _linked(content: Content, number: Number) -> str:
    if not number.term:
        return f"[{escaped(number)}]({_PLACES[number.place.partition('.')[0]]})"
    title = re.sub(r'(["\\<])', r"\\\1", number.term)
    return f'[{escaped(number)}]({content.files[tables(number.term)[0]]} "{title}")'


def prose(content: Content, name: str) -> str:
    """A part of the text that appendix and page share, in Markdown."""
    return environment().get_template(f"{name}.md.jinja").render(report=content).strip()
