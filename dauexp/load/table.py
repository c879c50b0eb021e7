"""What loads measured, as tables of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from dauexp.audit import write_checksums
from dauexp.errors import BadInput
from dauexp.load.capacity import CAPACITY
from dauexp.load.capacity import capacity as searched
from dauexp.load.pacing import Pace
from dauexp.load.trial import LOAD, Trials
from dauexp.options import Contender
from dauexp.results import TIMED, finished, scenario_of
from dauexp.run import Progress, silent
from dauexp.scenario import changed
from dauexp.store import write_table

_CONTENDER: Final = ("option", "strategy", "settings", "receiver")


def load(
    folder: Path,
    contender: Contender,
    paces: Sequence[Pace],
    seconds: float,
    server: str,
    progress: Progress = silent,
    settings: Mapping[str, object] | None = None,
) -> pa.Table:
    """Replays requests of a finished run at each pace for so many seconds, each time to a freshly
    started receiver. The table `LOAD` of the run gets the rows, in place of earlier ones alike.

    Unpaced, as many requests are sent as the fastest pace has. `settings` change parameters of the
    run's scenario, such as the language of the emitter. Raises BadInput where the folder is no
    finished run, or the contender cannot be loaded.
    """
    known = [pace.per_second for pace in paces if pace.paced]
    if not known or seconds <= 0:
        raise BadInput("--multiples, --seconds: give at least one multiple and a positive time")
    trials = _trials(folder, contender, server, settings or {})
    rows = []
    progress("load", 0, len(paces))
    for done, pace in enumerate(paces, start=1):
        count = round(seconds * (pace.per_second if pace.paced else max(known)))
        rows.append(trials.trial(pace, count))
        progress("load", done, len(paces))
    measured = pa.Table.from_pylist(rows, LOAD)
    _keep(folder, "load", measured, (*_CONTENDER, "pace"))
    return measured


def capacity(
    folder: Path,
    contender: Contender,
    start: float,
    seconds: float,
    server: str,
    progress: Progress = silent,
    settings: Mapping[str, object] | None = None,
) -> pa.Table:
    """Searches for the highest rate, in requests a second, that a contender holds for so many
    seconds without loss, from the rate `start`. The table `CAPACITY` of the run gets the row.

    Raises BadInput as `load` does.
    """
    if seconds <= 0:
        raise BadInput("--seconds: give a positive time")
    trials = _trials(folder, contender, server, settings or {})
    tried: list[float] = []

    def tell(rate: float) -> None:
        tried.append(rate)
        progress(f"{rate:,.0f}/s", len(tried), len(tried))

    measured = pa.Table.from_pylist([searched(trials, start, seconds, tell)], CAPACITY)
    _keep(folder, "capacity", measured, _CONTENDER)
    return measured


def _trials(
    folder: Path, contender: Contender, server: str, settings: Mapping[str, object]
) -> Trials:
    finished(folder)
    scenario = changed(scenario_of(folder), settings)
    return Trials(folder, scenario, contender, server, settings)


def _keep(folder: Path, name: str, rows: pa.Table, keys: Sequence[str]) -> None:
    """Puts rows into a table of a run, in place of those with the same keys."""
    path = folder / TIMED / f"{name}.parquet"
    write_table(path, _replaced(path, rows, keys))
    write_checksums(folder)


def _replaced(path: Path, rows: pa.Table, keys: Sequence[str]) -> pa.Table:
    if not path.is_file():
        return rows
    new = {tuple(row[key] for key in keys) for row in rows.to_pylist()}
    earlier = pq.read_table(path).to_pylist()
    kept = [row for row in earlier if tuple(row.get(key) for key in keys) not in new]
    return pa.concat_tables([pa.Table.from_pylist(kept, rows.schema), rows])
