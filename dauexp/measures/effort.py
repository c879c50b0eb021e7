"""How many lines a team would write by hand for each option, counted from this package's files.

Counted is what a service would carry: the registry, the code that emits, what a team has to set up
so that it is collected, the queries, and the tests of that code. The experiment's own machinery
(simulated servers, ingestion, the ledger) is not. Lines are those with code: no blank lines,
comments or docstrings. What is set up and the tests are counted in a checkout: it alone has them.
"""

from __future__ import annotations

import ast
import inspect
import io
import textwrap
import tokenize
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from dauexp.errors import BadInput
from dauexp.measures import libraries
from dauexp.measures.complexity import code_lines
from dauexp.options import Contender, Strategy, glean
from dauexp.options.glean.generate import python_module
from dauexp.options.statsd.strategies import InfluxStrategy, StatsdStrategy
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
"""One row a file. `part` is registry, emitter, collection, queries, tests or libraries, and
`written` is hand, generated, or by others; `file` is below `dauexp/options`, or from the top of the
checkout, or the name alone of a generated one or of a library.

Tests are the test functions that name the option's carried classes or its strategy. Libraries are
what the carried code names of others, and glean_parser where it generates; `lines` are those of
their Python."""


class Carried(NamedTuple):
    """What a service would carry of an option, as files below `dauexp/options`; `FILE::NAME` is a
    class, function or method (CLASS.METHOD) of a file."""

    registry: bool = False
    """Whether there is one: that of the strategy."""
    emitter: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    """Methods of a strategy that emit, counted where the strategy has them from."""
    generated: bool = False
    """Whether glean_parser writes the logger."""
    collection: tuple[str, ...] = ()
    """Methods of a strategy that collect in place of a server that there is."""


CARRIED: Mapping[str, Carried] = {
    "glean": Carried(
        registry=True,
        emitter=(
            "glean/emitter.py::PythonEmitter.__init__",
            "glean/emitter.py::PythonEmitter.lines",
        ),
        generated=True,
    ),
    # A hand-written emitter still needs the registry: the columns of its tables come from it.
    "custom": Carried(
        registry=True,
        emitter=(
            "custom/logger.py",
            "custom/emitter.py::PythonEmitter.__init__",
            "custom/emitter.py::PythonEmitter.lines",
        ),
    ),
    "statsd": Carried(
        emitter=("statsd/emission.py::tagged_names",),
        methods=("emit", "send"),
        collection=("_sketch",),
    ),
}
"""By option. An option that is not here has its queries counted, no more."""

_OPTIONS = Path(__file__).parent.parent / "options"
_CHECKOUT = _OPTIONS.parent.parent


def effort(scenario: Scenario, contenders: Iterable[Contender]) -> pa.Table:
    """The table `EFFORT` of some contenders.

    Raises BadInput where a file does not define what an option says that it carries.
    """
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
    emitter = [*carried.emitter, *_places(contender.strategy, carried.methods)]
    collection = list(_places(contender.strategy, carried.collection))
    registry = getattr(contender.strategy(scenario), "registry", glean.REGISTRY)
    for file in registry.files if carried.registry else ():
        known = file.is_relative_to(_OPTIONS)
        name = file.relative_to(_OPTIONS).as_posix() if known else file.name
        yield "registry", "hand", name, lines_of(file)
    for part, places in (("emitter", emitter), ("collection", collection)):
        for place in places:
            yield part, "hand", place, _lines_at(place)
    if carried.generated:
        module = python_module(registry)
        yield "emitter", "generated", module.name, lines_of(module)
    for path in _configuration(contender.strategy, own=bool(collection)):
        yield "collection", "hand", path.relative_to(_CHECKOUT).as_posix(), lines_of(path)
    for query in queries(contender.strategy(scenario).queries):
        if query.possible:
            yield "queries", "hand", query.path.name, code_lines(query.text, query.language)
    for path, lines in _tests(contender, carried):
        yield "tests", "hand", path.relative_to(_CHECKOUT).as_posix(), lines
    for name in _libraries([*emitter, *collection], generated=carried.generated):
        yield "libraries", "by others", name, libraries.lines(name)


def _tests(contender: Contender, carried: Carried) -> Iterator[tuple[Path, int]]:
    """The files with tests of what is carried, each with the lines of these."""
    names = frozenset({contender.strategy.__name__, *_classes(carried.emitter)})
    for path in sorted((_CHECKOUT / "tests/options" / contender.option.id).glob("test_*.py")):
        lines = lines_of_tests(path.read_text(encoding="utf-8"), names)
        if lines:
            yield path, lines


def _configuration(strategy: type[Strategy], *, own: bool) -> Iterator[Path]:
    """The configuration files of the servers that a strategy needs, but for the StatsD server where
    it has its own. Those of options A and B, Cloud Logging and Mozilla's pipeline, are there
    already."""
    needed = {
        "telegraf.conf": issubclass(strategy, StatsdStrategy) and not own,
        "influxdb.conf": issubclass(strategy, InfluxStrategy),
    }
    paths = (_CHECKOUT / "deploy" / name for name, wanted in needed.items() if wanted)
    return filter(Path.is_file, paths)


def _libraries(places: Iterable[str], *, generated: bool) -> list[str]:
    found = {"glean_parser"} if generated else set()
    for place in places:
        file, _, name = place.partition("::")
        text = (_OPTIONS / file).read_text(encoding="utf-8")
        segment = _definition(text, name, _OPTIONS / file) if name else text
        found |= set(libraries.named(text, [segment]))
    return sorted(found)


def _classes(places: Iterable[str]) -> Iterator[str]:
    """The names of what is carried: of a whole file, all that it defines."""
    for place in places:
        file, _, name = place.partition("::")
        if name:
            yield name.partition(".")[0]
        else:
            tree = ast.parse((_OPTIONS / file).read_text(encoding="utf-8"))
            yield from (node.name for node in tree.body if isinstance(node, ast.ClassDef))


@cache  # the runs of a sweep have the same tests
def lines_of_tests(text: str, names: frozenset[str]) -> int:
    """Lines with code of the test functions of a module that use any of these names, which it
    imports from dauexp."""
    imported = {
        each.asname or each.name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dauexp")
        for each in node.names
    }
    return sum(
        python_lines(textwrap.dedent(ast.get_source_segment(text, node, padded=True) or ""))
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        if _used(node, imported) & names
    )


def _used(function: ast.FunctionDef, imported: Collection[str]) -> set[str]:
    """What a function uses of what is imported, and the attributes of that."""
    return {
        node.id if isinstance(node, ast.Name) else node.attr
        for node in ast.walk(function)
        if (isinstance(node, ast.Name) and node.id in imported)
        or (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in imported
        )
    }


def _lines_at(place: str) -> int:
    file, _, name = place.partition("::")
    return lines_of(_OPTIONS / file, name)


def _places(strategy: type[Strategy], methods: Iterable[str]) -> Iterator[str]:
    return filter(None, (_place(strategy, name) for name in methods))


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


@cache
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
