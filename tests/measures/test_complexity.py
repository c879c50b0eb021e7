"""Complexity of queries, against numbers worked out by hand."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from dauexp.errors import BadInput
from dauexp.measures.complexity import (
    COMPLEXITY,
    code_lines,
    complexity,
    measured,
    tokens,
)
from dauexp.measures.complexity.constants import constants, declared
from dauexp.measures.complexity.flux import parsed
from dauexp.measures.complexity.sharing import shared
from dauexp.options import contenders
from dauexp.questions import Query, catalogue, queries
from dauexp.scenario import load

LANGUAGES = ("sql", "flux", "influxql")


def parts(text: str, language: str) -> tuple[list[str], list[str]]:
    """Operators and operands."""
    found = tokens(text, language)
    return [t.text for t in found if not t.operand], [t.text for t in found if t.operand]


def known(text: str, language: str, question: str = "dau") -> set[str]:
    return set(constants(tokens(text, language), catalogue()[question]))


def query(folder: Path, text: str, name: str = "dau.sql") -> Query:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    question, _, language = name.partition(".")
    return Query(question, "", language, path)


def test_a_statement_by_hand() -> None:
    text = "SELECT a, a + 1 FROM t -- and a comment, @not_counted"
    assert parts(text, "sql") == (["SELECT", ",", "+", "FROM"], ["a", "a", "1", "t"])
    found = measured(text, "sql")
    assert found["tokens"] == 8
    assert found["volume_bits"] == pytest.approx(8 * math.log2(4 + 3))
    assert found["difficulty"] == pytest.approx(4 / 2 * 4 / 3)
    assert found["lines"] == 1


def test_a_function_is_an_operator_and_brackets_are_one() -> None:
    assert parts("SELECT COUNT(DISTINCT `user`) FROM t", "sql") == (
        ["SELECT", "COUNT", "(", "DISTINCT", "FROM"],
        ["user", "t"],
    )


def test_keywords_count_alike_in_any_case() -> None:
    for language in ("sql", "influxql"):
        once, again = "select a from t order  by a", "SELECT a FROM t ORDER BY a"
        assert measured(once, language) == measured(again, language)


def test_the_same_expression_counts_alike_in_all_languages() -> None:
    sql = parts("t.users / @per_user + count('x')", "sql")
    assert sql == ([".", "/", "+", "COUNT", "("], ["t", "users", "per_user", "x"])
    assert parts("t.users / $per_user + count('x')", "influxql") == sql
    operators, operands = parts('t.users / per_user + count(a: "x")', "flux")
    assert operators == [".", "/", "+", "count", "(", ":"]
    assert operands == ["t", "users", "per_user", "a", "x"]


def test_a_name_and_a_text_of_the_same_letters_are_two_operands() -> None:
    for text, language in (("a = 'a'", "sql"), ("a = 'a'", "influxql"), ('a == "a"', "flux")):
        assert measured(text, language)["distinct_operands"] == 2


def test_the_syntax_tree_of_sql() -> None:
    text = """
    WITH seen AS (SELECT day, user FROM a JOIN b USING (user))
    SELECT day, COUNT(*) OVER (PARTITION BY day), SUM(1) FROM (SELECT * FROM seen) AS s
    """
    found = measured(text, "sql")
    assert found["joins"] == 1
    assert found["subqueries"] == 2
    assert found["windows"] == 1
    assert found["aggregations"] == 2


def test_a_deeper_statement_has_a_deeper_tree() -> None:
    flat, deep = measured("SELECT 1 + 1", "sql"), measured("SELECT ((1 + 1) + 1) + 1", "sql")
    assert flat["nodes"] == 4  # SELECT, +, 1, 1
    assert flat["depth"] == 3
    assert deep["depth"] > 3


def test_the_tokens_of_flux() -> None:
    text = """// a comment
from(bucket: "b") |> range(start: -30d)  // another, not in "//"
  |> filter(fn: (r) => r._field == "user//")
  |> distinct()
