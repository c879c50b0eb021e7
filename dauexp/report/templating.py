"""The templates of this package, and what they share."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")


def escaped(text: object) -> str:
    """Text that Markdown shows as it is, in one line."""
    return _SPECIAL.sub(r"\\\1", re.sub(r"\s+", " ", str(text)))


@cache
def environment() -> Environment:
    """The templates. Those of HTML escape what they are given; in those of Markdown the filter `md`
    does. A name that is not known fails."""
    made = Environment(
        loader=PackageLoader("dauexp.report"),
        autoescape=select_autoescape(enabled_extensions=("html.jinja",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["md"] = escaped
    return made


def text_of(name: str) -> str:
    """A file beside the templates that is no template itself."""
    return (Path(__file__).parent / "templates" / name).read_text(encoding="utf-8")
