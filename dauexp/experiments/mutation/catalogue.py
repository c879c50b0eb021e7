"""Mistakes as data: a change of the code that a team writes by hand, as one function each.

A module of the package `mistakes` is a catalogue, and so is any module that an entry point of the
group `dauexp.mistakes` names: every `Mistake` in it counts.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any

from dauexp.errors import BadInput
from dauexp.experiments.mutation import mistakes as catalogues


@dataclass(frozen=True)
class Code:
    """What a team writes and configures by hand for one strategy."""

    files: Mapping[str, str]
    """Sources by name."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What is configured beside the code; its site says which settings there are."""

    def change(self, file: str, old: str, new: str) -> Code:
        """The code with one text in place of another, which must be there exactly once.

        Raises BadInput where it is not, or there is no such file.
        """
        if file not in self.files:
            raise BadInput(f"there is no file {file!r} to change; there are: {_told(self.files)}")
        found = self.files[file].count(old)
        if found != 1:
            raise BadInput(
                f"{file}: {old!r} is there {found} times; give a text that is there once"
            )
        return replace(self, files={**self.files, file: self.files[file].replace(old, new)})

    def configure(self, **settings: Any) -> Code:
        """The code with other settings. Raises BadInput for a setting that there is not."""
        for name in settings:
            if name not in self.settings:
                known = _told(self.settings)
                raise BadInput(f"there is no setting {name!r}; there are: {known}")
        return replace(self, settings={**self.settings, **settings})


@dataclass(frozen=True)
class Mistake:
    """A named mistake."""

    contender: str
    """The strategy that it is made with, as `dauexp.options.Contender.label` has it."""
    name: str
    what: str
    """What is changed, in a sentence."""
    thinking: str
    """What a person was thinking who made it."""
    made_in: Callable[[Code], Code]
    """The code with the mistake in it."""

    @property
    def case(self) -> str:
        """Its name among all mistakes."""
        return f"{self.contender} {self.name}"


def mistake(contender: str, *, thinking: str) -> Callable[[Callable[[Code], Code]], Mistake]:
    """Makes a mistake of a function that takes the right code and gives the wrong one.

    The function's name is the mistake's, its docstring says what is changed:

        @mistake("custom", thinking="The type is a word like any other.")
        def type_in_capitals(code: Code) -> Code:
            '''The document type is written in capitals.'''
            return code.change("logger.py", '"events"', '"EVENTS"')

    Raises BadInput where there is no docstring.
    """

    def made(function: Callable[[Code], Code]) -> Mistake:
        what = " ".join((function.__doc__ or "").split())
        name = function.__name__.replace("_", "-")
        if not what:
            raise BadInput(f"mistake {name}: its docstring must say what is changed")
        return Mistake(contender, name, what, thinking, function)

    return made


@cache
def mistakes() -> Mapping[str, Mistake]:
    """All mistakes by case, those of the package first. Raises BadInput where two have one name."""
    found: dict[str, Mistake] = {}
    for module in _modules():
        for each in vars(module).values():
            if isinstance(each, Mistake) and found.setdefault(each.case, each) is not each:
                raise BadInput(f"{module.__name__}: there are two mistakes {each.case!r}")
    return found


def _modules() -> Iterator[ModuleType]:
    for part in pkgutil.iter_modules(catalogues.__path__):
        yield importlib.import_module(f"{catalogues.__name__}.{part.name}")
    for point in entry_points(group="dauexp.mistakes"):
        yield point.load()


def difference(right: Code, wrong: Code) -> str:
    """What is changed, as a unified diff of the files and of the settings."""
    sources = [(name, right.files[name], wrong.files[name]) for name in right.files]
    sources.append(("settings", _as_text(right.settings), _as_text(wrong.settings)))
    lines: list[str] = []
    for name, one, other in sources:
        lines += difflib.unified_diff(
            one.splitlines(), other.splitlines(), name, name, n=1, lineterm=""
        )
    return "\n".join(lines)


def lines_changed(right: Code, wrong: Code) -> int:
    """Lines that the mistake takes out or puts in, whichever are more in each place."""
    changed, taken, put = 0, 0, 0
    for line in [*difference(right, wrong).splitlines(), " "]:
        if line.startswith(("---", "+++", "@@", " ")):
            changed, taken, put = changed + max(taken, put), 0, 0
        else:
            taken, put = taken + line.startswith("-"), put + line.startswith("+")
    return changed


def _as_text(settings: Mapping[str, Any]) -> str:
    return "\n".join(f"{name} = {value!r}" for name, value in settings.items())


def _told(names: Mapping[str, Any]) -> str:
    return ", ".join(names) or "none"
