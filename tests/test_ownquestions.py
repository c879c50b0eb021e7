"""Questions of a service's own: what is wrong with one is told before anything is run."""

from __future__ import annotations

from pathlib import Path

import pyarrow.compute as pc
import pytest

from dauexp.commands import stored
from dauexp.errors import BadInput
from dauexp.options import contenders
from dauexp.ownquestions import asked_of, exactly, own_questions
from dauexp.questions import catalogue
from dauexp.run import run
from dauexp.scenario import Scenario, load
from dauexp.traffic.source import Simulated
from dauexp.traffic.truth import counts, devices, seen, stacked, total

DAU = """
SELECT DATE(time) AS day, COUNT(DISTINCT hashed_fxa_uid) AS value FROM requests
WHERE DATE(time) BETWEEN @first_day AND @last_day GROUP BY day
"""
STORED = """
SELECT DATE(submission_timestamp) AS day,
  COUNT(DISTINCT metrics.string.syncstorage_hashed_fxa_uid) AS value
FROM syncstorage_stable.events
WHERE DATE(submission_timestamp) BETWEEN @first_day AND @last_day GROUP BY day
"""
FEW = ("traffic.users=60", "traffic.days=3", "traffic.block_users=40", "strategies=['custom']")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A question in a folder of questions."""
    own = tmp_path / "questions" / "users_again"
    own.mkdir(parents=True)
    (own / "question.toml").write_text('title = "Users again"\nunit = "users"\n')
    (own / "truth.sql").write_text(DAU)
    (own / "custom.sql").write_text(STORED)
    return own


def scenario_with(folder: Path) -> Scenario:
    return load("quick", [*FEW, f"questions={folder.parent}"])


def test_its_truth_is_that_of_the_catalogue_where_both_ask_the_same(folder: Path) -> None:
    source = Simulated(scenario_with(folder))
    (own,) = own_questions(folder.parent).values()
    exact = exactly([own], source)
    blocks = []
    for block in range(source.blocks):
        days = [
            [batch.observations for batch in source.batches(block, day)]
            for day in range(len(source.days))
        ]
        both = (stacked([of(day) for day in days]) for of in (seen, devices))
        blocks.append(counts(next(both), tuple(source.days), next(both)))
    dau = total(blocks).filter(pc.field("question") == "dau")
    assert exact.select(["day", "segment", "value"]).equals(dau.select(["day", "segment", "value"]))
    assert set(exact["question"].to_pylist()) == {"users_again"}


def test_it_is_asked_beside_those_of_the_catalogue(folder: Path) -> None:
    (custom,) = contenders(["custom"])
    asked = asked_of(scenario_with(folder), custom)
    assert {question.id for question, _ in asked} == {*catalogue(), "users_again"}
    assert asked[-1][0].title == "Users again"


@pytest.mark.parametrize(
    ("file", "text", "sentence"),
    [
        ("question.toml", 'title = "Users"\n', "question.toml: unit: Field required"),
        ("question.toml", 'title = "Users"\nunit = "users"\nsegmnt = "all"\n', "segmnt"),
        ("question.toml", "title = ", "not TOML"),
        ("truth.sql", None, "has no truth.sql"),
        ("custom.sql", None, "no file asks custom: write custom.sql, or custom.md"),
        ("costum.sql", STORED, "costum.sql: 'costum' is no option or strategy"),
        ("truth.sql", "SELECT day FROM elsewhere", "truth.sql: does not run: .*elsewhere"),
        ("truth.sql", "SELECT @first_day AS day", "truth.sql: returns the columns day, not day, v"),
        ("custom.sql", "SELECT FROM", "custom.sql: "),
    ],
)
def test_what_is_wrong_is_told(
    folder: Path, tmp_path: Path, file: str, text: str | None, sentence: str
) -> None:
    if text is None:
        (folder / file).unlink()
    else:
        (folder / file).write_text(text)
    with pytest.raises(BadInput, match=sentence) as told:
        run(scenario_with(folder), tmp_path / "runs", processes=1)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("name", "sentence"), [("dau", "the catalogue has a question dau"), ("Users", "is no question")]
)
def test_its_name_is_its_own(folder: Path, name: str, sentence: str) -> None:
    folder.rename(folder.with_name(name))
    with pytest.raises(BadInput, match=sentence):
        own_questions(folder.parent)


def test_a_folder_without_questions_is_told(tmp_path: Path) -> None:
    (tmp_path / "questions").mkdir()
    with pytest.raises(BadInput, match="holds no questions"):
        _ = load("quick", [f"questions={tmp_path / 'questions'}"]).digest


def test_an_unknown_question_of_a_run_is_told_with_its_own(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finished = run(scenario_with(folder), tmp_path / "runs", processes=1)
    with pytest.raises(BadInput, match="users_again"):
        stored.query("custom", "users", finished, as_json=True)
    stored.query("custom", "users_again", finished, as_json=True)
    assert capsys.readouterr().out.count('"segment": "all"') == 3
