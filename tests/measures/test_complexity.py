"""Complexity of queries, against numbers worked out by hand."""

from __future__ import annotations

import math

import pytest

from dauexp.errors import BadInput
from dauexp.measures.complexity import COMPLEXITY, code_lines, complexity, measured, tokens, tree
from dauexp.options import contenders
from dauexp.questions import queries
from dauexp.scenario import load


def parts(text: str, language: str) -> tuple[list[str], list[str]]:
    """Operators and operands."""
    found = list(tokens(text, language))
    return [t.text for t in found if not t.operand], [t.text for t in found if t.operand]


def test_a_statement_by_hand() -> None:
    text = "SELECT a, a + 1 FROM t -- and a comment, @not_counted"
    assert parts(text, "sql") == (["SELECT", ",", "+", "FROM"], ["a", "a", "1", "t"])
    found = measured(text, "sql")
    assert found["tokens"] == 8
    assert found["volume_bits"] == pytest.approx(8 * math.log2(4 + 3))
    assert found["difficulty"] == pytest.approx(4 / 2 * 4 / 3)
    assert (found["lines"], found["constants"]) == (1, 0)


def test_a_function_is_an_operator_and_brackets_are_one() -> None:
    assert parts("SELECT COUNT(DISTINCT `user`) FROM t", "sql") == (
        ["SELECT", "COUNT", "(", "DISTINCT", "FROM"],
        ["user", "t"],
    )


def test_keywords_count_alike_in_any_case() -> None:
    assert measured("select a from t", "sql") == measured("SELECT a FROM t", "sql")


def test_constants_are_what_must_be_known_beside_the_days() -> None:
    text = "SELECT n / @per_user FROM t WHERE day BETWEEN @first_day AND @last_day OR n > @per_user"
    assert measured(text, "sql")["constants"] == 1


def test_the_syntax_tree() -> None:
    text = """
    WITH seen AS (SELECT day, user FROM a JOIN b USING (user))
    SELECT day, COUNT(*) OVER (PARTITION BY day), SUM(1) FROM (SELECT * FROM seen) AS s
    """
    found = tree(text)
    assert found["joins"] == 1
    assert found["subqueries"] == 2
    assert found["windows"] == 1
    assert found["aggregations"] == 2


def test_a_deeper_statement_has_a_deeper_tree() -> None:
    flat, deep = tree("SELECT 1 + 1"), tree("SELECT ((1 + 1) + 1) + 1")
    assert flat["nodes"] == 4  # SELECT, +, 1, 1
    assert flat["depth"] == 3
    assert deep["depth"] is not None
    assert deep["depth"] > 3


def test_flux() -> None:
    text = """// a comment
from(bucket: "b") |> range(start: -30d)  // another
  |> filter(fn: (r) => r._field == "user")
  |> distinct()
"""
    operators, operands = parts(text, "flux")
    assert operands == ["bucket", '"b"', "start", "30d", "fn", "r", "r._field", '"user"']
    assert operators.count("|>") == 3
    assert {"from", "range", "filter", "distinct", "=>", "=="} <= set(operators)
    found = measured(text, "flux")
    assert found["lines"] == 3
    assert "nodes" not in found


def test_influxql() -> None:
    text = 'SELECT COUNT(DISTINCT("user")) FROM "m" WHERE time >= $start GROUP BY time(1d)'
    operators, operands = parts(text, "influxql")
    assert operands == ['"user"', '"m"', "start", "1d"]
    assert {"SELECT", "COUNT", "DISTINCT", "FROM", "WHERE", ">=", "GROUP", "BY"} <= set(operators)


def test_lines_have_neither_blanks_nor_comments() -> None:
    assert code_lines("-- why\nSELECT 1\n\n  -- and\nFROM t -- here\n", "sql") == 2
    assert code_lines("// why\nfrom()\n", "flux") == 1


def test_an_unknown_language_and_what_is_no_sql_are_refused() -> None:
    with pytest.raises(BadInput, match="complexity of 'cobol'"):
        measured("MOVE A TO B", "cobol")
    with pytest.raises(BadInput, match="not BigQuery SQL"):
        measured("SELECT FROM WHERE (", "sql")


def test_every_query_file_of_every_contender_is_measured() -> None:
    scenario = load("quick")
    table = complexity(scenario, contenders())
    assert table.schema == COMPLEXITY
    files = [
        query
        for contender in contenders()
        for query in queries(contender.strategy(scenario).queries)
        if query.possible
    ]
    assert table.num_rows == len(files) > 10
    assert min(table["volume_bits"].to_pylist()) > 50
