"""What people look at: notebooks, figures, the appendix and the page of a finished run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

Progress = Callable[[str, int, int], None]
"""Told the stage, the steps done and the steps in all."""


def make(folder: Path, processes: int, progress: Progress, *, anew: bool = False) -> None:
    """Makes what people look at from the tables of a finished run.

    Leaves below `folder`: `figures/*.svg`, `appendix.md`, `report.html`, and in `notebooks/` the
    notebooks that the scenario names, executed. What stands already is left, unless `anew`. The
    same run gives the same bytes of figures, appendix and page.

    Raises BadInput where the folder is no finished run or a notebook is unknown, DauexpError where
    a cell of a notebook fails: the notebook is kept beside its place.
    """
    from dauexp.report import assembly  # noqa: PLC0415 - charts take seconds to import

    assembly.make(folder, processes, progress, anew=anew)


def notebook_run(run: str, preset: str = "quick") -> Path:
    """The folder of the run that a notebook shows: the one named, or else a run of a preset.

    A preset runs once and is kept in the user's cache. Raises BadInput where `run` is no finished
    run.
    """
    from dauexp.report import presets  # noqa: PLC0415 - as above

    return presets.run_of(run, preset)


def notebook_sweep(sweep: str) -> Path:
    """The folder of the sweep that a notebook shows: the one named, or else the preset `glimpse`.

    The preset runs once and is kept in the user's cache. Raises BadInput where `sweep` is no
    finished sweep.
    """
    from dauexp.report import presets  # noqa: PLC0415 - as above

    return presets.sweep_of(sweep)


def notebook_experiment(
    run: Path, experiment: str, users: int, cases: Sequence[str] = ()
) -> dict[str, pd.DataFrame]:
    """The tables of an experiment by name: the run's own, or else of trials made now.

    Trials are of `users` simulated users, and of all cases or those that are named; they are kept
    in the user's cache. Raises BadInput for an experiment or a case that is unknown.
    """
    from dauexp.report import presets  # noqa: PLC0415 - as above

    return presets.experiment_of(run, experiment, users, cases)


def notebook_days_seen(run: Path) -> pd.DataFrame:
    """The table `days_seen_cost`: the run's own, or else made now.

    It is kept in the user's cache. Raises BadInput where option A is not in the run.
    """
    from dauexp.report import presets  # noqa: PLC0415 - as above

    return presets.days_seen_of(run)


def notebook_growth(
    run: Path, users: Sequence[int], shown: Sequence[str]
) -> dict[str, pd.DataFrame]:
    """The tables `growth` and `growth_fit`: the run's own, or else of runs made now.

    They are of so many users each and of the contenders that are named; they are kept in the user's
    cache. `dauexp growth` measures more, for the run to keep. Raises BadInput for what cannot be.
    """
    from dauexp.report import presets  # noqa: PLC0415 - as above

    return presets.growth_of(run, users, shown)
