"""The libraries of others that a piece of code names, and how large they are."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

MACHINERY = frozenset({"dauexp", "numpy", "pandas", "pyarrow"})
"""Packages that code names because requests come to it in batches, as no service's would."""


def named(module: str, segments: Iterable[str]) -> list[str]:
    """The distributions that segments of a module name: what they use of what it imports."""
    imported = _imported(ast.parse(module))
    used = {
        node.id
        for segment in segments
        for node in ast.walk(ast.parse(segment))
        if isinstance(node, ast.Name)
    }
    packages = {imported[name] for name in used & imported.keys()}
    others = packages - MACHINERY - sys.stdlib_module_names
    return sorted({each for package in others for each in _distributions().get(package, [package])})


def _imported(tree: ast.Module) -> Mapping[str, str]:
    """The top-level package of each name that a module imports."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for each in node.names:
                package = each.name.partition(".")[0]
                found[each.asname or package] = package
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for each in node.names:
                found[each.asname or each.name] = node.module.partition(".")[0]
    return found


@cache
def _distributions() -> Mapping[str, list[str]]:
    return packages_distributions()


@cache
def lines(name: str) -> int:
    """Lines of the Python of a distribution, without blank lines and comments; what is compiled is
    not counted."""
    files = [file for file in distribution(name).files or [] if file.suffix == ".py"]
    texts = (Path(file.locate()).read_text(encoding="utf-8", errors="replace") for file in files)
    stripped = (line.strip() for text in texts for line in text.splitlines())
    return sum(1 for line in stripped if line and not line.startswith("#"))
