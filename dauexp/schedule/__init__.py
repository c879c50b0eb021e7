"""Scheduled runs: one after the other in a folder, each with a summary and an exit code."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, Literal

import msgspec

from dauexp.errors import BadInput, DauexpError, Unbalanced
from dauexp.history import Entry, add, measured, read
from dauexp.locking import alone
from dauexp.report import make
from dauexp.run import Progress, folder_of, run_in, silent
from dauexp.scenario import Scenario
from dauexp.schedule.folders import SUMMARY, link_latest, next_folder, prune
from dauexp.schedule.thresholds import check, crossed
from dauexp.store import remove_parts, replacing

__all__ = ["SUMMARY", "Summary", "scheduled"]

EXIT_CODES: Final = {"fine": 0, "crossed": 1, "failed": 1, "unbalanced": Unbalanced.exit_code}


class Summary(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a scheduled run."""

    folder: str
    scenario: str
    status: Literal["fine", "crossed", "failed", "unbalanced"]
    """`crossed`: a threshold; `failed`: a cell of a notebook, or the report; `unbalanced`: the
    ledger."""
    exit_code: int
    crossed: list[str] = []
    """The thresholds that were crossed, a sentence each."""
    failed: str = ""
    """What failed, and where it is kept."""
    entry: Entry | None = None
    """Its measures; none where the ledger does not balance."""

    @property
    def line(self) -> str:
        """The summary in one line."""
        said = [*self.crossed, *([self.failed] if self.failed else [])]
        if not said and self.entry:
            errors = [
                f"{name.removeprefix('error ')} {value:.2%}"
                for name, value in self.entry.measures.items()
                if name.startswith("error ")
            ]
            said = [f"mean error of DAU: {', '.join(errors)}"]
        return f"{self.folder}: {self.scenario} {self.status}: {'; '.join(said)}"


def scheduled(
    scenario: Scenario,
    top: Path,
    keep: int,
    processes: int = 2,
    progress: Progress = silent,
    *,
    shown: str = "",
) -> Summary:
    """Makes the next run of a schedule, in a dated folder below `top`, with its report.

    The newest `keep` dated folders stay; the history of all runs stays in `history.ndjson`. A run
    that was stopped goes on. `latest` points to the last run that was finished. `shown` is what the
    summary calls `top`, by default its path.

    Raises BadInput as `run` does, where another process is at it, or where a threshold is of no
    contender.
    """
    check(scenario)
    top.mkdir(parents=True, exist_ok=True)
    with only(top / ".lock", str(top)):
        remove_parts(top, below=False)
        entries = read(top)
        run = folder_of(scenario, top).name
        folder = next_folder(top, run, [entry.run for entry in entries])
        earlier = [entry for entry in entries if entry.run != folder.name]
        told = f"{shown or top}/{folder.name}"
        summary = _made(scenario, folder, told, earlier, processes, progress)
        if summary.entry:
            add(top, summary.entry)
            link_latest(folder)
        # Now it counts as made; and now that all is on the disk, old runs may go.
        with replacing(folder / SUMMARY) as beside:
            beside.write_bytes(msgspec.json.format(msgspec.json.encode(summary)) + b"\n")
        prune(top, keep)
    return summary


def _made(
    scenario: Scenario,
    folder: Path,
    shown: str,
    earlier: list[Entry],
    processes: int,
    progress: Progress,
) -> Summary:
    def summary(
        status: Literal["fine", "crossed", "failed", "unbalanced"], **more: object
    ) -> Summary:
        return Summary(shown, scenario.name, status, EXIT_CODES[status], **more)  # type: ignore[arg-type]

    try:
        run_in(scenario, folder, processes, progress)
    except Unbalanced as error:
        return summary("unbalanced", failed=str(error).replace(str(folder), shown))
    entry = measured(folder)
    over = [str(each) for each in crossed(scenario, entry, earlier)]
    try:
        make(folder, processes, progress)
    except BadInput:
        raise
    except DauexpError as error:
        failed = str(error).replace(str(folder.resolve()), shown)
        return summary("failed", crossed=over, failed=failed, entry=entry)
    return summary("crossed" if over else "fine", crossed=over, entry=entry)


def only(lock: Path, place: str) -> AbstractContextManager[None]:
    """Holds the lock of a schedule at a place. Raises BadInput where another process holds it."""
    return alone(lock, f"{place}: another scheduled run is at it; wait for it")
