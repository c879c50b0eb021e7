"""Claims: all are there, each can be decided, and a verdict follows the numbers."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pydantic import ValidationError

from dauexp.measures.capability import CAPABILITY
from dauexp.measures.complexity import COMPLEXITY
from dauexp.measures.effort import EFFORT
from dauexp.measures.software import SOFTWARE
from dauexp.report.claims import Claim, Claims, ClaimTest, Judged, claims, judged
from dauexp.report.frames import Frames, frames, named
from dauexp.report.rules import compared, tables

STATIC = {
    "capability": CAPABILITY, "complexity": COMPLEXITY, "effort": EFFORT, "software": SOFTWARE,
}  # fmt: skip


@pytest.fixture(scope="module")
def run(run_folder: Path) -> Frames:
    return frames(run_folder)


def verdicts(run: Frames) -> dict[str, str]:
    return {each.claim.id: each.verdict for each in judged(run)}


def test_all_claims_of_the_record_are_there() -> None:
    kinds = Counter(claim.id.rstrip("0123456789") for claim in claims().claim)
    assert kinds == {"A+": 12, "A-": 5, "B+": 4, "B-": 5, "C+": 3, "C-": 6, "driver-": 5}
    assert len({claim.id for claim in claims().claim}) == 40


def test_every_claim_has_tests_or_a_reason() -> None:
    for claim in claims().claim:
        assert bool(claim.tests) != bool(claim.cannot), claim.id


@pytest.mark.parametrize("name", STATIC)
def test_rules_ask_for_columns_that_the_measures_have(name: str) -> None:
    asked = [t.holds for claim in claims().claim for t in claim.tests if name in tables(t.holds)]
    assert asked
    empty = {name: named(STATIC[name].empty_table())}
    for rule in asked:
        if tables(rule) == [name]:
            with pytest.raises(LookupError, match=r"no (value of|row about)"):
                compared(rule, empty)


def test_what_the_run_has_no_table_for_stays_open(run: Frames) -> None:
    found = {each.claim.id: each for each in judged(run)}
    assert found["B-2"].verdict == "open"
    assert found["B-2"].evidence[0].missing == "the run has no table mutation"
    assert found["B-2"].needs == ["mutation"]


def test_what_no_run_can_measure_says_so(run: Frames) -> None:
    (found,) = [each for each in judged(run) if each.claim.id == "A+2"]
    assert found.verdict == "cannot be measured here"
    assert found.claim.cannot


def doctored(run: Frames, table: str, where: dict[str, str], **values: float) -> Frames:
    """The run with other values in the rows of a table."""
    frame = run[table].copy()
    rows = pd.Series(data=True, index=frame.index)
    for column, value in where.items():
        rows &= frame[column] == value
    assert rows.any()
    for name, number in values.items():
        frame.loc[rows, name] = number
    return {**run, table: frame}


def test_exactness_of_glean_is_refuted_by_an_error_in_each_of_its_tests(run: Frames) -> None:
    assert verdicts(run)["A+5"] == "supported"
    where = {"option": "glean", "question": "dau"}
    once = doctored(run, "accuracy_summary", where, worst_absolute_error=0.01)
    assert verdicts(once)["A+5"] == "mixed"
    where = {"option": "glean", "question": "dau_by_platform"}
    twice = doctored(once, "accuracy_summary", where, worst_absolute_error=0.2)
    assert verdicts(twice)["A+5"] == "refuted"


def test_statsd_is_judged_by_how_far_its_strategies_are_off(run: Frames) -> None:
    assert verdicts(run)["C-1"] == "mixed"  # the field is within a percent
    off = doctored(run, "accuracy_summary", {"strategy": "field"}, worst_absolute_error=0.5)
    assert verdicts(off)["C-1"] == "supported"
    exact = doctored(run, "accuracy_summary", {"option": "statsd"}, worst_absolute_error=0.0)
    assert verdicts(exact)["C-1"] == "refuted"


def test_volume_is_a_problem_when_a_core_is_not_enough(run: Frames) -> None:
    found = verdicts(run)
    assert (found["A+3"], found["A-5"]) == ("supported", "refuted")
    slow = doctored(run, "cost", {"option": "glean"}, emit_cpu_seconds=1e6, collect_cpu_seconds=1e6)
    found = verdicts(slow)
    assert (found["A+3"], found["A-5"]) == ("refuted", "supported")


@pytest.mark.parametrize(
    ("features", "for_a", "against_a"),
    [
        (["rust_server", "go_server"], "supported", "refuted"),
        (["go_server"], "refuted", "supported"),
    ],
)
def test_rust_is_looked_for_in_the_software_as_it_is(
    run: Frames, features: list[str], for_a: str, against_a: str
) -> None:
    rows = [{"package": "glean_parser", "version": "1", "feature": each} for each in features]
    software = named(pa.Table.from_pylist(rows, schema=SOFTWARE))
    found = verdicts({**run, "software": software})
    assert (found["A+1"], found["A-1"]) == (for_a, against_a)


def decided(*rules: str) -> Judged:
    claim = Claim(
        id="A+1", text="t", tests=tuple(ClaimTest(what="w", holds=rule) for rule in rules)
    )
    return judged({}, [claim])[0]


@pytest.mark.parametrize(
    ("rules", "verdict"),
    [
        (("1 < 2", "1 < 3"), "supported"),
        (("1 < 2", "3 < 1"), "mixed"),
        (("2 < 1", "3 < 1"), "refuted"),
        (("1 < 2", "sum(no.such) < 1"), "open"),
    ],
)
def test_a_verdict_follows_from_the_tests(rules: tuple[str, ...], verdict: str) -> None:
    assert decided(*rules).verdict == verdict


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ({"id": "A+1", "text": "t"}, "give either tests"),
        (
            {"id": "A+1", "text": "t", "cannot": "c", "tests": [{"what": "w", "holds": "1 < 2"}]},
            "give either tests",
        ),
        ({"id": "D+1", "text": "t", "cannot": "c"}, "id"),
        ({"id": "A+1", "text": "t", "tests": [{"what": "w", "holds": "1 <"}]}, "rule"),
        ({"id": "A+1", "text": "t", "cannot": "c", "later": "soon"}, "later"),
    ],
)
def test_a_claim_that_is_wrongly_written_is_refused(
    entry: dict[str, object], complaint: str
) -> None:
    with pytest.raises((ValidationError, ValueError), match=complaint):
        Claim.model_validate(entry)


def test_two_claims_of_one_id_are_refused() -> None:
    claim = {"id": "A+1", "text": "t", "cannot": "c"}
    record = {"title": "t", "place": "p", "version": "v", "chosen": "glean"}
    with pytest.raises(ValidationError, match="two claims"):
        Claims.model_validate({"record": record, "claim": [claim, claim]})
