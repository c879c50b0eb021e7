"""The tables of a sweep: what its points left, put together, and what is measured on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from dauexp.measures.replicates import against_base, between_contenders, by_day, replicates
from dauexp.measures.robustness import robustness
from dauexp.measures.sensitivity import sensitivity
from dauexp.results import result
from dauexp.run import folder_of
from dauexp.sweep.plan import Point, Setting

SETTINGS = pa.schema(
    [
        pa.field("setting", pa.int64(), nullable=False),
        pa.field("label", pa.string(), nullable=False),
        pa.field("varied", pa.string(), nullable=False),
        pa.field("strength", pa.float64()),
        pa.field("base", pa.int64(), nullable=False),
    ]
)
"""One row a setting. `varied` is empty in a base; `base` is the setting that this one is held
against: the same but for what is varied one at a time."""

PARAMETERS = pa.schema(
    [
        pa.field("setting", pa.int64(), nullable=False),
        pa.field("parameter", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("number", pa.float64()),
    ]
)
"""One row a setting and varied parameter; `number` is 0 where a range is off."""

POINTS = pa.schema(
    [
        pa.field("setting", pa.int64(), nullable=False),
        pa.field("replicate", pa.int64(), nullable=False),
        pa.field("seed", pa.int64(), nullable=False),
        pa.field("run", pa.string(), nullable=False),
        pa.field("failed", pa.string(), nullable=False),
    ]
)
"""One row a point, with the name of its run's folder; `failed` says why it failed, if it did."""

PLACE = ["setting", "replicate"]


def collected(
    planned: Sequence[Point], failed: Mapping[int, str], kept: Path
) -> dict[str, pa.Table]:
    """The tables `settings`, `parameters`, `points`, `errors` (the `accuracy` of all points) and
    `ledger` (summed over days and hosts). `failed` says why, by position in `planned`."""
    every = {each.setting.number: each.setting for each in planned}
    ledgers = list(_of_each(planned, failed, kept, "ledger"))
    return {
        "settings": _settings(list(every.values())),
        "parameters": pa.Table.from_pylist(
            [
                {"setting": n, "parameter": each.key, "text": each.text, "number": each.number}
                for n, setting in every.items()
                for each in setting.drawn
            ],
            PARAMETERS,
        ),
        "points": pa.Table.from_pylist(
            [
                {
                    "setting": each.setting.number,
                    "replicate": each.replicate,
                    "seed": each.scenario.seed,
                    "run": folder_of(each.scenario, kept).name,
                    "failed": failed.get(n, ""),
                }
                for n, each in enumerate(planned)
            ],
            POINTS,
        ),
        "errors": _together(_of_each(planned, failed, kept, "accuracy")),
        "ledger": _together(map(_summed, ledgers)),
    }


def timed(planned: Sequence[Point], failed: Mapping[int, str], kept: Path) -> dict[str, pa.Table]:
    """The tables that cannot repeat: `runs` (seconds of each point) and `cost`."""
    return {
        "runs": _together(_of_each(planned, failed, kept, "run")),
        "cost": _together(_of_each(planned, failed, kept, "cost")),
    }


def measured(tables: Mapping[str, pa.Table], *, sampled: bool) -> dict[str, pa.Table]:
    """What is measured on the tables that were collected: for a sample the sensitivity, for other
    sweeps the replicates; nothing where all points failed."""
    if not tables["errors"].num_rows:
        return {}
    errors = tables["errors"].to_pandas()
    if sampled:
        return sensitivity(errors, tables["parameters"].to_pandas())._asdict()
    settings = tables["settings"].to_pandas()
    varied = settings[settings["varied"] != ""]
    bases = dict(zip(varied["setting"], varied["base"], strict=True))
    found = {
        "replicates": replicates(errors),
        "replicates_by_day": by_day(errors),
        "between_contenders": between_contenders(errors),
        "against_base": against_base(errors, bases),
    }
    if bases and faults_alone(tables["parameters"], tables["settings"]):
        found["robustness"] = robustness(
            tables["settings"], found["replicates"], found["against_base"], tables["ledger"]
        )
    return found


def faults_alone(parameters: pa.Table, settings: pa.Table) -> bool:
    """Whether all that is varied one at a time are faults."""
    varied = settings.to_pandas().query("varied != ''")["setting"]
    keys = parameters.to_pandas().drop_duplicates("setting").set_index("setting")["parameter"]
    return bool(keys.loc[varied].str.startswith("faults.").all())


def _settings(every: Sequence[Setting]) -> pa.Table:
    bases = {_others(each): each.number for each in every if not each.varied}
    rows = [
        {
            "setting": each.number,
            "label": each.label,
            "varied": each.varied,
            "strength": each.strength,
            "base": bases[_others(each)],
        }
        for each in every
    ]
    return pa.Table.from_pylist(rows, SETTINGS)


def _others(setting: Setting) -> tuple[tuple[str, str], ...]:
    """What a setting has beside what is varied one at a time."""
    drawn = setting.drawn[1:] if setting.varied else setting.drawn
    return tuple((each.key, each.text) for each in drawn)


def _of_each(
    planned: Sequence[Point], failed: Mapping[int, str], kept: Path, name: str
) -> Iterator[pa.Table]:
    """A table of each point that did not fail, with the columns of its place before it."""
    for n, each in enumerate(planned):
        if n not in failed:
            table = result(folder_of(each.scenario, kept), name)
            for value, column in ((each.replicate, PLACE[1]), (each.setting.number, PLACE[0])):
                values = pa.array([value] * table.num_rows, pa.int64())
                table = table.add_column(0, column, values)
            yield table


def _summed(ledger: pa.Table) -> pa.Table:
    keys = [*PLACE, "option", "strategy", "account", "reason"]
    summed = ledger.group_by(keys, use_threads=False).aggregate([("count", "sum")])
    order = [(key, "ascending") for key in keys]
    return summed.rename_columns([*keys, "count"]).sort_by(order)


def _together(tables: Iterator[pa.Table]) -> pa.Table:
    every = list(tables)
    return pa.concat_tables(every).combine_chunks() if every else pa.table({})
