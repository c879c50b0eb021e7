"""The public Python names, with their signatures and docstrings.

The pages that list names are what makes them public: `<!-- made from the code: python MODULE NAME
... -->`. A text below an assignment, as the code has it for fields and constants, is its docstring.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import itertools
from collections.abc import Iterator, Mapping
from functools import cache
from types import FunctionType
from typing import Any, Final

import pyarrow as pa

from docsite.markdown import Undocumented, code, table

WIDE: Final = 88
"""Characters of a signature on one line."""


def made(module: str, *names: str) -> str:
    """The names of a module. Raises Undocumented where a docstring is missing."""
    holder = importlib.import_module(module)
    return "\n".join(
        [f"## `{module}`\n\n{_doc(holder, module)}\n", *(_member(holder, name) for name in names)]
    )


@cache
def texts(module: str) -> Mapping[str, str]:
    """The texts below assignments at the top of a module, and in its classes as `CLASS.NAME`."""
    tree = ast.parse(inspect.getsource(importlib.import_module(module)))
    bodies = [("", tree.body)]
    bodies += [(f"{node.name}.", node.body) for node in tree.body if isinstance(node, ast.ClassDef)]
    return {
        f"{prefix}{name}": inspect.cleandoc(text)
        for prefix, body in bodies
        for name, text in _texts(body)
    }


def _texts(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for one, other in itertools.pairwise(body):
        if not isinstance(other, ast.Expr) or not isinstance(other.value, ast.Constant):
            continue
        if isinstance(one, ast.Assign):
            yield ast.unparse(one.targets[0]), str(other.value.value)
        elif isinstance(one, ast.AnnAssign):
            yield ast.unparse(one.target), str(other.value.value)


def methods(kind: type) -> Iterator[tuple[str, Any]]:
    """The public methods and properties that a class itself has, in the order of its source."""
    for name, value in vars(kind).items():
        if not name.startswith("_") and isinstance(
            value, (FunctionType, property, classmethod, staticmethod)
        ):
            yield name, value


def _member(holder: Any, name: str) -> str:
    value = getattr(holder, name)
    if inspect.isclass(value):
        return _class(value)
    if isinstance(value, FunctionType) or hasattr(value, "__wrapped__"):
        return f"### `{name}`\n\n{_signature(name, value)}\n{_doc(value, name)}\n"
    text = texts(holder.__name__).get(name)
    if not text:
        raise Undocumented(f"{holder.__name__}.{name} has no text below it")
    columns = _columns(value) if isinstance(value, pa.Schema) else ""
    return f"### `{name}`\n\n{text}\n\n{columns}"


def _columns(schema: pa.Schema) -> str:
    rows = [(code(each.name), str(each.type), "yes" if each.nullable else "") for each in schema]
    return table(("column", "type", "may be null"), rows)


def _class(kind: type) -> str:
    parts = [f"### `{kind.__name__}`\n\n{_doc(kind, kind.__name__)}\n"]
    rows = [
        (code(name.partition(".")[2]), text)
        for name, text in texts(kind.__module__).items()
        if name.startswith(f"{kind.__name__}.")
    ]
    if dataclasses.is_dataclass(kind):
        known = {name for name, _ in rows}
        fields = (code(each.name) for each in dataclasses.fields(kind))
        rows += [(name, "") for name in fields if name not in known]
    if rows:
        parts.append(table(("attribute", "what it is"), rows))
    for name, value in methods(kind):
        parts.append(_method(kind, name, value))
    return "\n".join(parts)


def _method(kind: type, name: str, value: Any) -> str:
    title = f"#### `{kind.__name__}.{name}`\n\n"
    if isinstance(value, property):
        return f"{title}{_doc(value, f'{kind.__name__}.{name}')}\n"
    return f"{title}{_signature(name, getattr(kind, name))}\n{_doc(value, name)}\n"


class _Plain(str):
    """A text that is written as it stands, without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _signature(name: str, function: Any) -> str:
    signature = inspect.signature(function)
    plain = [_plain(each) for each in signature.parameters.values() if each.name != "self"]
    returns = signature.return_annotation
    given = f" -> {returns}" if isinstance(returns, str) else ""
    short = f"{name}{inspect.Signature(plain)}{given}"
    if len(short) > WIDE:
        lines = "".join(f"    {line},\n" for line in _lines(plain))
        short = f"{name}(\n{lines}){given}"
    return f"```python\n{short}\n```\n"


def _plain(parameter: inspect.Parameter) -> inspect.Parameter:
    """The parameter with its annotation and a default that has a name as the code has them."""
    annotation, default = parameter.annotation, parameter.default
    return parameter.replace(
        annotation=_Plain(annotation) if isinstance(annotation, str) else annotation,
        default=_Plain(default.__name__) if isinstance(default, FunctionType) else default,
    )


def _lines(parameters: list[inspect.Parameter]) -> Iterator[str]:
    starred = False
    for each in parameters:
        if each.kind is each.KEYWORD_ONLY and not starred:
            starred = True
            yield "*"
        yield str(each)


def _doc(value: Any, name: str) -> str:
    text = inspect.getdoc(value)
    if not text:
        raise Undocumented(f"{name} has no docstring")
    return text
