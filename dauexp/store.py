"""A strategy's store: a folder with one folder of Parquet files for each table."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

PART: Final = ".part"
"""How the names of folders end in which files are written that are not whole yet."""

_flushed: ContextVar[bool] = ContextVar("_flushed", default=True)


class Store:
    """The tables of one strategy in a run.

    `parts` are written by blocks and days, in any order; `tables` are made of them when all is
    collected. Files are written beside their place, flushed to disk and renamed, so that a file
    that is there is whole.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def table(self, name: str) -> Path:
        """The folder of a table."""
        return self.folder / name

    def has(self, name: str) -> bool:
        """Whether a table has any file."""
        return any(self.table(name).rglob("*.parquet"))

    @contextmanager
    def writing(self, name: str) -> Iterator[Callable[[str, pa.RecordBatch | pa.Table], None]]:
        """Gives a function that adds rows to a table; each table gets one file of this name, whole
        or not at all."""
        with ExitStack() as stack:
            writers: dict[str, pq.ParquetWriter] = {}

            def write(table: str, rows: pa.RecordBatch | pa.Table) -> None:
                if table not in writers:
                    path = self.table(table) / f"{name}.parquet"
                    beside = stack.enter_context(replacing(path))
                    writer = pq.ParquetWriter(beside, rows.schema, compression="zstd")
                    writers[table] = stack.enter_context(writer)
                writers[table].write(rows)

            yield write


@contextmanager
def scratch() -> Iterator[None]:
    """Files written meanwhile are not flushed to disk: for what is made anew after a crash. Many
    small files are written several times as fast."""
    token = _flushed.set(False)
    try:
        yield
    finally:
        _flushed.reset(token)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a place to write beside `path`; on success the file there is synced and becomes
    `path`, whose name is synced then; on an error it is removed.

    The place is in a folder of this process alone, of a name that no one can foresee: no one can
    lay a link there that would be followed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{path.name}.", suffix=PART, dir=path.parent) as own:
        beside = Path(own, "part")
        yield beside
        if _flushed.get():
            flush(beside)
        beside.replace(path)
    if _flushed.get():
        flush(path.parent)


def remove_parts(top: Path, *, below: bool = True) -> None:
    """Removes what processes that were killed left half written in a folder and all `below` it."""
    for left in list(top.glob(f"{'**/' if below else ''}.*{PART}")):
        shutil.rmtree(left)


def flush(path: Path) -> None:
    """Waits until a file, or the names in a folder, are on the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def flush_folders(top: Path) -> None:
    """Waits until the names in a folder and in all folders below it are on the disk; not so within
    `scratch`."""
    if _flushed.get():
        for folder in [path for path in top.rglob("*") if path.is_dir()] + [top]:
            flush(folder)


def write_table(path: Path, table: pa.Table) -> None:
    """Writes a table to a Parquet file, whole or not at all; equal tables give equal bytes."""
    with replacing(path) as beside:
        pq.write_table(table, beside, compression="zstd")


def read_table(path: Path) -> pa.Table:
    """Reads a Parquet file, or all files below a folder in the order of their names."""
    if path.is_dir():
        return pa.concat_tables([pq.read_table(each) for each in sorted(path.rglob("*.parquet"))])
    return pq.read_table(path)
