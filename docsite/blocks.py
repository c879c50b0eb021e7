"""The code blocks of a page of Markdown in their order, each with what a comment says of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt

_COMMENT: Final = re.compile(r"<!-- ([a-z ]+) -->")


@dataclass(frozen=True)
class Block:
    """A code block."""

    page: str
    line: int
    language: str
    """The first word after the fence; empty for none, and for an indented block."""
    text: str
    marks: frozenset[str]
    """What comments right before it say; `output`: it is what the block before it prints."""

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return f"{self.page}:{self.line}"

    @property
    def commands(self) -> tuple[str, ...]:
        """The lines of a shell's block, those that go on in the next one joined to it."""
        return tuple(filter(str.strip, self.text.replace("\\\n", " ").splitlines()))


def blocks(top: Path, page: str) -> list[Block]:
    """The blocks of a page, which is named by its path below the folder `top`."""
    found: list[Block] = []
    marks: set[str] = set()
    for token in MarkdownIt().parse((top / page).read_text(encoding="utf-8")):
        if token.type == "html_block":
            marks |= set(_COMMENT.findall(token.content))
            continue
        if token.type in {"fence", "code_block"}:
            line = (token.map or [0])[0] + 1
            language = (token.info.split() or [""])[0]
            found.append(Block(page, line, language, token.content, frozenset(marks)))
        marks = set()
    return found
