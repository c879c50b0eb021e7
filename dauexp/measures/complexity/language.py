"""What a language must tell of a query for its complexity to be measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from dauexp.measures.complexity.halstead import Token


class Tree(NamedTuple):
    """The syntax tree of a query. What each counts in a language, its module says."""

    nodes: int
    depth: int
    """Nodes on the longest way from the root to a leaf, both counted."""
    joins: int
    subqueries: int
    """Queries beside the one whose rows are the answer."""
    windows: int
    aggregations: int


class Language(NamedTuple):
    """How queries in a language are read. Each function raises BadInput for what is none of it."""

    comment: str
    """What begins a comment, to the end of the line."""
    tokens: Callable[[str], Sequence[Token]]
    """All tokens in order, without comments and closing brackets."""
    tree: Callable[[str], Tree] | None
    """None where no parser of the language is here."""
