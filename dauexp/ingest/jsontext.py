"""Reading JSON exactly as the pipeline does.

Mozilla's decoder reads with Jackson 2.15: a document is the first value of the text, what comes
after it is dropped; of duplicate keys the last wins; a byte order mark is skipped; NaN is no JSON;
a number has at most 1,000 digits and nesting goes at most 1,000 deep. One thing is stricter here:
half a surrogate pair is no Unicode text, and no store could hold it.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

MAX_DEPTH = 1000
MAX_DIGITS = 1000

_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")
_SHALLOW = 150
_FRAMES = 4 * MAX_DEPTH
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class NotJson(ValueError):
    """The text is no JSON value; says why."""


def read(text: str) -> Any:
    """The JSON value at the start of a text. Raises NotJson where there is none."""
    start = _SPACE.match(text, 1 if text.startswith("\ufeff") else 0).end()  # type: ignore[union-attr]
    deep = depth(text)
    if deep > MAX_DEPTH:
        raise NotJson(f"nested more than {MAX_DEPTH} deep")
    try:
        with deep_recursion(deep):
            value, _ = _DECODER.raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise NotJson(f"{error.msg} at character {error.pos}") from None
    except RecursionError:  # from Python 3.12 on, C code has a limit of its own
        raise NotJson("nested deeper than this Python reads") from None
    if _ESCAPED_SURROGATE.search(text) and _has_half_pair(value):
        raise NotJson("half a surrogate pair is no Unicode text")
    return value


def write(value: Any) -> str:
    """The JSON text of a value that was read, in the order of its keys."""
    with deep_recursion(MAX_DEPTH):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def depth(text: str) -> int:
    """How deep the brackets of a JSON text are nested, at most; those in strings do not count."""
    if text.count("[") + text.count("{") <= _SHALLOW:
        return 0
    level = deepest = 0
    for bracket in _BRACKET.finditer(_STRING.sub("", text)):
        level += 1 if bracket.group() in "[{" else -1
        deepest = max(deepest, level)
        if deepest > MAX_DEPTH:
            break
    return deepest


@contextmanager
def deep_recursion(levels: int) -> Iterator[None]:
    """Lets Python's own JSON reader and writer go as deep as Jackson does."""
    if levels <= _SHALLOW:
        yield
        return
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise NotJson(f"a number of more than {MAX_DIGITS} digits")
    return int(digits)


def _real(digits: str) -> float:
    if len(digits) > MAX_DIGITS:
        raise NotJson(f"a number of more than {MAX_DIGITS} digits")
    value = float(digits)
    if math.isinf(value):
        raise NotJson("a number beyond the range of a double")
    return value


def _constant(name: str) -> NoReturn:
    raise NotJson(f"{name} is no JSON")


_DECODER = json.JSONDecoder(parse_int=_integer, parse_float=_real, parse_constant=_constant)


def _has_half_pair(value: Any) -> bool:
    stack = [value]
    while stack:
        each = stack.pop()
        if isinstance(each, str):
            if _SURROGATE.search(each):
                return True
        elif isinstance(each, dict):
            stack += each.keys()
            stack += each.values()
        elif isinstance(each, list):
            stack += each
    return False
