"""Words: sentences that know where their numbers came from, and are text to all others."""

from __future__ import annotations

import pytest

from dauexp.report.words import Found, Number, Said, listed, percent


@pytest.mark.parametrize(
    ("words", "told"),
    [([], "none"), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_a_list_reads_as_people_write_it(words: list[str], told: str) -> None:
    assert listed(words) == told


def test_what_was_found_is_markdown_and_text() -> None:
    found = Found("one", "two")
    assert found._repr_markdown_() == "- one\n- two"
    assert repr(found) == "one\ntwo"


def test_numbers_keep_their_origin_in_whatever_they_are_put() -> None:
    three = Number("3", "sum(a.b)", "table.1")
    said = Said("of ", listed([Said("x ", three), "y", "z"]), ".") + " And more."
    assert said == "of x 3, y and z. And more."
    (number,) = [part for part in said.parts if isinstance(part, Number)]
    assert (number.term, number.place) == ("sum(a.b)", "table.1")


@pytest.mark.parametrize(
    ("error", "told"),
    [(None, "no answer"), (0.0, "exact"), (4.1234, "+412 %"), (-0.0604, "\N{MINUS SIGN}6.0 %")],
)
def test_an_error_reads_as_people_write_it(error: float | None, told: str) -> None:
    assert percent(error) == told
