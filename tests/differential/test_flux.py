"""Our grammar of Flux against InfluxDB's own parser: the syntax trees of all query files in Flux,
and of texts that try more of the language, have the same nodes in the same places."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lark
import pytest

from dauexp.measures.complexity.flux import Node, inner, nodes, parsed
from dauexp.options import contenders
from dauexp.questions import queries
from dauexp.scenario import load
from dauexp.services import InfluxAddress
from tests.differential.conftest import Servers

pytestmark = pytest.mark.heavy

FILES = sorted(
    {
        query.path
        for contender in contenders()
        for query in queries(contender.strategy(load()).queries)
        if query.language == "flux" and query.possible
    }
)
MORE = (
    "f = (x, y=1, tables=<-) => { z = x + y return z }\nf(x: 2)",
    "x = (a)\n(b)",
    "a / b / c - -d",
    "r = {x with a: 1, b: {c}}",
    'x = if exists r.a and not r.b =~ /a\\/b/ then [1, 2.0][0] else -1d2h + r["a b"]',
    "option task = {name: n, every: 1h}",
    "x = 2026-01-05T00:00:00Z\ny = 2026-01-05",
    'import j "join"\nimport "experimental"\nj.left(a: 1) |> g() |> h.i(k: 1 ^ 2 * 3 % 4)',
    "a or b and c or not d == 1",
    "x = a * b ^ c ^ d - e / f\ny = -x |> f() + a |> g()",
)


@pytest.fixture(scope="module")
def influxdb(servers: Servers) -> Iterator[InfluxAddress]:
    with servers("influxdb2") as addresses:
        yield addresses["influxdb2"]


def theirs(influxdb: InfluxAddress, text: str) -> Any:
    """InfluxDB's tree of a text: from its file down, as (type, name of an identifier, children)."""
    with influxdb.client() as client:
        answer: Any = client.api_client.call_api(
            "/api/v2/query/ast",
            "POST",
            header_params={"Authorization": f"Token {influxdb.token}"},
            body={"query": text},
            response_type=object,
            _return_http_data_only=True,
        )
    return shape(answer["ast"]["files"][0])


def shape(node: dict[str, Any]) -> Any:
    """A node of InfluxDB's JSON. Its children are told in the order of their keys there, which is
    not that of the text, so they are sorted."""
    children = [
        shape(child)
        for value in node.values()
        for child in (value if isinstance(value, list) else [value])
        if isinstance(child, dict) and "type" in child
    ]
    return node["type"].lower(), node.get("name", ""), sorted(children)


def ours(node: Node | lark.Token) -> Any:
    """The same of a node of ours."""
    name = node.type if isinstance(node, lark.Token) else str(node.data)
    said = str(node) if name == "IDENTIFIER" else ""
    if name == "index_expression" and getattr(inner(node)[1], "type", "") == "STRING_LITERAL":
        name = "member_expression"
    return name.replace("_", "").lower(), said, sorted(map(ours, inner(node)))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_query_file_has_the_tree_that_influxdb_makes_of_it(
    path: Path, influxdb: InfluxAddress
) -> None:
    text = path.read_text(encoding="utf-8")
    assert ours(parsed(text)) == theirs(influxdb, text)
    assert nodes(parsed(text)) > 50


@pytest.mark.parametrize("text", MORE)
def test_so_has_more_of_the_language(text: str, influxdb: InfluxAddress) -> None:
    assert ours(parsed(text)) == theirs(influxdb, text)
