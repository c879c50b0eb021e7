"""Markdown out of values, and the error of what has no text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


class Undocumented(Exception):
    """Something that users see has no text that explains it."""


def told(text: str | None, what: str) -> str:
    """The text as one line. Raises Undocumented where there is none."""
    line = " ".join((text or "").split())
    if not line:
        raise Undocumented(f"{what} has no text that explains it")
    return line


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines) + "\n"


def code(text: str) -> str:
    """A text as code; nothing where it is empty."""
    return f"`{text}`" if text else ""


def _cell(text: str) -> str:
    """A cell: no line ends, no bar that would end it."""
    return " ".join(text.split()).replace("|", "&#124;") if "`" not in text else _in_code(text)


def _in_code(text: str) -> str:
    """The same where a part is code, in which an entity would be shown as it is written."""
    return " ".join(text.split()).replace("|", r"\|")
