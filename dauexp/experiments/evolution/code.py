"""The code that a team writes by hand, changed in a copy: counted line by line, and run."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Final

import dauexp.options
from dauexp.errors import BadInput

PARTS: Final[Mapping[str, str]] = {".yaml": "registry", ".py": "code", ".sql": "query"}
"""What a file is part of. Of queries, those in SQL count: every option has them."""

_COPIED = ("glean", "custom", "statsd")
_FOLDER: Final = Path(dauexp.options.__path__[0])


@dataclass(frozen=True)
class Code:
    """Files by their path below `dauexp/options`, each with its text."""

    files: Mapping[str, str]

    def change(self, file: str, old: str, new: str) -> Code:
        """With one text in place of another, which must be there exactly once.

        Raises BadInput where it is not, or there is no such file.
        """
        found = self.files.get(file, "").count(old)
        if found != 1:
            raise BadInput(
                f"{file}: {old!r} is there {found} times, so it is not clear what to change"
            )
        return self.write(file, self.files[file].replace(old, new))

    def change_all(self, folder: str, old: str, new: str) -> Code:
        """With one text in place of another in all SQL files of a folder."""
        files = {
            file: text.replace(old, new)
            if file.startswith(f"{folder}/") and file.endswith(".sql")
            else text
            for file, text in self.files.items()
        }
        return replace(self, files=files)

    def write(self, file: str, text: str) -> Code:
        """With a file of this text."""
        return replace(self, files={**self.files, file: text})

    def append(self, file: str, text: str) -> Code:
        """With text at the end of a file."""
        return self.write(file, self.files[file] + text)

    def remove(self, folder: str, part: str) -> Code:
        """Without the SQL files of a folder in whose names this part is."""
        kept = {
            file: text
            for file, text in self.files.items()
            if not (file.startswith(f"{folder}/") and file.endswith(".sql") and part in file)
        }
        return replace(self, files=kept)


@cache
def as_it_is() -> Code:
    """The options' files as they are."""
    files = {
        path.relative_to(_FOLDER).as_posix(): path.read_text(encoding="utf-8")
        for name in _COPIED
        for path in sorted((_FOLDER / name).rglob("*"))
        if path.suffix in {*PARTS, ".md", ".flux", ".influxql"} and path.is_file()
    }
    return Code(files)


def changed_lines(old: str, new: str) -> int:
    """Lines added, removed or replaced (which count once), blank ones aside."""
    before, after = ([line for line in text.splitlines() if line.strip()] for text in (old, new))
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    return sum(
        max(end - start, later - first)
        for kind, start, end, first, later in matcher.get_opcodes()
        if kind != "equal"
    )


def changes_by_part(old: Code, new: Code) -> dict[str, int]:
    """Changed lines by part (`registry`, `code`, `query`), and how many `files` are touched."""
    counts = {**dict.fromkeys(PARTS.values(), 0), "files": 0}
    for file in old.files.keys() | new.files.keys():
        lines = changed_lines(old.files.get(file, ""), new.files.get(file, ""))
        part = PARTS.get(Path(file).suffix)
        if lines and part:
            counts[part] += lines
            counts["files"] += 1
    return counts


@contextmanager
def checked_out(code: Code, folder: Path) -> Iterator[Path]:
    """Writes the files below a folder, from where `dauexp.options.*` is imported meanwhile.

    What was imported stays usable afterwards, when imports are again what they were.
    """
    for file, text in code.files.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    replaced = _taken_out()
    search = dauexp.options.__path__
    search.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield folder
    finally:
        search.remove(str(folder))
        _taken_out()
        for name, module in replaced.items():
            sys.modules[name] = module
            if name.count(".") == 2:
                setattr(dauexp.options, name.rpartition(".")[2], module)


def _taken_out() -> dict[str, ModuleType]:
    """Takes the options' modules out of what is imported."""
    prefixes = tuple(f"{dauexp.options.__name__}.{name}" for name in _COPIED)
    names = [name for name in sys.modules if name.startswith(prefixes)]
    for name in _COPIED:
        vars(dauexp.options).pop(name, None)
    return {name: sys.modules.pop(name) for name in names}
