"""The audit of a finished run: whether its files still say what its ledger says.

Three independent questions: are all files there and as they were written (checksums); do the
accounts of all units and stores, added up anew, give the ledger, and does that balance; do the
stored tables have as many rows as the ledger says. Of a point of a sweep, which keeps neither units
nor stores, and of a sweep itself, only what is there can be checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dauexp import ledger, manifest
from dauexp.options import Contender, contenders, laws_of
from dauexp.ownfiles import KINDS
from dauexp.results import LEDGER_FILE, finished, scenario_of
from dauexp.scenario import Scenario
from dauexp.stages import MARKS, Mark
from dauexp.store import read_table, replacing
from dauexp.unit import Places

CHECKSUMS = "checksums.sha256"
"""In the form of sha256sum: `sha256sum --check checksums.sha256` checks it too."""

_AUDITED = ("scenario.toml", *KINDS, LEDGER_FILE, "results", "timings", "work", "store")


def write_checksums(folder: Path) -> None:
    """Writes the checksums of a run's data. What a report makes of them is not among them. Of files
    that steps left elsewhere (`dauexp.cluster`), the marks know them."""
    digests = _marked(folder) | _digests(folder)
    with replacing(folder / CHECKSUMS) as beside:
        lines = [f"{digest}  {name}\n" for name, digest in sorted(digests.items())]
        beside.write_text("".join(lines), encoding="utf-8")


def audit(folder: Path) -> list[str]:
    """What is wrong with a finished run, a sentence each; nothing where all is well.

    Raises BadInput where the folder is no finished run.
    """
    finished(folder)
    scenario = scenario_of(folder)
    chosen = contenders(scenario.strategies)
    wrong = list(_changed(folder))
    written = _written(folder) or {}
    light = bool(written) and not any(name.startswith("work/") for name in written)
    try:
        if light:
            entries = [pq.read_table(folder / LEDGER_FILE)] if LEDGER_FILE in written else []
            laws = laws_of(chosen)
            return wrong + [str(each) for one in entries for each in ledger.violations(one, laws)]
        return [*wrong, *_unaccounted(folder, chosen), *_miscounted(folder, scenario, chosen)]
    except (pa.ArrowException, OSError) as error:
        return [*wrong, f"the stored tables cannot be read: {error}"]


def _marked(folder: Path) -> dict[str, str]:
    return {
        name: digest
        for path in (folder / MARKS).glob("*.json")
        for name, digest in msgspec.json.decode(path.read_bytes(), type=Mark).files.items()
    }


def _changed(folder: Path) -> Iterator[str]:
    written = _written(folder)
    if written is None:
        yield f"{CHECKSUMS} cannot be read"
        return
    found = _digests(folder)
    for name in sorted(written.keys() | found.keys()):
        if name not in found:
            yield f"{name} is gone"
        elif name not in written:
            yield f"{name} was not there when the run ended"
        elif written[name] != found[name]:
            yield f"{name} is not what it was when the run ended"


def _written(folder: Path) -> dict[str, str] | None:
    """The checksum of each file as the run wrote them; None where they cannot be read."""
    try:
        lines = (folder / CHECKSUMS).read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def _unaccounted(folder: Path, chosen: list[Contender]) -> Iterator[str]:
    work = Places(folder)
    parts = [read_table(work.work(kind)) for kind in ("ledger", "settled")]
    again = ledger.merged(pa.concat_tables(parts))
    if not again.equals(pq.read_table(folder / LEDGER_FILE)):
        yield f"{LEDGER_FILE} is not the sum of the accounts of all units and stores"
    yield from map(str, ledger.violations(again, laws_of(chosen)))


def _miscounted(folder: Path, scenario: Scenario, chosen: list[Contender]) -> Iterator[str]:
    entries = pq.read_table(folder / LEDGER_FILE)
    for contender in chosen:
        store = Places(folder).store(contender)
        mine = (pc.field("option") == contender.option.id) & (
            pc.field("strategy") == contender.strategy.name
        )
        for account, table in contender.strategy(scenario).kept.items():
            said = pc.sum(entries.filter(mine & (pc.field("account") == account))["count"]).as_py()
            files = store.table(table).rglob("*.parquet")
            rows = sum(pq.read_metadata(path).num_rows for path in files)
            if rows != (said or 0):
                yield (
                    f"{contender.label}: the table {table} has {rows} rows, "
                    f"but the ledger says {said or 0} {account}"
                )


def _digests(folder: Path) -> dict[str, str]:
    """The checksum of each audited file, by its path below the folder."""
    paths = [
        path
        for name in _AUDITED
        for top in [folder / name]
        for path in ([top] if top.is_file() else top.rglob("*"))
        if path.is_file()
    ]
    with ThreadPoolExecutor() as threads:
        digests = threads.map(manifest.digest, paths)
        return {
            path.relative_to(folder).as_posix(): digest
            for path, digest in zip(paths, digests, strict=True)
        }
