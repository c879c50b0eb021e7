"""The appendix: the report in Markdown, in the form of an architecture decision record."""

from __future__ import annotations

import re

from dauexp.report.content import Content, shown
from dauexp.report.templating import environment


def appendix(content: Content) -> str:
    """The appendix in Markdown. The same content gives the same text."""
    template = environment().get_template("appendix.md.jinja")
    text = template.render(report=content, shown=shown, prose=lambda name: prose(content, name))
    return re.sub(r"\n{3,}", "\n\n", text)


def prose(content: Content, name: str) -> str:
    """A part of the text that appendix and page share, in Markdown."""
    return environment().get_template(f"{name}.md.jinja").render(report=content).strip()
