"""The capability matrix: drawn from the folders of queries, verified by a run's answers."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dauexp.measures.capability import CAPABILITY, capability, overclaimed
from dauexp.measures.complexity import LANGUAGES
from dauexp.options import contenders
from dauexp.questions import catalogue
from dauexp.results import result
from dauexp.scenario import Scenario

KEYS = ("option", "strategy", "question", "variant", "language")


@pytest.fixture(scope="module")
def compared(small_run: Path) -> pa.Table:
    return result(small_run, "accuracy")


@pytest.fixture(scope="module")
def matrix(small: Scenario, compared: pa.Table) -> pa.Table:
    return capability(small, contenders(), compared)


def with_answer(compared: pa.Table, row: int, answer: float | None) -> pa.Table:
    """The accuracy of a run in which one answer was another."""
    rows = compared.to_pylist()
    rows[row]["answer"] = answer
    rows[row]["relative_error"] = None if answer is None else answer / rows[row]["truth"] - 1
    return pa.Table.from_pylist(rows, compared.schema)


def test_no_query_claims_more_than_it_does(matrix: pa.Table) -> None:
    assert overclaimed(matrix) == []


def test_a_run_keeps_the_matrix(matrix: pa.Table, small_run: Path) -> None:
    assert result(small_run, "capability") == matrix


def test_one_answer_beside_the_truth_is_overclaimed(small: Scenario, compared: pa.Table) -> None:
    place = pc.index(pc.equal(compared["option"], "glean"), value=True).as_py()
    row = compared.slice(place, 1).to_pylist()[0]
    wrong = with_answer(compared, place, row["truth"] * 1.02)
    assert overclaimed(capability(small, contenders(), wrong)) == [
        f"glean:events, {row['question']}.sql claims to be exact and errs by up to 2.00%"
    ]
    silent = with_answer(compared, place, None)
    (told,) = overclaimed(capability(small, contenders(), silent))
    assert told.endswith("claims to be exact and does not always answer")


def test_every_contender_has_a_cell_for_every_question_and_language(matrix: pa.Table) -> None:
    assert matrix.schema == CAPABILITY
    rows = matrix.to_pylist()
    assert len({tuple(row[key] for key in KEYS) for row in rows}) == len(rows)
    for contender in contenders():
        mine = [
            row
            for row in rows
            if (row["option"], row["strategy"]) == (contender.option.id, contender.strategy.name)
        ]
        assert {row["question"] for row in mine} == set(catalogue())
        assert {row["language"] for row in mine} <= {*LANGUAGES, ""}


def test_what_was_asked_is_verified_and_nothing_else(matrix: pa.Table) -> None:
    """Without a server, SQL is asked, Flux and InfluxQL are not."""
    for row in matrix.to_pylist():
        assert (row["found"] is not None) == (row["language"] == "sql" and row["possible"])
        if row["found"] == "exact":
            assert not row["worst_absolute_error"]
    found = set(matrix["found"].to_pylist())
    assert found == {"exact", "approximate", None}


def test_what_cannot_be_asked_has_its_reason(matrix: pa.Table) -> None:
    rows = matrix.to_pylist()
    impossible = [row for row in rows if not row["possible"]]
    assert {("statsd", "set", "wau"), ("statsd", "set", "mau")} <= {
        (row["option"], row["strategy"], row["question"]) for row in impossible
    }
    assert ("statsd", "tag", "retention_d7", "influxql") in {
        (row["option"], row["strategy"], row["question"], row["language"]) for row in impossible
    }, "a reason may hold of one language alone"
    assert all(len(row["reason"]) > 30 for row in impossible)
    assert all(row["language"] and not row["reason"] for row in rows if row["possible"])
    assert {row["claim"] for row in impossible} == {"impossible"}


def test_an_error_that_is_known_is_told(matrix: pa.Table) -> None:
    """A set of requests' users counts a user again at each host and flush."""
    (row,) = [
        row
        for row in matrix.to_pylist()
        if (row["strategy"], row["question"], row["language"]) == ("set", "dau", "sql")
    ]
    assert (row["claim"], row["found"]) == ("approximate", "approximate")
    assert row["worst_absolute_error"] > 1
