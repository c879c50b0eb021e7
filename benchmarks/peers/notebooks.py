"""Notebooks: executed by ours, which makes a page of each too, and by bare papermill."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import papermill

from benchmarks.peers.sides import Subject, Way, timed
from dauexp.report.notebooks import execute
from dauexp.resources import notebook_file

NOTEBOOK = "01_traffic"


@contextmanager
def subject(size: float) -> Iterator[Subject]:
    """The first notebook on its defaults; its size does not follow `size`."""
    del size
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / f"{NOTEBOOK}.ipynb"
        yield Subject(
            "A notebook executed",
            "notebooks",
            1,
            (
                Way(
                    "ours",
                    "parameters checked; a kernel of this interpreter; the page, too",
                    timed(partial(_ours, output)),
                ),
                Way("papermill alone", "the notebook only", timed(partial(_bare, output))),
            ),
        )


def _ours(output: Path) -> None:
    execute(NOTEBOOK, output, {})


def _bare(output: Path) -> None:
    papermill.execute_notebook(
        notebook_file(NOTEBOOK),
        output,
        kernel_name="python3",
        cwd=output.parent,
        progress_bar=False,
    )