"""
    operators, operands = parts(text, "flux")
    assert operands == ["bucket", "b", "start", "30d", "fn", "r", "r", "_field", "user//"]
    assert operators.count("|>") == 3
    assert operators.count("(") == 5
    assert {"from", "range", "filter", "distinct", "=>", "==", "."} <= set(operators)
    assert measured(text, "flux")["lines"] == 3


def test_the_syntax_tree_of_flux_by_hand() -> None:
    found = measured("from(bucket: b) |> count()", "flux")
    # file, statement, pipe; call, from, arguments, property, bucket, b; call, count
    assert found["nodes"] == 11
    assert found["depth"] == 7
    assert (found["subqueries"], found["aggregations"], found["windows"]) == (0, 1, 0)


def test_what_a_query_in_flux_has() -> None:
    text = """import "join"
days = (n, tables=<-) => tables |> window(every: 1d, period: n) |> sum()
made = from(bucket: bucket) |> range(start: first_day)
join.left(left: made |> days(n: 7d), right: made, on: (l, r) => l.a == r.a, as: (l, r) => l)
  |> reduce(fn: (r, accumulator) => ({n: accumulator.n + 1}), identity: {n: 0})
"""
    found = measured(text, "flux")
    assert found["joins"] == 1
    assert found["subqueries"] == 3  # days, made, and the left side
    assert found["windows"] == 1
    assert found["aggregations"] == 2  # sum, reduce


def test_flux_that_the_grammar_does_not_know_is_refused_with_its_place() -> None:
    for text in ("from(bucket: b) |>", 'x = "a ${b}"', "a ="):
        with pytest.raises(BadInput, match=r"not Flux, as far as flux\.lark has it: line 1"):
            parsed(text)


@pytest.mark.parametrize(
    "text",
    [
        "f = (x) => { y = x + 1 return y }\nf(x: 2)",
        "f = (x) => (x)",
        "x = (a)\n(b)",
        "a / b / c",
        "r = {x with a: 1, b}",
        'x = if exists r.a and not r.b =~ /a\\/b/ then [1, 2.0,][0] else -1d2h ^ r["a b"]',
        "option task = {name: n, every: 1h}",
        "x = 2026-01-05T00:00:00Z",
    ],
)
def test_flux_is_read(text: str) -> None:
    parsed(text)


def test_influxql() -> None:
    text = 'SELECT COUNT(DISTINCT("user")) FROM "m" WHERE time >= $start GROUP BY time(1d)'
    operators, operands = parts(text, "influxql")
    assert operands == ["user", "m", "time", "start", "1d"]
    assert operators == [
        *("SELECT", "COUNT", "(", "DISTINCT", "(", "FROM", "WHERE", ">=", "GROUP BY", "TIME", "("),
    ]
    assert "nodes" not in measured(text, "influxql")


def test_lines_have_neither_blanks_nor_comments() -> None:
    assert code_lines("-- why\nSELECT 1\n\n  -- and\nFROM t -- here\n", "sql") == 2
    assert code_lines("// why\nfrom()\n", "flux") == 1


def test_comments_begin_outside_texts_only() -> None:
    assert code_lines('a(b: "http://c\n  // d\n")', "flux") == 3


def test_an_unknown_language_and_what_is_none_of_it_are_refused() -> None:
    with pytest.raises(BadInput, match="complexity of 'cobol'"):
        measured("MOVE A TO B", "cobol")
    with pytest.raises(BadInput, match="not BigQuery SQL"):
        measured("SELECT FROM WHERE (", "sql")
    with pytest.raises(BadInput, match="not BigQuery SQL"):
        measured("SELECT 'a", "sql")
    with pytest.raises(BadInput, match=r"not InfluxQL: line 2 has '\?'"):
        measured("SELECT a\nFROM ?", "influxql")


def test_constants_are_what_must_be_known_beside_the_days_and_the_place() -> None:
    assert known("n / @per_user BETWEEN @first_day AND @last_day OR n > @per_user", "sql") == {
        "per_user"
    }
    assert known("SELECT a / $per_user FROM $measurement WHERE time > $first_day + 1u", "influxql")
    text = """import "math"
option scale = 1
half = (n, by=ratio) => float(v: n) / by * scale
from(bucket: bucket) |> range(start: first_day)
  |> filter(fn: (r) => r._measurement == measurement and r.ok == true)
  |> map(fn: (r) => ({value: math.pi * half(n: r._value), per_user}))
  |> aggregateWindow(every: inf, fn: mean)
