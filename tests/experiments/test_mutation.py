"""Mistakes: what they are, and the verdict on each against what must come of it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from dauexp.errors import BadInput
from dauexp.experiments import smaller
from dauexp.experiments.mutation import (
    ASKED,
    EXPERIMENT,
    MUTATION,
    MUTATION_BIAS,
    catalogue,
    effects,
    judged,
    observed,
    without_mistake,
)
from dauexp.experiments.mutation.catalogue import (
    Code,
    Mistake,
    difference,
    lines_changed,
    mistake,
    mistakes,
)
from dauexp.experiments.mutation.sites import site_of, sites
from dauexp.experiments.trial import trial
from dauexp.options import contenders
from dauexp.report.claims import claims
from dauexp.report.claims import judged as claims_judged
from dauexp.report.frames import named
from dauexp.scenario import Scenario, load
from dauexp.traffic.source import open_source, prepare_source

# Case, verdict and what must be said, reasoned from how each stage works, not from a run.
EXPECTED: dict[str, tuple[str, str]] = {
    # The declared type of `metrics` is dict[str, str].
    "custom user-null": ("caught", "type checker"),
    # The schema requires the key.
    "custom required-field-missing": ("rejected", "Validate: required"),
    # The log entry's fields must all be strings.
    "custom version-as-number": ("rejected", "ParseLogEntry"),
    # No schema has this namespace.
    "custom namespace-hyphenated": ("rejected", "UnknownNamespace"),
    # Names are not in the schema: accepted, and the column stays empty.
    "custom metric-misspelt": ("visible", "nothing in string.syncstorage_hashed_fxa_uid"),
    # A user's first request of a day is kept, so DAU is right; the others are duplicates.
    "custom document-id-of-user": ("visible", "the same document ids"),
    # Any text is a good platform.
    "custom platform-and-family-swapped": ("silent", ""),
    # Days are those of arrival; nothing reads the times of the ping.
    "custom local-time": ("harmless", ""),
    # A payload's own submission_timestamp overrides the time of arrival.
    "custom local-submission-timestamp-sent": ("silent", ""),
    # What is generated without the metric does not take it.
    "glean send-in-pings-forgotten": ("caught", "type checker"),
    "glean ping-misspelt": ("caught", "glinter"),
    "glean type-of-other-pings": ("caught", "generator"),
    # Arguments of generated Python are optional.
    "glean user-not-passed": ("visible", "nothing in string.syncstorage_hashed_fxa_uid"),
    # Generated server code looks at no date.
    "glean metric-expired": ("harmless", ""),
    # The number is formatted as a float by the client.
    "statsd:set timing-for-set": ("caught", "first call"),
    # After a pipe comes the type.
    "statsd:set pipe-in-value": ("rejected", "malformed"),
    "statsd:set name-changed": ("visible", "the measurement users is empty"),
    # Telegraf sorts tags.
    "statsd:set tags-in-other-order": ("harmless", ""),
    "statsd:counter unit-mixed-up": ("silent", ""),
}
HEAVY = set(mistakes()) - set(EXPECTED)


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """A few users for a few days: a trial is a second."""
    small = smaller(load("quick", ["experiments.users=25"]))
    few = small.traffic.model_copy(update={"days": 8})
    return small.model_copy(update={"traffic": few})


@pytest.fixture(scope="module")
def rows(
    scenario: Scenario, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, dict[str, Any]]]:
    """The rows of the expected mistakes, by case."""
    found = {}
    for case in EXPECTED:
        tables = observed(scenario, mistakes()[case], tmp_path_factory.mktemp("mistake"))
        assert tables["mutation"].schema == MUTATION
        assert tables["mutation_bias"].schema == MUTATION_BIAS
        (found[case],) = tables["mutation"].to_pylist()
    yield found
    without_mistake.cache_clear()


def test_verdicts_are_what_must_come_of_each_mistake(rows: dict[str, dict[str, Any]]) -> None:
    told = ("caught_by", "reason", "signals")
    for case, (verdict, words) in EXPECTED.items():
        row = rows[case]
        assert row["verdict"] == verdict, (case, row)
        assert any(words in row[name] for name in told), (case, row)
    assert {verdict for verdict, _ in EXPECTED.values()} == {
        "caught", "rejected", "visible", "silent", "harmless"
    }  # fmt: skip


def test_biases_are_what_must_come_of_each_mistake(rows: dict[str, dict[str, Any]]) -> None:
    assert rows["custom platform-and-family-swapped"]["dau_by_platform_bias"] == -1
    assert rows["custom document-id-of-user"]["dau_bias"] == 0
    assert rows["custom required-field-missing"]["dau_bias"] == -1
    assert rows["custom required-field-missing"]["rejected_share"] == 1
    assert rows["custom local-submission-timestamp-sent"]["dau_bias"] != 0
    assert rows["statsd:counter unit-mixed-up"]["dau_bias"] == pytest.approx(12)
    assert rows["statsd:set tags-in-other-order"]["dau_bias"] == 0
    assert rows["statsd:set name-changed"]["wau_bias"] is None  # sets cannot be asked
    assert rows["glean ping-misspelt"]["dau_bias"] is None  # nothing to run
    for row in rows.values():
        biases = [row[f"{question}_bias"] for question in ("dau", "wau", "mau", "dau_by_platform")]
        if row["verdict"] == "harmless":
            assert not any(biases)
        if row["verdict"] == "silent":
            assert any(biases)


@pytest.mark.heavy
@pytest.mark.parametrize("case", sorted(HEAVY))
def test_every_other_mistake_can_be_tried(scenario: Scenario, case: str, tmp_path: Path) -> None:
    (row,) = observed(scenario, mistakes()[case], tmp_path)["mutation"].to_pylist()
    assert row["lines_changed"] > 0
    assert (row["rejected_share"] is None) == (row["dau_bias"] is None)


@pytest.mark.parametrize("label", sites())
def test_code_without_a_mistake_sends_what_the_strategy_sends(
    scenario: Scenario, label: str, tmp_path: Path
) -> None:
    site = site_of(label)
    prepare_source(scenario, tmp_path)
    batch = next(iter(open_source(scenario, tmp_path).batches(0, 0))).observations
    with_code = site.strategy(site.code(), tmp_path)(scenario).emit(batch)
    usual = site.contender.strategy(scenario).emit(batch)
    assert with_code.drop_columns("wire") == usual.drop_columns("wire")
    one, other = (each["wire"].to_pylist() for each in (with_code, usual))
    if label.startswith("statsd"):
        assert one == other
    else:  # ids of documents and the wall clock differ, the length does not
        assert [*map(len, one)] == pytest.approx([*map(len, other)], abs=30)


def test_code_without_a_mistake_gives_the_strategys_answers(
    scenario: Scenario, tmp_path: Path
) -> None:
    for label in ("custom", "statsd:set"):
        right = without_mistake(scenario, label)
        usual = trial(scenario, site_of(label).contender, tmp_path / label, questions=ASKED)
        assert right.answers == usual.answers
        assert not right.violations
        assert effects.rejected(right) == (0.0, "")
        bias = effects.bias(usual, right)
        assert not bias["changed"].any()
        assert (bias["mean_bias"].dropna() == 0).all()
        errors = bias["mean_relative_error"]
        assert (errors[bias["question"] == "dau"].abs() > 0).all() == (label == "statsd:set")


def test_every_mistake_changes_code_that_stays_python() -> None:
    assert len(mistakes()) >= 24 + 8 + 8
    for each in mistakes().values():
        right = site_of(each.contender).code()
        wrong = each.made_in(right)
        assert difference(right, wrong), each.case
        assert lines_changed(right, wrong) >= 1
        assert each.what.endswith(".")
        assert each.thinking.endswith(".")
        for name, text in wrong.files.items():
            if name.endswith(".py"):
                compile(text, name, "exec")


def test_each_option_has_its_catalogue() -> None:
    options = [each.contender.split(":")[0] for each in mistakes().values()]
    assert options.count("custom") >= 24
    assert options.count("glean") >= 8
    assert options.count("statsd") >= 8
    assert EXPERIMENT.cases(load("quick", ["strategies=['glean']"])) == [
        case for case in mistakes() if case.startswith("glean ")
    ]


def test_lines_are_counted_where_they_change() -> None:
    right = Code({"a": "1\n2\n3\n4\n"}, {"speed": 1})
    assert lines_changed(right, right) == 0
    assert lines_changed(right, right.change("a", "2\n", "two\n")) == 1
    assert lines_changed(right, right.change("a", "2\n", "")) == 1
    assert lines_changed(right, right.change("a", "2\n", "two\nand a half\n")) == 2
    assert lines_changed(right, right.configure(speed=2)) == 1


def test_what_cannot_be_changed_is_told() -> None:
    code = Code({"a.py": "one one"}, {"speed": 1})
    with pytest.raises(BadInput, match="'two' is there 0 times"):
        code.change("a.py", "two", "")
    with pytest.raises(BadInput, match="'one' is there 2 times"):
        code.change("a.py", "one", "")
    with pytest.raises(BadInput, match=r"no file 'b.py' to change; there are: a.py"):
        code.change("b.py", "one", "")
    with pytest.raises(BadInput, match="no setting 'colour'; there are: speed"):
        code.configure(colour=2)
    with pytest.raises(BadInput, match=r"mistake nothing-said: its docstring"):

        @mistake("custom", thinking="It says itself.")
        def nothing_said(code: Code) -> Code:
            return code


OWN = '''
from dauexp.experiments.mutation.catalogue import Code, mistake

@mistake("custom", thinking="The type is a word like any other.")
def type_in_capitals(code: Code) -> Code:
    """The document type is written in capitals."""
    return code.change("logger.py", '"events",', '"EVENTS",')
'''


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of installed packages, one of which has mistakes of its own."""
    entry = "[dauexp.mistakes]\nmine = my_mistakes\n"
    package = tmp_path / "my_mistakes-1.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Name: my-mistakes\nVersion: 1\n", encoding="utf-8")
    (package / "entry_points.txt").write_text(entry, encoding="utf-8")
    (tmp_path / "my_mistakes.py").write_text(OWN, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    catalogue.mistakes.cache_clear()
    yield tmp_path
    catalogue.mistakes.cache_clear()
    sys.modules.pop("my_mistakes", None)


def test_a_mistake_of_ones_own_is_one_function(installed: Path, scenario: Scenario) -> None:
    own = mistakes()["custom type-in-capitals"]
    assert own.what == "The document type is written in capitals."
    assert own.case in EXPERIMENT.cases(scenario)
    right = site_of("custom").code()
    assert '+                "document_type": "EVENTS",' in difference(right, own.made_in(right))


def test_two_mistakes_of_one_name_are_told(installed: Path) -> None:
    taken = OWN.replace("type_in_capitals", "user_null")
    (installed / "my_mistakes.py").write_text(taken, encoding="utf-8")
    with pytest.raises(BadInput, match="two mistakes 'custom user-null'"):
        mistakes()


def test_a_mistake_that_fits_no_more_is_told_by_name(scenario: Scenario, tmp_path: Path) -> None:
    old = Mistake("custom", "old", "x.", "y.", lambda code: code.change("logger.py", "Perl", ""))
    with pytest.raises(BadInput, match=r"mistake 'custom old': logger.py: 'Perl'"):
        observed(scenario, old, tmp_path)
    with pytest.raises(BadInput, match="no mistake can be made with 'telepathy'"):
        site_of("telepathy")


def test_a_verdict_is_the_first_that_holds() -> None:
    def verdict(caught_by: str, share: float | None, *, seen: bool, changed: bool) -> Any:
        row = {"caught_by": caught_by, "rejected_share": share}
        return judged(row, ["seen"] if seen else [], changed=changed)

    assert verdict("glinter", None, seen=False, changed=False)["verdict"] == "caught"
    assert verdict("glinter", 1.0, seen=True, changed=True)["verdict"] == "caught"
    assert verdict("", 0.01, seen=True, changed=True)["verdict"] == "rejected"
    assert verdict("", 0.009, seen=True, changed=True)["verdict"] == "visible"
    quiet = verdict("", 0.009, seen=False, changed=True)
    assert (quiet["verdict"], quiet["silent"], quiet["harmless"]) == ("silent", True, False)
    good = verdict("", 0.0, seen=False, changed=False)
    assert (good["verdict"], good["silent"], good["harmless"]) == ("harmless", False, True)


def test_the_largest_bias_keeps_its_sign() -> None:
    assert effects.largest(pd.Series([0.5, -0.7, float("nan")])) == -0.7
    assert effects.largest(pd.Series([float("nan")])) is None


def test_all_strategies_with_a_site_are_contenders() -> None:
    labels = {contender.label for contender in contenders()}
    assert set(sites()) <= labels
    assert inspect.isabstract(type(sites()["custom"]).__base__)


def test_claims_on_mistakes_follow_the_table(rows: dict[str, dict[str, Any]]) -> None:
    those = [claim for claim in claims().claim if claim.id in {"B-1", "B-2"}]
    silent = next(claim for claim in those if claim.id == "B-2")

    def verdict(changes: Mapping[str, Mapping[str, bool]]) -> str:
        doctored = [{**row, **changes.get(row["option"], {})} for row in rows.values()]
        frame = named(pa.Table.from_pylist(doctored, MUTATION))
        return claims_judged({"mutation": frame}, [silent])[0].verdict

    assert verdict({"custom": {"silent": True}, "glean": {"silent": False}}) == "supported"
    assert verdict({"custom": {"silent": False}, "glean": {"silent": True}}) == "refuted"
