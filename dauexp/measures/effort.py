"""How many lines a team would write by hand for each option, counted from this package's files.

Counted are the registry, the code that emits, and the queries: what a service would carry. The
experiment's own machinery (simulated servers, ingestion, the ledger) is not. Lines are those with
code: no blank lines, comments or docstrings.
"""

from __future__ import annotations

import ast
import inspect
import io
import textwrap
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from dauexp.errors import BadInput
from dauexp.measures.complexity import code_lines
from dauexp.options import Contender, Strategy, glean
from dauexp.options.glean.generate import python_module
from dauexp.questions import queries
from dauexp.scenario import Scenario

EFFORT = pa.schema(
    [
        pa.field("option", pa.string(), nullable=False),
        pa.field("strategy", pa.string(), nullable=False),
        pa.field("part", pa.string(), nullable=False),
        pa.field("written", pa.string(), nullable=False),
        pa.field("file", pa.string(), nullable=False),
        pa.field("lines", pa.int64(), nullable=False),
    ]
)
"""One row a file. `part` is registry, emitter or queries; `written` is hand or generated; `file` is
below `dauexp/options`, or the name alone of a generated one."""


class Carried(NamedTuple):
    """What a service would carry of an option, as files below `dauexp/options`; `FILE::NAME` is a
    class, function or method (CLASS.METHOD) of a file."""

    registry: tuple[str, ...] = ()
    emitter: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    """Methods of a strategy that emit, counted where the strategy has them from."""
    generated: bool = False
    """Whether glean_parser writes the logger."""


_REGISTRY = ("glean/metrics.yaml", "glean/pings.yaml")

CARRIED: Mapping[str, Carried] = {
    "glean": Carried(
        registry=_REGISTRY,
        emitter=("glean/emitter.py::PythonEmitter",),
        generated=True,
    ),
    # A hand-written emitter still needs the registry: the columns of its tables come from it.
    "custom": Carried(
        registry=_REGISTRY,
        emitter=("custom/logger.py", "custom/__init__.py::CustomEvents.log"),
    ),
    "statsd": Carried(emitter=("statsd/emission.py::tagged_names",), methods=("emit", "send")),
}
"""By option. An option that is not here has its queries counted, no more."""

_OPTIONS = Path(__file__).parent.parent / "options"


def effort(scenario: Scenario, contenders: Iterable[Contender]) -> pa.Table:
    """The table `EFFORT` of some contenders."""
    rows = [
        {
            "option": contender.option.id,
            "strategy": contender.strategy.name,
            "part": part,
            "written": written,
            "file": file,
            "lines": lines,
        }
        for contender in contenders
        for part, written, file, lines in _parts(scenario, contender)
    ]
    return pa.Table.from_pylist(rows, schema=EFFORT)


def _parts(scenario: Scenario, contender: Contender) -> Iterator[tuple[str, str, str, int]]:
    carried = CARRIED.get(contender.option.id, Carried())
    for file in carried.registry:
        yield "registry", "hand", file, lines_of(_OPTIONS / file)
    methods = (_place(contender.strategy, name) for name in carried.methods)
    for place in (*carried.emitter, *filter(None, methods)):
        file, _, name = place.partition("::")
        yield "emitter", "hand", place, lines_of(_OPTIONS / file, name)
    if carried.generated:
        module = python_module(glean.REGISTRY)
        yield "emitter", "generated", module.name, lines_of(module)
    for query in queries(contender.strategy(scenario).queries):
        if query.possible:
            count = code_lines(query.text, query.language)
            yield "queries", "hand", query.path.name, count


def _place(strategy: type[Strategy], method: str) -> str:
    """Where a strategy has a method from; empty where it has none."""
    for each in strategy.__mro__:
        if method in vars(each):
            file = Path(inspect.getfile(each)).relative_to(_OPTIONS)
            return f"{file.as_posix()}::{each.__name__}.{method}"
    return ""


def lines_of(path: Path, name: str = "") -> int:
    """Lines with code or data of a Python or YAML file, or of one name that a Python file defines.

    Raises BadInput where the file does not define the name.
    """
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return python_lines(_definition(text, name, path) if name else text)
    stripped = (line.strip() for line in text.splitlines())
    return sum(1 for line in stripped if line and not line.startswith(("#", "---")))


def _definition(text: str, name: str, path: Path) -> str:
    """The source of what a file defines under a name, such as `CLASS.METHOD`."""
    body: Iterable[ast.stmt] = ast.parse(text).body
    for part in name.split("."):
        found = [each for each in body if getattr(each, "name", None) == part]
        if not found:
            raise BadInput(f"{path}: does not define {name}, whose lines are to be counted")
        body = getattr(found[0], "body", [])
    return textwrap.dedent(ast.get_source_segment(text, found[0], padded=True) or "")


def python_lines(text: str) -> int:
    """Lines of Python with code: neither blank, nor comment, nor docstring."""
    nothing = {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENDMARKER,
    }
    code: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in nothing:
            code |= set(range(token.start[0], token.end[0] + 1))
    return len(code - _docstrings(ast.parse(text)))


def _docstrings(tree: ast.Module) -> set[int]:
    """The lines of all strings that stand alone as a statement."""
    return {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
