"""Who does the steps of a run: the processes of this machine, or the workers of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

from dauexp.scenario import Scenario

T = TypeVar("T")
R = TypeVar("R")


class Job(NamedTuple):
    """What the steps of a run have in common."""

    scenario: Scenario
    """Whose own files are those that the run keeps in its folder."""
    folder: Path
    """That of the run, here."""
    progress: Callable[[str, int, int], None]


class Crew(Protocol):
    """Does steps that do not depend on one another, in any order."""

    @property
    def processes(self) -> int:
        """How many steps it does at once."""

    def steps(
        self,
        stage: str,
        job: Job,
        function: Callable[[Scenario, Path, T], R],
        tasks: Sequence[T],
        needs: Callable[[T], Sequence[Path]],
    ) -> list[R]:
        """The results of `function` for each task, in the order of the tasks; the first error is
        raised here. What the function leaves below the folder of the run is there afterwards.

        Args:
            stage: told to the job's progress.
            job: given to the function, its folder perhaps as another of the same content.
            function: pickles, as do the tasks and what it gives.
            tasks: what is to be done.
            needs: files and folders, below that of the run, that a task reads beside what all steps
                read; a mark stands for the files that it lists, too.
        """
