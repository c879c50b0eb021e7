"""Reading TOML that somebody wrote, within bounds: scenarios, sweeps, weights.

The standard library reads any TOML, but not in any time, and into values that nothing else takes:
a number of thousands of digits, tables a thousand deep. What no file of parameters needs is
refused here, in one sentence, whatever the caller would have said of it.
"""

from __future__ import annotations

import math
import reprlib
import tomllib
from pathlib import Path
from typing import Any, Final

from dauexp.errors import BadInput
from dauexp.resources import resource

MAX_BYTES: Final = 2**20
"""Most bytes of a file."""
MAX_DOTS: Final = 500
"""Most dots in a line: the time to read a dotted key grows faster than their square."""
MAX_DEPTH: Final = 32
"""How deep tables and lists may be nested."""

_INT64 = range(-(2**63), 2**63)
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 120
_SHORT.maxlist = _SHORT.maxtuple = _SHORT.maxdict = 12


class NotToml(ValueError):
    """The text is no TOML within these bounds; says why."""


def loads(text: str) -> dict[str, Any]:
    """The values of a TOML text. Raises NotToml where it is none, or past the bounds."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > MAX_DOTS:
            raise NotToml(f"line {number} has more than {MAX_DOTS} dots: put it on several lines")
    try:
        values = tomllib.loads(text)
    except RecursionError:
        raise NotToml(f"nested more than {MAX_DEPTH} deep") from None
    except tomllib.TOMLDecodeError as error:
        raise NotToml(str(error)) from None
    except ValueError:  # Python's own limit on the digits of an integer
        raise NotToml(_TOO_LARGE) from None
    _check(values)
    return values


def read(path: Path) -> dict[str, Any]:
    """The values of a TOML file. Raises BadInput, naming the file."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise BadInput(f"{path}: longer than {MAX_BYTES // 2**20} MiB: no file of parameters")
        return loads(data.decode())
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not UTF-8 text: {error}") from error
    except NotToml as error:
        raise BadInput(f"{path}: not TOML: {error}") from error
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from error


def find(name: str, folder: str, what: str) -> Path:
    """The file of a name: its own path, or that of a preset in `data/FOLDER`.

    Raises BadInput, which calls it `what`, where there is neither.
    """
    known = presets(folder)
    path = Path(name)
    if is_file(path):
        return path
    if path.suffix == ".toml":
        raise BadInput(
            f"{shown(name)}: no such file; give a {what}'s file or one of {', '.join(known)}"
        )
    if name not in known:
        raise BadInput(
            f"{short(name)} is no {what}: give a file ending .toml or one of {', '.join(known)}"
        )
    return resource("data", folder, f"{name}.toml")


def presets(folder: str) -> list[str]:
    """The names of the files that come with the package in `data/FOLDER`."""
    return sorted(path.stem for path in resource("data", folder).glob("*.toml"))


def is_file(path: Path) -> bool:
    """Whether there is such a file; a name that no file can have is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def shown(text: str) -> str:
    """A text for a message: on one line, shortened where it is long."""
    text = text if len(text) <= _SHORT.maxstring else f"{text[: _SHORT.maxstring]}..."
    return text if text.isprintable() else repr(text)[1:-1]


def short(value: object) -> str:
    """The representation of a value for a message, shortened where it is long."""
    try:
        return _SHORT.repr(value)
    except ValueError:  # Python's own limit on the digits of an integer
        return "an integer of thousands of digits"


_TOO_LARGE = "an integer past 64 bits"


def _check(values: dict[str, Any]) -> None:
    level: list[Any] = [values]
    for _ in range(MAX_DEPTH):
        level = [each for value in level for each in _inside(value)]
        for each in level:
            if isinstance(each, int) and each not in _INT64:
                raise NotToml(_TOO_LARGE)
            if isinstance(each, float) and math.isnan(each):
                raise NotToml("nan is no value of a parameter")
        if not level:
            return
    raise NotToml(f"nested more than {MAX_DEPTH} deep")


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
