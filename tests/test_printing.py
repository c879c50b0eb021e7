"""Tables on stdout: what a person reads has six digits and a line a row, JSON has all."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from dauexp.commands.printing import print_rows

ROWS: list[Mapping[str, object]] = [
    {"contender": "glean", "error": 0.0123456789, "bytes": 246915.42852850835, "words": "x" * 200},
    {"contender": "statsd:tag", "error": None, "bytes": 54693910.33, "words": ""},
]


def test_a_person_reads_six_digits_and_a_line_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(ROWS, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines if "│" in line]
    assert cells == [
        ["glean", "0.0123457", "246915", "x" * 200],
        ["statsd:tag", "", "54693910", ""],
    ]


def test_json_has_every_digit(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(ROWS, as_json=True)
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == ROWS
