"""The data review request is made from the registry, and is the one in the documentation."""

from __future__ import annotations

from pathlib import Path

import pytest

from dauexp.errors import BadInput
from dauexp.ingest.registry import Registry
from dauexp.options import glean
from dauexp.options.glean.review import ANSWERS, data_review


def test_the_request_in_the_documentation_is_not_stale(checkout: Path) -> None:
    request = (checkout / "docs" / "data-review.md").read_text(encoding="utf-8")
    assert request == data_review(), "stale: run `make registry`"


def test_it_lists_every_metric_and_leaves_no_question_open() -> None:
    request = data_review()
    for name in glean.REGISTRY.objects()["syncstorage"]:
        assert f"`syncstorage.{name}`" in request
    assert "TODO" not in request


def test_a_changed_registry_changes_it(tmp_path: Path) -> None:
    changed = tmp_path / "metrics.yaml"
    text = glean.REGISTRY.files[0].read_text(encoding="utf-8")
    changed.write_text(text.replace("The client, from", "The browser, from"), encoding="utf-8")
    assert "The browser, from" in data_review(Registry((changed,)))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("\n4 = ", "\n5 = ", "question 4 has no answer"),
        ("[answers]", '[answers]\n13 = "?"', "no such question to answer: 13"),
        ("1923967", "1", "matching the bug number 1"),
    ],
)
def test_answers_that_do_not_fit_are_told(old: str, new: str, said: str, tmp_path: Path) -> None:
    answers = tmp_path / "answers.toml"
    answers.write_text(ANSWERS.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(BadInput, match=said):
        data_review(answers=answers)
