"""Words and numbers as people read them; a number in a sentence knows where it came from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

import pandas as pd

LEAST_TOLD = 0.001
"""Percent below which an error is only told to be below it: an estimate's rounding, for one."""

MINUS = "\N{MINUS SIGN}"


class Number(str):
    """A number as a sentence shows it, with where it came from."""

    __slots__ = ("place", "term")

    term: str
    """The term of `dauexp.report.rules` that gives it; empty where none can."""
    place: str
    """The table of the report that has it, after a dot its row, from 1; empty where none has."""

    def __new__(cls, text: str, term: str = "", place: str = "") -> Self:
        """A number that is shown as `text`."""
        made = super().__new__(cls, text)
        made.term, made.place = term, place
        return made


class Said(str):
    """Words with numbers among them. To whom the numbers' origin is nothing, it is its text."""

    __slots__ = ("parts",)

    parts: tuple[str, ...]
    """The words, and the numbers as `Number`, in order."""

    def __new__(cls, *parts: str) -> Self:
        """The parts, one after the other; of a part that is `Said`, its own parts."""
        made = super().__new__(cls, "".join(parts))
        made.parts = tuple(
            one for each in parts for one in (each.parts if isinstance(each, Said) else (each,))
        )
        return made

    def __add__(self, other: str) -> Said:
        return Said(self, other)

    def joined(self, words: Iterable[str]) -> Said:
        """The words with this between them; `str.join` would forget the numbers."""
        first, *others = words
        return Said(first, *(part for word in others for part in (self, word)))


def listed(words: Iterable[str]) -> Said:
    """`A`, `A and B`, `A, B and C`."""
    *most, last = list(words) or ["none"]
    return Said(Said(", ").joined(most), " and ", last) if most else Said(last)


class Found:
    """Sentences that a notebook shows as text, not as code."""

    def __init__(self, *sentences: str) -> None:
        self.sentences = sentences

    def _repr_markdown_(self) -> str:
        return "\n".join(f"- {sentence}" for sentence in self.sentences)

    def __repr__(self) -> str:
        return "\n".join(self.sentences)


def percent(value: float | None) -> str:
    """A relative error as people read it: `exact`, `+412 %`, `<0.001 %`, `no answer`."""
    if value is None or pd.isna(value):
        return "no answer"
    if value == 0:
        return "exact"
    shown = 100 * abs(value)
    if shown < LEAST_TOLD:
        return f"<{LEAST_TOLD} %"
    digits = f"{shown:,.0f}" if shown >= 100 else f"{shown:.1f}" if shown >= 1 else f"{shown:.1g}"
    return f"{'+' if value > 0 else MINUS}{digits} %"
