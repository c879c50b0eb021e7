"""The audit finds whatever happened to a run's files since."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dauexp import audit as auditing
from dauexp.audit import CHECKSUMS, audit
from dauexp.store import write_table


@pytest.fixture
def run_copy(small_run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_run, tmp_path / small_run.name))


def test_a_run_as_it_was_written_passes(small_run: Path) -> None:
    assert audit(small_run) == []


def first(folder: Path, pattern: str) -> Path:
    return min(folder.glob(pattern))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def change(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


FILES = [
    "ledger.parquet",
    "scenario.toml",
    "results/truth.parquet",
    "timings/cost.parquet",
    "work/ledger/*.parquet",
    "store/glean/events/live/*.parquet",
    "store/statsd/set/users/*.parquet",
]


@pytest.mark.parametrize("harm", [cut, change, Path.unlink], ids=["cut", "changed", "lost"])
@pytest.mark.parametrize("pattern", FILES[2:])
def test_a_file_that_was_cut_changed_or_lost_is_named(
    run_copy: Path, pattern: str, harm: Callable[[Path], None]
) -> None:
    path = first(run_copy, pattern)
    harm(path)
    assert any(sentence.startswith(str(path.relative_to(run_copy))) for sentence in audit(run_copy))


def test_a_file_that_came_later_is_named(run_copy: Path) -> None:
    (run_copy / "store" / "glean" / "events" / "live" / "more.parquet").write_bytes(b"")
    assert any("was not there when the run ended" in sentence for sentence in audit(run_copy))


def whole_again(folder: Path) -> None:
    """Makes the checksums right, so that only the accounts can tell."""
    auditing.write_checksums(folder)


@pytest.mark.parametrize("table", ["live", "stable"])
def test_a_table_with_a_row_less_is_told_even_with_right_checksums(
    run_copy: Path, table: str
) -> None:
    path = first(run_copy, f"store/glean/events/{table}/**/*.parquet")
    write_table(path, pq.read_table(path).slice(1))
    whole_again(run_copy)
    assert [sentence for sentence in audit(run_copy) if f"glean: the table {table} has" in sentence]


def test_a_ledger_that_is_not_the_sum_of_its_parts_is_told(run_copy: Path) -> None:
    path = run_copy / "ledger.parquet"
    write_table(path, pq.read_table(path).slice(1))
    whole_again(run_copy)
    assert any("is not the sum of the accounts" in sentence for sentence in audit(run_copy))


def test_checksums_are_in_the_common_form(small_run: Path) -> None:
    lines = (small_run / CHECKSUMS).read_text().splitlines()
    digest, name = lines[0].split("  ")
    assert digest == hashlib.sha256((small_run / name).read_bytes()).hexdigest()
