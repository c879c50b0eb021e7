"""The search that privacy and deletion rest on: what is there must be found, however it is kept."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dauexp.measures.needles import Needles

LETTERS = st.binary(min_size=8, max_size=20).map(lambda raw: bytes(b"ab"[each % 2] for each in raw))


@given(
    st.lists(LETTERS, max_size=6),
    st.binary(max_size=200).map(lambda r: bytes(b"ab"[x % 2] for x in r)),
)
def test_all_that_occurs_is_found_and_nothing_else(needles: list[bytes], data: bytes) -> None:
    assert Needles(needles).found(data) == {each for each in needles if each in data}


def _ab(length: int) -> st.SearchStrategy[bytes]:
    return st.text("ab", min_size=length, max_size=length).map(str.encode)


@st.composite
def searches(draw: st.DrawFn, lengths: st.SearchStrategy[int]) -> tuple[list[bytes], bytes]:
    """Needles, and data with some of them at any alignment, perhaps less their first or last byte:
    by chance the longer ones would hardly occur."""
    needles = draw(st.lists(lengths.flatmap(_ab), min_size=1, max_size=8))
    needle = st.sampled_from(needles)
    most = needle.flatmap(lambda each: st.sampled_from([each, each[1:], each[:-1]]))
    between = st.integers(0, 20).flatmap(_ab)
    return needles, b"".join(draw(st.lists(most | between, max_size=8)))


@given(st.one_of(searches(st.integers(8, 40)), st.integers(15, 40).map(st.just).flatmap(searches)))
def test_needles_of_many_lengths_or_of_one_are_found_at_any_alignment(
    search: tuple[list[bytes], bytes],
) -> None:
    needles, data = search
    assert Needles(needles).found(data) == {each for each in needles if each in data}


def test_thousands_that_begin_and_end_alike_are_told_apart() -> None:
    needles = [b"the same beginning %05d and the same end" % each for each in range(20_000)]
    there = needles[7::1000]
    data = b"".join(b"." * at + each + each[:-1] for at, each in enumerate(there))
    assert Needles(needles).found(data) == set(there)


@pytest.mark.parametrize("at", range(9))
def test_a_needle_is_found_wherever_it_begins(at: int) -> None:
    data = b"x" * at + b"0123456789abcdef" + b"y" * (9 - at)
    assert Needles([b"0123456789abcdef"]).found(data)


def test_a_short_string_is_refused() -> None:
    with pytest.raises(ValueError, match="less than 8 bytes"):
        Needles([b"1234567"])


UID = "5f" * 16


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["a", UID, None]),
        pa.array([b"a", b"in the middle " + UID.encode() + b" of it"], pa.binary()),
        pa.array([{"string": {"uid": UID}}, {"string": {"uid": None}}]),
        pa.array([[{"key": "a", "value": UID}], [], None]),
        pa.array(["a", UID, "b"]).dictionary_encode(),
        pa.array(["a", UID, "b"] * 50_000),
    ],
    ids=["text", "bytes", "struct", "list", "dictionary", "many"],
)
@pytest.mark.parametrize("compression", ["zstd", "none"])
def test_it_is_found_in_a_column_of_any_kind(
    column: pa.Array, compression: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"c": column}), path, compression=compression, write_statistics=False)
    assert Needles([UID.encode()]).found_in(path) == {UID.encode()}
    assert not Needles([b"6f" * 16]).found_in(path)


@given(
    st.lists(LETTERS, min_size=1, max_size=6),
    st.binary(max_size=200).map(lambda raw: bytes(b"ab"[each % 2] for each in raw)),
    st.integers(1, 40),
)
def test_a_file_is_searched_in_pieces_as_it_would_be_whole(
    sought: list[bytes], data: bytes, piece: int
) -> None:
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr("dauexp.measures.needles.PIECE", piece)
        file = Path(folder, "a")
        file.write_bytes(data)
        assert Needles(sought).found_in(file) == {each for each in sought if each in data}


def test_it_is_found_behind_the_escapes_of_json_and_html(tmp_path: Path) -> None:
    uid = 'ann+"x"@example.org/é'
    notebook, page = tmp_path / "a.ipynb", tmp_path / "a.html"
    notebook.write_text(json.dumps({"cells": [{"outputs": [uid]}]}), encoding="utf-8")
    page.write_text("<p>ann&#43;&quot;x&quot;@example.org/&eacute;</p>", encoding="utf-8")
    needles = Needles([uid.encode()])
    assert needles.found_in(notebook) == needles.found_in(page) == {uid.encode()}