"""
    assert known(text, "flux") == {"ratio", "per_user"}


def test_numbers_are_constants_unless_they_come_of_the_question() -> None:
    assert known("a * 0.1 + 1 - 28 + 27 + 0", "sql", "mau") == {"0.1"}
    assert known("a * 0.1 + 1 - 28 + 27 + 7", "sql", "wau") == {"0.1", "28", "27"}
    assert known("a + 1 - 28 + 27 + 7 + 127", "sql") == {"28", "27", "7", "127"}
    assert known("window(every: 1d1us, period: 28d) |> f(a: 14d3h)", "flux", "mau") == {"14", "3"}
    assert known("a & 127 + b & 254", "sql", "wau") == {"254"}
    digits = "LPAD(a, 2, '0') + 10"
    assert known(digits, "sql", "dau") == {"2", "10"}
    assert not known(digits, "sql", "active_last_28_bits")


def test_constants_must_be_declared_and_nothing_else(tmp_path: Path) -> None:
    text = "SELECT n / @rate FROM t"
    for said, complaint in (
        ("", r"dau\.sql: rate must be known .* put a comment `needs: rate` at its top"),
        ("-- needs: rate\n-- needs: age\n", r"dau\.sql: declares `needs: age`, which is not in it"),
    ):
        with pytest.raises(BadInput, match=complaint):
            declared(query(tmp_path, said + text), tokens(said + text, "sql"))
    assert declared(query(tmp_path, "-- needs: rate\n" + text), tokens(text, "sql")) == 1


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
    rows = table.to_pylist()
    assert all((row["nodes"] is None) == (row["language"] == "influxql") for row in rows)
    counted = {
        (row["strategy"], row["language"])
        for row in rows
        if row["constants"] and row["variant"] != "days_seen"
    }
    assert counted == {(way, each) for way in ("counter", "sampled") for each in LANGUAGES}
    wide = {(row["question"], row["constants"]) for row in rows if row["variant"] == "days_seen"}
    assert wide == {("wau", 1), ("mau", 0), ("stickiness", 0)}, "28 bits are more than a week needs"
    assert {row["strategy"] for row in rows if row["outside_steps"]} >= {"sketch", "counter"}


def test_shared_are_the_questions_that_all_of_a_language_can_be_asked() -> None:
    asked = {
        ("sql", "a"): ("dau", "mau"),
        ("sql", "b"): ("dau",),
        ("sql", "c"): ("dau", "mau"),
        ("flux", "b"): ("mau",),
    }
    rows = [
        {"option": "x", "strategy": who, "language": language, "question": question}
        for (language, who), questions in asked.items()
        for question in questions
    ]
    assert shared(rows) == [True, False, True, True, False, True]
    assert shared([]) == []


def test_the_means_of_shared_questions_are_of_the_same_questions_for_all() -> None:
    table = complexity(load("quick"), contenders()).to_pandas()
    for _, rows in table[table["shared"]].groupby("language"):
        asked = rows.groupby(["option", "strategy"])["question"].agg(lambda each: tuple(set(each)))
        assert asked.map(sorted).map(tuple).nunique() == 1
        assert "dau" in asked.iloc[0]
    easy = table[(table["strategy"] == "set") & (table["language"] == "sql")]
    whole = table[(table["strategy"] == "events") & (table["language"] == "sql")]
    assert easy["shared"].all()
    assert not whole["shared"].all()


def test_the_examples_in_the_documentation_are_right(checkout: Path) -> None:
    text = (checkout / "docs" / "complexity.md").read_text(encoding="utf-8")
    example = r"```(\w+)\n([^`]+)```\n\n\| measure .*\n\|-.*\n((?:\|.*\n)+)"
    examples = re.findall(example, text)
    assert {language for language, _, _ in examples} == set(LANGUAGES)
    assert len(examples) == len(re.findall(rf"```(?:{'|'.join(LANGUAGES)})\n", text))
    for language, query_text, table in examples:
        found = measured(query_text, language)
        for measure, value in re.findall(r"\| (\w+) \| ([\d.]+) \|", table):
            decimals = len(value.partition(".")[2])
            assert round(found[measure], decimals) == float(value), (measure, query_text)


def test_every_measure_is_explained_in_the_documentation(checkout: Path) -> None:
    text = (checkout / "docs" / "complexity.md").read_text(encoding="utf-8")
    named = {"option", "strategy", "question", "variant", "language"}
    missing = {name for name in COMPLEXITY.names if f"`{name}`" not in text} - named
    assert missing == {"distinct_operators", "distinct_operands"}
