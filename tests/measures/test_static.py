"""Effort, capability and software: counted from files, against counts by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from glean_parser import translate

from dauexp.errors import BadInput
from dauexp.measures import libraries
from dauexp.measures.effort import effort, lines_of, lines_of_tests, python_lines
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


TESTS = '''
from dauexp.options.custom.logger import SyncEventsLogger
from dauexp.options import glean
from collections import Counter

def test_one() -> None:
    """What it tests."""
    # why
    assert SyncEventsLogger

def test_two() -> None:
    assert glean.GleanEvents

def test_three() -> None:
    assert Counter

def helper() -> None:
    assert SyncEventsLogger
'''


def test_tests_are_those_that_name_what_is_carried() -> None:
    assert lines_of_tests(TESTS, frozenset({"SyncEventsLogger"})) == 2
    assert lines_of_tests(TESTS, frozenset({"GleanEvents", "SyncEventsLogger"})) == 4
    assert lines_of_tests(TESTS, frozenset({"Counter"})) == 0  # that of the standard library


def test_libraries_are_what_the_code_names() -> None:
    module = "import json\nimport statsd\nimport numpy as np\nfrom influxdb_client import Point\n"
    assert libraries.named(module, ["x = Point('a')", "np.zeros(3)"]) == ["influxdb-client"]
    assert libraries.named(module, ["def f(c: statsd.StatsClient): json.dumps(c)"]) == ["statsd"]
    assert libraries.lines("influxdb-client") > 10 * libraries.lines("statsd") > 5000


def test_collection_tests_and_libraries_are_told_apart() -> None:
    rows = effort(load("quick"), contenders()).to_pylist()
    by = {(row["option"], row["strategy"], row["part"], row["file"]) for row in rows}
    assert ("glean", "events", "libraries", "glean_parser") in by
    assert ("statsd", "field", "libraries", "influxdb-client") in by
    assert ("statsd", "set", "libraries", "statsd") in by
    assert not [
        each for each in by if each[0] == "custom" and each[2] in {"libraries", "collection"}
    ]
    assert ("custom", "events", "tests", "tests/options/custom/test_custom.py") in by
    assert ("statsd", "set", "collection", "deploy/telegraf.conf") in by
    assert ("statsd", "field", "collection", "deploy/telegraf.conf") not in by
    assert ("statsd", "sketch", "collection", "deploy/telegraf.conf") not in by
    assert all((row["written"] == "by others") == (row["part"] == "libraries") for row in rows)


def test_software_tells_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {"python_server", "rust_server"} <= set(software()["feature"].to_pylist())
    monkeypatch.delitem(translate.OUTPUTTERS, "rust_server")
    assert "rust_server" not in software()["feature"].to_pylist()


def test_static_tables_repeat() -> None:
    scenario, chosen = load("quick"), contenders()
    once, again = static_tables(scenario, chosen), static_tables(scenario, chosen)
    assert set(once) == {"complexity", "effort", "software"}
    assert once == again
