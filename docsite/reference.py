"""The reference: each part is made from the code, where a page has its marker.

A marker is a comment on a line of its own, `<!-- made from the code: NAME ARGUMENTS -->`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from docsite import commands, lists, parameters, python, stored

MAKERS: Final[Mapping[str, Callable[..., str]]] = {
    "commands": commands.made,
    "exit-codes": lists.exit_codes,
    "experiments": lists.experiments,
    "mistakes": lists.mistakes,
    "options": lists.options,
    "presets": parameters.presets,
    "python": python.made,
    "questions": lists.questions,
    "scenario": parameters.scenario,
    "sweep": parameters.sweep,
    "tables": stored.tables,
    "accounts": stored.accounts,
}
"""What can stand in a marker; each gives Markdown. Raises Undocumented where a text is missing."""

_MARKER: Final = re.compile(r"^<!-- made from the code: (\S+)((?: \S+)*) -->$", re.MULTILINE)


def filled(markdown: str) -> str:
    """A page with its markers replaced. Raises KeyError for a marker that nothing makes."""
    return _MARKER.sub(lambda found: MAKERS[found[1]](*found[2].split()), markdown)
