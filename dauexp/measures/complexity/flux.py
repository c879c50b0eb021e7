"""Flux, read by a grammar of its own, `flux.lark`, held against InfluxDB's parser by a test.

Joins are calls of `join` and of the functions of the package `join`; subqueries are pipelines
beside the one whose rows are the answer: those that are named, in a function, or an argument;
windows are calls of `window` and `aggregateWindow`; aggregations are calls of what makes one row
of a table (`AGGREGATES`).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import lark

from dauexp.errors import BadInput
from dauexp.measures.complexity.halstead import Kind, Token
from dauexp.measures.complexity.language import Language, Tree

Node = lark.Tree[lark.Token]

_AGGREGATES = """
aggregateWindow count cov covariance first integral last max mean median min mode pearsonr quantile
reduce skew spread stddev sum
"""

AGGREGATES = frozenset(_AGGREGATES.split())
"""Functions that make one row of a table (https://docs.influxdata.com/flux/v0/stdlib/universe/,
aggregates, and those selectors that SQL calls aggregates)."""

_VALUES = frozenset({"true", "false", "inf"}) | AGGREGATES
"""Names that the language gives a value; a function is one where it is an argument."""

_LEAVES = {
    "IDENTIFIER": Kind.NAME,
    "STRING_LITERAL": Kind.TEXT,
    "REGEXP_LITERAL": Kind.TEXT,
    "DATE_TIME_LITERAL": Kind.NUMBER,
    "DURATION_LITERAL": Kind.NUMBER,
    "FLOAT_LITERAL": Kind.NUMBER,
    "INTEGER_LITERAL": Kind.NUMBER,
    "PIPE_LITERAL": Kind.OPERATOR,
}
"""The terminals that are nodes of the syntax tree, each with what kind of token it is."""

_CLOSING = {")", "]", "}"}


def tokens(text: str) -> list[Token]:
    """The tokens of a text in Flux. Names that nothing in it gives a value are parameters."""
    root = parsed(text)
    found = [leaf for leaf in _leaves(root) if leaf not in _CLOSING]
    free = {leaf.start_pos for leaf in _free(root, _VALUES)}
    return [
        _token(leaf, called=after == "(", free=leaf.start_pos in free)
        for leaf, after in zip(found, [*found[1:], ""], strict=True)
    ]


def _token(leaf: lark.Token, *, called: bool, free: bool) -> Token:
    kind = _LEAVES.get(leaf.type, Kind.OPERATOR)
    if kind is Kind.NAME and (called or free):
        kind = Kind.PARAMETER if free else Kind.OPERATOR
    if kind is Kind.TEXT:
        return Token(leaf[1:-1], kind)
    return Token("=>" if leaf.type == "ARROW" else str(leaf), kind)


def tree(text: str) -> Tree:
    """The syntax tree of a text in Flux."""
    root = parsed(text)
    calls = [node.children[0] for node in root.find_data("call_expression")]
    names = [_name(called) for called in calls]
    return Tree(
        nodes=nodes(root),
        depth=depth(root),
        joins=sum(name == "join" or name.startswith("join.") for name in names),
        subqueries=_pipelines(root) - sum(map(_is_answer, root.children)),
        windows=sum(_last(name) in {"window", "aggregateWindow"} for name in names),
        aggregations=sum(_last(name) in AGGREGATES for name in names),
    )


@cache
def parsed(text: str) -> Node:
    """The syntax tree, its nodes named as in `flux.lark`, with all tokens as leaves.

    Raises BadInput where the text is not Flux, or more of it than the grammar knows.
    """
    try:
        return _parser().parse(text)
    except lark.exceptions.UnexpectedInput as error:
        context = error.get_context(text).splitlines()[0].strip()
        raise BadInput(
            f"not Flux, as far as flux.lark has it: line {error.line}, at {context!r}"
        ) from error


@cache
def _parser() -> lark.Lark:
    grammar = files(__package__).joinpath("flux.lark").read_text(encoding="utf-8")
    return lark.Lark(
        grammar, parser="lalr", start="file", keep_all_tokens=True, maybe_placeholders=False
    )


def _leaves(root: Node) -> Iterator[lark.Token]:
    """All tokens in order."""
    yield from root.scan_values(lambda value: isinstance(value, lark.Token))


def inner(node: Node | lark.Token) -> list[Node | lark.Token]:
    """The children of a node that are nodes of the syntax tree, not symbols between them."""
    if isinstance(node, lark.Token):
        return []
    return [
        child for child in node.children if isinstance(child, lark.Tree) or child.type in _LEAVES
    ]


def nodes(node: Node | lark.Token) -> int:
    """The number of nodes from this one down."""
    return 1 + sum(map(nodes, inner(node)))


def depth(node: Node | lark.Token) -> int:
    """The number of nodes on the longest way from this one to a leaf."""
    return 1 + max(map(depth, inner(node)), default=0)


def _pipelines(root: Node) -> int:
    """Pipelines, each counted once however long it is."""
    every = list(root.find_data("pipe_expression"))
    longer = sum(_is(node.children[0], "pipe_expression") for node in every)
    return len(every) - longer


def _is_answer(statement: Node | lark.Token) -> bool:
    """Whether a statement of the file is a pipeline whose rows are given."""
    return _is(statement, "expression_statement") and _is(inner(statement)[0], "pipe_expression")


def _is(node: Node | lark.Token, name: str) -> bool:
    return isinstance(node, lark.Tree) and node.data == name


def _name(called: Node | lark.Token) -> str:
    """The name by which a function is called: `sum`, `join.left`; empty if it has none."""
    if isinstance(called, lark.Token):
        return str(called)
    if called.data != "member_expression":
        return ""
    return ".".join(filter(None, map(_name, inner(called))))


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _free(node: Node | lark.Token, bound: frozenset[str]) -> Iterator[lark.Token]:
    """The names to which nothing gives a value, but for those of functions that are called."""
    if isinstance(node, lark.Token):
        if node.type == "IDENTIFIER" and node not in bound:
            yield node
    else:
        for child, there in _scopes(node, bound):
            yield from _free(child, there)


def _scopes(
    node: Node, bound: frozenset[str]
) -> Iterator[tuple[Node | lark.Token, frozenset[str]]]:
    """The children of a node in which names stand for values, and the names that have one there."""
    children = inner(node)
    match node.data:
        case "file" | "block":
            for statement in children:
                yield statement, bound
                bound |= _bound_by(statement)
        case "import_declaration":
            return
        case "variable_assignment" | "property":
            yield children[-1], bound
        case "member_expression":
            yield children[0], bound
        case "function_expression":
            *parameters, body = children
            yield from ((default, bound) for each in parameters for default in inner(each)[1:])
            yield body, bound | {str(inner(each)[0]) for each in parameters}
        case _:
            called = node.data == "call_expression" and isinstance(children[0], lark.Token)
            yield from ((child, bound) for child in children[called:])


def _bound_by(statement: Node | lark.Token) -> frozenset[str]:
    """The names to which a statement gives a value."""
    match statement.data if isinstance(statement, lark.Tree) else "", inner(statement):
        case "import_declaration", [path]:
            return frozenset({str(path)[1:-1].rpartition("/")[2]})
        case "import_declaration" | "variable_assignment", [name, _]:
            return frozenset({str(name)})
        case "option_statement", [assignment]:
            return _bound_by(assignment)
    return frozenset()


FLUX = Language("//", tokens, tree)
