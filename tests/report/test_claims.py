"""Claims: all are there, each can be decided, and a verdict follows the numbers."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pydantic import ValidationError

from dauexp.experiments.evolution import EVOLUTION
from dauexp.experiments.mutation import MUTATION
from dauexp.load import LOAD
from dauexp.measures.capability import CAPABILITY
from dauexp.measures.complexity import COMPLEXITY
from dauexp.measures.effort import EFFORT
from dauexp.measures.privacy import PRIVACY
from dauexp.measures.software import SOFTWARE
from dauexp.report.claims import Claim, Claims, ClaimTest, Judged, claims, judged
from dauexp.report.frames import Frames, frames, named
from dauexp.report.rules import SUBJECTS, NotMeasured, compared, tables

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


@pytest.fixture(scope="module")
def everything(run: Frames) -> Frames:
    """The run with a few rows in the tables of experiments and of a load, too."""
    options = [("glean", "events"), ("custom", "events"), ("statsd", "field")]
    rows: dict[str, tuple[pa.Schema, dict[str, object]]] = {
        "mutation": (MUTATION, {"silent": True, "caught_when_written": False}),
        "evolution": (EVOLUTION, {"change": "second_application", "accepted_share": 1.0}),
        "privacy": (PRIVACY, {"raw_ids_found": 0}),
        "load": (LOAD, {"pace": "1x", "lost_share": 0.0}),
    }
    made = {}
    for name, (schema, values) in rows.items():
        columns = {
            each.name: [
                {"option": option, "strategy": strategy, **values}.get(each.name)
                for option, strategy in options
            ]
            for each in schema
        }
        loose = pa.schema([pa.field(each.name, each.type) for each in schema])
        made[name] = named(pa.table(columns, schema=loose))
    evolution = made["evolution"].assign(filled_share=1.0, code_lines_changed=3)
    summary = run["accuracy_summary"]
    tag = summary[summary["strategy"] == "field"].assign(strategy="tag")
    return {**run, **made, "evolution": evolution, "accuracy_summary": pd.concat([summary, tag])}


MEASURED = [claim.id for claim in claims().claim if claim.tests]
NUMBERS = (0.0, 1.0, 0.5, 2.0, 1e9)
"""Values that are put in the place of what was measured."""


def selected(frame: pd.DataFrame, wanted: dict[str, list[object]]) -> pd.Series[bool]:
    rows = pd.Series(data=True, index=frame.index)
    for column, values in wanted.items():
        rows &= frame[column].isin(values)
    return rows


def with_other_numbers(rule: str, run: Frames) -> Iterator[Frames]:
    """The run with other numbers in the rows of which a rule asks, or other counts of them."""
    for node in ast.walk(ast.parse(rule, mode="eval")):
        if not isinstance(node, ast.Call):
            continue
        asked = node.args[0]
        assert isinstance(asked, ast.Attribute)
        table = ast.unparse(asked.value)
        wanted = {
            str(each.arg): value if isinstance(value, list) else [value]
            for each in node.keywords
            for value in [ast.literal_eval(each.value)]
        }
        frame = run[table].reset_index(drop=True)
        mine = selected(frame, wanted)
        if ast.unparse(node.func) == "count":
            yield {**run, table: frame[~mine]}
            about = {key: wanted[key] for key in SUBJECTS if key in wanted}
            like = frame[selected(frame, about)].assign(**{k: v[0] for k, v in wanted.items()})
            yield {**run, table: pd.concat([frame, *[like] * 3], ignore_index=True)}
        else:
            for number in NUMBERS:
                other = frame.astype({asked.attr: float})
                other.loc[mine, asked.attr] = number
                yield {**run, table: other}


def forced(claim: Claim, run: Frames, *, holds: bool) -> Frames:
    """A run whose numbers make every test of a claim hold, or none."""
    for test in claim.tests:
        if compared(test.holds, run).holds != holds:
            run = next(
                other
                for other in with_other_numbers(test.holds, run)
                if decidable(test, other) and compared(test.holds, other).holds == holds
            )
    return run


def decidable(test: ClaimTest, run: Frames) -> bool:
    try:
        compared(test.holds, run)
    except NotMeasured:
        return False
    return True


@pytest.mark.parametrize("name", MEASURED)
def test_the_verdict_of_every_measured_claim_follows_the_numbers(
    everything: Frames, name: str
) -> None:
    (claim,) = [each for each in claims().claim if each.id == name]
    for holds, verdict in ((True, "supported"), (False, "refuted")):
        (found,) = judged(forced(claim, everything, holds=holds), [claim])
        assert found.verdict == verdict, found.evidence
    if len(claim.tests) > 1:
        run = forced(claim, everything, holds=True)
        last = claim.model_copy(update={"tests": claim.tests[-1:]})
        assert judged(forced(last, run, holds=False), [claim])[0].verdict in {"mixed", "refuted"}


def test_enough_claims_are_measured_by_a_run_with_all_experiments(everything: Frames) -> None:
    found = [each for each in judged(everything) if each.claim.kind != "driver"]
    measured = [e for e in found if e.verdict not in {"open", "cannot be measured here"}]
    assert len(found) == 35
    assert len(measured) >= 24


def test_a_load_sharpens_a_verdict_that_needs_none(everything: Frames) -> None:
    (claim,) = [each for each in claims().claim if each.id == "C-4"]
    without = {name: frame for name, frame in everything.items() if name != "load"}
    assert judged(without, [claim])[0].verdict == "refuted"
    lossy = {**everything, "load": everything["load"].assign(lost_share=0.2)}
    assert judged(lossy, [claim])[0].verdict == "mixed"


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
