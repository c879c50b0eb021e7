"""The site's hook: fills the reference pages with what is made from the code, and gives the code
blocks their colours."""

from __future__ import annotations

from typing import Any

from properdocs.config.defaults import ProperDocsConfig
from properdocs.structure.files import File, Files
from pygments.formatters import HtmlFormatter

from docsite.reference import filled


def on_files(files: Files, *, config: ProperDocsConfig) -> Files:
    """Adds the style sheet of Pygments, `pygments.css`."""
    style = HtmlFormatter().get_style_defs(".codehilite")
    files.append(File.generated(config, "pygments.css", content=style))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """The page's text, with each marker replaced by what it stands for."""
    return filled(markdown)
