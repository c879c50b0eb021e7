"""Where numbers came from: whoever follows one back to the stored tables finds the same."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dauexp.report.content import Content, content
from dauexp.report.frames import Frames, whole_frames
from dauexp.report.page import page
from dauexp.report.rules import valued
from dauexp.report.table import Column, Row, Table
from dauexp.report.words import Number, Said

COMPUTED = {"weighing", "weights"}
"""Tables whose numbers are computed from those of another, which their source tells."""


@pytest.fixture(scope="module")
def made(run_folder: Path) -> Content:
    return content(run_folder)


@pytest.fixture(scope="module")
def stored(run_folder: Path) -> Frames:
    return whole_frames(run_folder)


def sentences(made: Content) -> list[Said]:
    return [made.answer, *made.outcome, *made.weighing, *made.traffic]


def numbers(made: Content) -> list[Number]:
    return [part for said in sentences(made) for part in said.parts if isinstance(part, Number)]


def cells(table: Table) -> Iterator[tuple[Row, Column, float]]:
    for row in table.rows:
        for column, cell in zip(table.columns, row.cells, strict=True):
            if cell.numeric and cell.value is not None:
                yield row, column, float(cell.value)


def test_no_number_of_a_sentence_is_without_its_origin(made: Content) -> None:
    assert len(numbers(made)) > 30
    for said in sentences(made):
        for part in said.parts:
            if not isinstance(part, Number):
                assert not re.search(r"\d", re.sub(r"driver-\d| of 1\.$", "", part)), part
            else:
                assert part.term or part.place, said


def test_numbers_of_sentences_are_those_of_their_terms(made: Content, stored: Frames) -> None:
    followed = [number for number in numbers(made) if number.term]
    assert len(followed) > 15
    for number in followed:
        if number == "exact":
            assert valued(number.term, stored) == 0
            continue
        digits = re.sub(r"[ %,]", "", number)
        scale = 100 if "%" in number else 1
        rounded = 0.5 * 10.0 ** -len(digits.partition(".")[2])
        assert abs(float(digits) - scale * valued(number.term, stored)) <= rounded * 1.001, number


def test_every_number_of_a_short_table_is_that_of_its_term(made: Content, stored: Frames) -> None:
    followed = 0
    for table in made.tables.values():
        if table.long or table.name in COMPUTED:
            continue
        for row, column, value in cells(table):
            assert valued(table.term(row, column), stored) == pytest.approx(value, rel=1e-12)
            followed += 1
    assert followed > 60


@pytest.mark.parametrize("name", ["errors", "complexity"])
def test_random_numbers_of_long_tables_are_those_of_their_terms(
    made: Content, stored: Frames, name: str
) -> None:
    table = made.tables[name]
    assert table.long
    for row, column, value in random.Random(name).sample(list(cells(table)), 100):
        term = table.term(row, column)
        assert valued(term, stored) == pytest.approx(value, rel=1e-12)
        assert valued(f"count{term.removeprefix('mean')}", stored) == 1, "the key finds one row"


def test_tables_that_are_computed_say_from_what(made: Content) -> None:
    for name in COMPUTED:
        assert not made.tables[name].origins
        assert "below" in made.tables[name].which or "above" in made.tables[name].which


def test_terms_name_columns_that_the_files_have(made: Content, run_folder: Path) -> None:
    terms = [number.term for number in numbers(made) if number.term]
    for table in made.tables.values():
        terms += [table.term(row, column) for row, column, _ in list(cells(table))[:50]]
    for term in filter(None, terms):
        for node in ast.walk(ast.parse(term, mode="eval")):
            if isinstance(node, ast.Call):
                asked = node.args[0]
                assert isinstance(asked, ast.Attribute)
                names = pq.read_schema(run_folder / made.files[ast.unparse(asked.value)]).names
                assert {asked.attr, *(str(each.arg) for each in node.keywords)} <= set(names), term


def test_the_page_has_the_terms_and_the_rows_that_sentences_lead_to(made: Content) -> None:
    text = page(made).replace("&#39;", "'")
    for number in numbers(made):
        if number.term:
            assert f'title="{number.term}">{number}</a>' in text
        if "." in number.place:
            assert f'<tr id="{number.place.replace(".", "-")}"' in text
    card = made.tables["scorecard"]
    for row, column, _ in cells(card):
        assert f'title="{card.term(row, column)}"' in text
    for row in made.tables["errors"].rows:
        assert f'title="{row.key}"' in text
