"""The keys of a scenario and of a sweep's file, as pydantic knows them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Final

from dauexp.explain import explained
from dauexp.parameters import Parameters
from dauexp.resources import resource
from dauexp.scenario import Scenario
from dauexp.sweep.draws import Draw
from dauexp.sweep.plan import Sample, Sweep, Vary
from dauexp.tomltext import presets as names
from docsite.markdown import code, table, told

SWEEP: Final[Mapping[str, type[Parameters]]] = {
    "": Sweep,
    "[[vary]]": Vary,
    "[sample]": Sample,
    "sample.draw": Draw,
}
"""The tables of a sweep's file."""

HEAD: Final = ("key", "default", "unit", "allowed", "meaning", "why this default")


def scenario(group: Parameters | None = None) -> str:
    """All keys of a scenario, a table a group. Raises Undocumented where a text is missing."""
    top = group or Scenario()
    groups: dict[str, list[tuple[str, ...]]] = {}
    for row in explained(top):
        key = row["key"]
        told(row["meaning"], f"the scenario's key {key}")
        told(row["source"], f"the default of the scenario's key {key}")
        cells = (
            code(key),
            code(row["default"]),
            row["unit"],
            row["range"],
            row["meaning"],
            row["source"],
        )
        groups.setdefault(key.rpartition(".")[0], []).append(cells)
    return "\n".join(_group(top, name, rows) for name, rows in groups.items())


def _group(top: Parameters, name: str, rows: list[tuple[str, ...]]) -> str:
    group: Parameters = top
    for part in filter(None, name.split(".")):
        group = getattr(group, part)
    text = told(inspect.getdoc(group), f"the scenario's group {name}")
    title = f"`[{name}]`" if name else "At the top"
    return f"## {title}\n\n{text}\n\n{table(HEAD, rows)}"


def sweep() -> str:
    """All keys of a sweep's file, a table for each of its tables."""
    return "\n".join(_keys(title, model) for title, model in SWEEP.items())


def _keys(title: str, model: type[Parameters]) -> str:
    rows = [
        (
            code(name),
            "must be given" if field.is_required() else code(_text(field.default)),
            told(field.description, f"the sweep's key {name}"),
        )
        for name, field in model.model_fields.items()
    ]
    heading = f"`{title}`" if title else "At the top"
    text = told(inspect.getdoc(model), f"a sweep's {title}")
    return f"## {heading}\n\n{text}\n\n{table(('key', 'default', 'meaning'), rows)}"


def _text(value: object) -> str:
    return str(value) if value or isinstance(value, (int, float)) else ""


def presets(folder: str = "scenarios") -> str:
    """What comes with the package in a folder of `data/`: the comment at the top of each file."""
    rows = []
    for name in names(folder):
        lines = resource("data", folder, f"{name}.toml").read_text("utf-8").splitlines()
        said = " ".join(line.lstrip("# ") for line in lines if line.startswith("#"))
        rows.append((code(name), told(said, f"the preset {name}")))
    return table(("preset", "what it is"), rows)
