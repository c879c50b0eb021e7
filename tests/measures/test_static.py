"""Effort, capability and software: counted from files, against counts by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from glean_parser import translate

from dauexp.errors import BadInput
from dauexp.measures.capability import capability
from dauexp.measures.effort import effort, lines_of, python_lines
from dauexp.measures.software import software
from dauexp.measures.static import static_tables
from dauexp.options import contenders
from dauexp.scenario import load

SOURCE = '''"""A module."""

# a comment
import os  # another


class Thing:
    """A thing."""

    text = """two
lines"""

    def method(self) -> int:
        """What it does."""
        return (
            1  # one

        )
'''


def test_lines_of_python_have_code() -> None:
    assert python_lines(SOURCE) == 8  # import, class, text (2), def, return (3)


def test_lines_of_one_name(tmp_path: Path) -> None:
    path = tmp_path / "thing.py"
    path.write_text(SOURCE, encoding="utf-8")
    assert lines_of(path, "Thing.method") == 4
    assert lines_of(path, "Thing") == 7
    with pytest.raises(BadInput, match=r"thing\.py: does not define Thing\.other"):
        lines_of(path, "Thing.other")


def test_lines_of_yaml_have_data(tmp_path: Path) -> None:
    path = tmp_path / "metrics.yaml"
    path.write_text("# why\n---\n$schema: x\n\na:\n  b: 1 # and\n", encoding="utf-8")
    assert lines_of(path) == 3


def test_effort_has_what_each_option_carries() -> None:
    rows = effort(load("quick"), contenders()).to_pylist()
    assert all(row["lines"] > 0 for row in rows)
    found = {(row["option"], row["part"], row["written"]) for row in rows}
    assert {("glean", "emitter", "generated"), ("glean", "registry", "hand")} <= found
    assert ("custom", "emitter", "generated") not in found
    ways = {row["strategy"] for row in rows if row["option"] == "statsd"}
    for way in ways:
        mine = [row for row in rows if (row["option"], row["strategy"]) == ("statsd", way)]
        emitters = [row["file"] for row in mine if row["part"] == "emitter"]
        assert any(file.endswith((".send", ".emit")) for file in emitters), way


def test_a_question_that_cannot_be_asked_has_its_reason() -> None:
    rows = capability(load("quick"), contenders()).to_pylist()
    impossible = [row for row in rows if not row["possible"]]
    assert {("statsd", "set", "wau"), ("statsd", "set", "mau")} <= {
        (row["option"], row["strategy"], row["question"]) for row in impossible
    }
    assert all(len(row["reason"]) > 30 and not row["language"] for row in impossible)
    assert all(row["language"] and not row["reason"] for row in rows if row["possible"])


def test_software_tells_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {"python_server", "rust_server"} <= set(software()["feature"].to_pylist())
    monkeypatch.delitem(translate.OUTPUTTERS, "rust_server")
    assert "rust_server" not in software()["feature"].to_pylist()


def test_static_tables_repeat() -> None:
    scenario, chosen = load("quick"), contenders()
    once, again = static_tables(scenario, chosen), static_tables(scenario, chosen)
    assert set(once) == {"capability", "complexity", "effort", "software"}
    assert once == again
