"""Changes of what is measured: they are real ones, are counted as by hand, and do what is said."""

from __future__ import annotations

import ast
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import dauexp.options
from dauexp.errors import BadInput
from dauexp.experiments import experiments, smaller
from dauexp.experiments.evolution import EXPERIMENT, observing
from dauexp.experiments.evolution.changes import CHANGES, Made, custom
from dauexp.experiments.evolution.code import (
    Code,
    as_it_is,
    changed_lines,
    changes_by_part,
    checked_out,
)
from dauexp.experiments.evolution.observing import OPTIONS
from dauexp.experiments.evolution.warehouse import merged, warehouse, widened
from dauexp.scenario import Scenario, load


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return smaller(load("quick", ["experiments.users=40"]))


def observed(scenario: Scenario, case: str, scratch: Path) -> dict[str, Any]:
    (row,) = EXPERIMENT.observe(scenario, case, scratch)["evolution"].to_pylist()
    return dict(row)


def test_every_option_makes_every_change(scenario: Scenario) -> None:
    assert experiments()["evolution"] is EXPERIMENT
    assert len(EXPERIMENT.cases(scenario)) == len(OPTIONS) * len(CHANGES) == 21
    for option in OPTIONS:
        assert list(option.made) == list(CHANGES)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("option", OPTIONS, ids=[option.label for option in OPTIONS])
def test_a_change_is_one_of_the_code_there_is(option: Any, change: str) -> None:
    changed = option.made[change].by(as_it_is())
    lines = changes_by_part(as_it_is(), changed)
    assert lines["files"] > 1
    assert (lines["registry"] > 0) == (option.label != "statsd:field")
    for file, text in changed.files.items():
        if file.endswith(".py") and text != as_it_is().files.get(file):
            ast.parse(text)


def test_lines_are_counted_as_by_hand() -> None:
    assert changed_lines("a\nb\nc\n", "a\n\nB\nc\nd\n") == 2
    assert changed_lines("a\n", "a\n") == changed_lines("", "\n\n") == 0
    assert changed_lines("a\nb\n", "") == 2
    old = Code(
        {"x.yaml": "a\n", "x.py": "a\n", "q/a.sql": "a\n", "q/b.sql": "b\n", "q/b.flux": "b"}
    )
    new = old.append("x.yaml", "b\nc\n").change("x.py", "a", "b").remove("q", "b")
    assert changes_by_part(old, new) == {"registry": 2, "code": 1, "query": 1, "files": 3}
    with pytest.raises(BadInput, match="'z' is there 0 times"):
        old.change("x.py", "z", "")
    with pytest.raises(BadInput, match="is there 0 times"):
        old.change("y.py", "z", "")


def line_of(code: Code, folder: Path) -> str:
    """What the changed logger writes; then something fails."""
    with checked_out(code, folder):
        from dauexp.options.custom import logger

        line = logger.SyncEventsLogger("a", "1", "release").get_collections(
            user_agent="", hashed_fxa_uid="", hashed_device_id="", platform="p", device_family=""
        )
        raise ValueError(line)


def test_code_that_is_checked_out_is_imported_and_put_back(tmp_path: Path) -> None:
    before = sys.modules["dauexp.options.custom"]
    changed = as_it_is().change("custom/logger.py", '"syncstorage.platform"', '"another"')
    with pytest.raises(ValueError, match="another"):
        line_of(changed, tmp_path)
    assert sys.modules["dauexp.options.custom"] is dauexp.options.custom is before
    assert str(tmp_path) not in "".join(dauexp.options.__path__)


def test_a_second_application_needs_a_reader_of_its_own(scenario: Scenario, tmp_path: Path) -> None:
    row = observed(scenario, "glean second_application", tmp_path)
    assert row["accepted_share"] == row["filled_share"] == row["mixed_accepted_share"] == 1
    assert row["old_reader_accepted_share"] == 0.5
    assert row["generated_lines_changed"] > 100
    assert row["new_query_rows"] > 1


def test_a_labeled_counter_is_nothing_that_the_generator_knows(
    scenario: Scenario,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))  # it generates, and says so
    glean = observed(scenario, "glean labeled_counter", tmp_path / "a")
    assert (glean["accepted_share"], glean["filled_share"], glean["new_query_rows"]) == (1, 0, 0)
    assert "unsupported metric type: labeled_counter:responses" in glean["told"]
    assert capsys.readouterr() == ("", "")
    by_hand = observed(scenario, "custom labeled_counter", tmp_path / "b")
    assert by_hand["filled_share"] == 1
    assert by_hand["new_query_rows"] > 1
    assert not by_hand["told"]


def test_old_queries_do_not_know_a_new_event_nor_a_new_name(
    scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observing, "LATER", 6 * 3_600_000)  # many uploads are after midnight
    event = observed(scenario, "custom new_event", tmp_path / "event")
    assert event["old_queries_right"] < 1
    for case in ("custom renamed", "statsd:field renamed"):
        row = observed(scenario, case, tmp_path / case)
        assert row["old_queries_right"] < 0.8
        assert row["new_queries_right"] == row["history_readable"] == 1
        assert row["mixed_queries_right"] == 1


def test_without_the_registry_a_new_metric_has_no_column(
    scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgotten(code: Code) -> Code:
        changed = custom.MADE["new_string"].by(code)
        return changed.write("glean/metrics.yaml", code.files["glean/metrics.yaml"])

    made = {"new_string": Made(forgotten, "additional_properties IS NULL")}
    option = next(each for each in OPTIONS if each.label == "custom")
    left_out = replace(made["new_string"], by=lambda c: _without_query(forgotten(c)))
    monkeypatch.setattr(
        "dauexp.experiments.evolution.OPTIONS", (option._replace(made={"new_string": left_out}),)
    )
    row = observed(scenario, "custom new_string", tmp_path)
    assert row["accepted_share"] == 1
    assert row["filled_share"] == 0  # it went to additional_properties


def _without_query(code: Code) -> Code:
    return Code({file: text for file, text in code.files.items() if "/new/" not in file})


def test_tables_of_two_registries_are_one(tmp_path: Path) -> None:
    old = pa.table({"m": [{"s": {"a": "1"}}, None], "t": [1, 2]})
    new = pa.table({"m": [{"s": {"b": "2"}}], "t": [3]})
    both = merged(pa.struct(old.schema), pa.struct(new.schema))
    assert both == pa.struct(
        {"m": pa.struct({"s": pa.struct({"a": pa.string(), "b": pa.string()})}), "t": pa.int64()}
    )
    wide = widened(old["m"].combine_chunks(), both[0].type)
    assert wide.to_pylist() == [{"s": {"a": "1", "b": None}}, None]
    with warehouse(tmp_path, {"x.y": [old, new]}) as database:
        rows = database.ask("SELECT t, m.s.a AS a, m.s.b AS b FROM x.y ORDER BY t", "sql", {})
    assert rows.to_pylist() == [
        {"t": 1, "a": "1", "b": None},
        {"t": 2, "a": None, "b": None},
        {"t": 3, "a": None, "b": "2"},
    ]
