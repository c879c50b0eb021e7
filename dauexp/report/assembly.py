"""Puts a report together: figures, appendix and page in one task, each notebook in another."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from dauexp import results
from dauexp.pool import Pool
from dauexp.report import Progress
from dauexp.report.appendix import appendix
from dauexp.report.content import content
from dauexp.report.notebooks import execute
from dauexp.report.page import page
from dauexp.report.render import svg
from dauexp.resources import notebook_file
from dauexp.store import replacing

DOCUMENTS = ""
"""The task that is no notebook."""


def make(folder: Path, processes: int, progress: Progress, *, anew: bool = False) -> None:
    """See `dauexp.report.make`."""
    folder = folder.resolve()
    results.finished(folder)
    notebooks = results.scenario_of(folder).report.notebooks
    for name in notebooks:
        notebook_file(name)  # an unknown one is told before anything is made
    tasks = [name for name in (DOCUMENTS, *notebooks) if anew or not _stands(folder, name)]
    if not tasks:
        return
    with Pool(min(processes, len(tasks))) as pool:
        pool.each("report", partial(_task, folder), tasks, progress)


def _stands(folder: Path, task: str) -> bool:
    """Whether a task left all its files, of which the page is the last that is written."""
    last = folder / "report.html" if task == DOCUMENTS else _notebook(folder, task, ".html")
    return last.is_file()


def _notebook(folder: Path, name: str, suffix: str = ".ipynb") -> Path:
    return folder / "notebooks" / f"{name}{suffix}"


def _task(folder: Path, task: str) -> None:
    if task == DOCUMENTS:
        _documents(folder)
    else:
        execute(task, _notebook(folder, task), {"run": ".."})


def _documents(folder: Path) -> None:
    made = content(folder)
    for figure in made.figures:
        _write(folder / "figures" / f"{figure.name}.svg", svg(figure.chart))
    _write(folder / "appendix.md", appendix(made))
    _write(folder / "report.html", page(made))


def _write(path: Path, text: str) -> None:
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")
