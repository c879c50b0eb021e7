"""What was found by fuzzing stays mended: every input of the corpus through its target."""

from __future__ import annotations

import signal
import tempfile
from pathlib import Path

import pytest

from tests.fuzz import corpus, engine
from tests.fuzz.targets import TARGETS


@pytest.fixture(autouse=True)
def private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.mark.parametrize("name", TARGETS)
def test_every_input_of_the_corpus_is_taken(name: str) -> None:
    kept = [*corpus.seeds(name), *corpus.found(name)]
    assert len(kept) >= 8
    for each in kept:
        TARGETS[name].check(each)


def test_without_atheris_hypothesis_makes_the_inputs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.unguided("personal-data", 50)
    assert capsys.readouterr().out == "stat::number_of_executed_units: 50\n"

    def breaks(data: bytes) -> None:
        assert b"@" not in data or len(data) < 3

    target = TARGETS["packets"]._replace(check=breaks)
    monkeypatch.setitem(TARGETS, "personal-data", target)
    with pytest.raises(AssertionError):
        engine.unguided("personal-data", 1000)
    assert signal.alarm(0) == 0, "an alarm left set ends the process in the middle of another test"


def test_every_file_of_the_corpus_has_a_target_and_is_small() -> None:
    names = {path.name.split(".")[0] for path in corpus.FOLDER.iterdir()}
    assert names == set(TARGETS)
    for name in TARGETS:
        assert sum(map(len, corpus.found(name))) <= corpus.MOST_BYTES


def test_bytes_are_kept_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "FOLDER", tmp_path)
    monkeypatch.setattr(corpus, "MOST_BYTES", 300)
    every = [bytes(range(256)), b"", b"a", b"b" * 300]
    corpus.keep("x", every)
    assert corpus.found("x") == [b"", b"a", bytes(range(256))]
    corpus.unpack(every, tmp_path / "pool")
    assert sorted(corpus.packed(tmp_path / "pool")) == sorted(every)
