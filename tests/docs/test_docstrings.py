"""The docstrings of the public names say what a user has to know: errors, tables, shapes, numbers.

Public is what the reference of Python lists.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import textwrap
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any, NamedTuple

import pytest

from docsite.python import methods

PAGE = Path(__file__).resolve().parents[2] / "docs/reference/python.md"
TABLES = re.compile(r"\bpa\.(?:Table|RecordBatch)\b|\bpd\.DataFrame\b")
ARRAYS = re.compile(r"\b(?:ndarray|NDArray)\b")
TELLS_A_TABLE = re.compile(r"`(?:[\w.]*\.)?[A-Z][A-Z_]{3,}`|\b[Cc]olumns?\b|\brows?\b|\btables?\b")
NUMBERS = {"int", "float", "int | None", "float | None"}
IN_ITS_NAME = re.compile(r"(?:_seconds|_bytes|_ms|_us|_days|_share|^seed|^processes|^port)$")


class Public(NamedTuple):
    """A public function or method."""

    name: str
    function: Any
    text: str


def listed() -> Iterator[Public]:
    """The public functions, and the methods of public classes."""
    for line in re.findall(r"<!-- made from the code: python (.+) -->", PAGE.read_text("utf-8")):
        module, *names = line.split()
        for name in names:
            value = getattr(importlib.import_module(module), name)
            if inspect.isclass(value):
                yield from of_class(value)
            elif callable(value):
                yield public(name, value)


def of_class(kind: type) -> Iterator[Public]:
    for name, value in methods(kind):
        if isinstance(value, (classmethod, staticmethod)):
            yield public(f"{kind.__name__}.{name}", value.__func__)
        elif isinstance(value, property):
            if value.fget:
                yield public(f"{kind.__name__}.{name}", value.fget)
        elif inspect.getdoc(getattr(kind, name)):
            yield public(f"{kind.__name__}.{name}", value)


def public(name: str, value: Any) -> Public:
    function = inspect.unwrap(value)
    assert isinstance(function, FunctionType), name
    return Public(name, function, inspect.getdoc(function) or "")


@cache
def functions(module: str) -> Mapping[str, ast.AST]:
    """The functions of a module by name."""
    tree = ast.parse(inspect.getsource(importlib.import_module(module)))
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def raised(function: Any) -> set[str]:
    """The errors that a function raises itself, or by a private function of its module."""
    node = ast.parse(textwrap.dedent(inspect.getsource(function)))
    known = functions(function.__module__)
    found: set[str] = set()
    left: list[ast.AST] = [node]
    seen: set[str] = set()
    while left:
        for each in ast.walk(left.pop()):
            if isinstance(each, ast.Raise) and isinstance(each.exc, ast.Call):
                found.add(ast.unparse(each.exc.func))
            if isinstance(each, ast.Call) and isinstance(each.func, ast.Name):
                name = each.func.id
                if name.startswith("_") and name in known and name not in seen:
                    seen.add(name)
                    left.append(known[name])
    return {name for name in found if name in {"BadInput", "Unbalanced", "DauexpError"}}


def lacking(each: Public) -> Iterator[str]:
    """What a docstring does not tell."""
    if not each.text:
        yield "any text"
    for error in sorted(raised(each.function)):
        if error not in each.text:
            yield error
    annotations = inspect.get_annotations(each.function)
    returned = str(annotations.pop("return", ""))
    if TABLES.search(returned) and not TELLS_A_TABLE.search(each.text):
        yield "which columns the table has"
    arrays = any(ARRAYS.search(str(given)) for given in (returned, *annotations.values()))
    if arrays and "shape" not in each.text and "for each" not in each.text:
        yield "the shape"
    for name, given in annotations.items():
        if given in NUMBERS and not IN_ITS_NAME.search(name) and name not in each.text:
            yield f"what the number {name} is"


PUBLIC = list(listed())


@pytest.mark.parametrize("each", PUBLIC, ids=lambda each: each.name)
def test_a_docstring_tells_errors_tables_shapes_and_numbers(each: Public) -> None:
    assert list(lacking(each)) == []


def test_there_are_many_public_functions() -> None:
    assert len(PUBLIC) > 80
    assert any(raised(each.function) for each in PUBLIC)


def untold(count: int) -> Any:
    """Does something."""
    return _refused(count)


def _refused(count: int) -> Any:
    raise BadInput(count)


class BadInput(Exception):
    """Stands for the real one, whose name alone is looked for."""


def test_what_a_docstring_lacks_is_found() -> None:
    untold.__annotations__["return"] = "pa.Table"
    untold.__annotations__["values"] = "npt.NDArray[np.int64]"
    assert list(lacking(public("untold", untold))) == [
        "BadInput",
        "which columns the table has",
        "the shape",
        "what the number count is",
    ]
