"""A sweep's file: what is varied, and the settings and points that follow from it.

A setting is one choice of the varied parameters; a point is a setting with a seed, and so one
scenario. There are three ways to vary: `grid` takes every combination of some lists of values,
`vary` takes one parameter at a time away from the base, and `sample` draws settings over the ranges
of many parameters. Of the first two, each setting of the one is combined with each of the other.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, NamedTuple, Self

from pydantic import Field, ValidationError, model_validator

from dauexp import tomltext
from dauexp.errors import BadInput
from dauexp.parameters import Parameters, parameter
from dauexp.scenario import Scenario, changed, load, parsed
from dauexp.sweep.draws import Draw, Drawn, drawn, latin_hypercube

Values = Annotated[tuple[Any, ...], Field(min_length=1)]
MAX_POINTS = 1_000_000
"""Most points of a sweep: their number is a product, and soon past all memory."""
LIGHT: Mapping[str, Any] = {"experiments.run": (), "report.notebooks": ()}
"""What a point leaves out: a run tries experiments and makes notebooks, a point does not."""


class Vary(Parameters):
    """One parameter that is varied by itself, all others being as in the base."""

    key: str = parameter(..., "dotted key of the parameter")
    values: Values = parameter(..., "its values")
    name: str = parameter("", "what tables and charts call it; its key where none is given")
    also: dict[str, Any] = parameter({}, "what else these settings have, by dotted keys")


class Sample(Parameters):
    """Settings drawn over the ranges of many parameters at once."""

    count: int = parameter(200, "number of settings", ge=1, le=100_000)
    seed: int = parameter(1, "decides the draw", ge=0, lt=2**63)
    draw: Annotated[tuple[Draw, ...], Field(min_length=1)] = parameter(
        ..., "the parameters, each with its range or its choices"
    )


class Sweep(Parameters):
    """What a sweep's file says."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")] = parameter(
        ..., "short name, used in the names of folders"
    )
    scenario: str = parameter("quick", "the base: a preset, or the path of a scenario's file")
    replicates: int = parameter(5, "points of each setting, each with a seed", ge=1, le=10_000)
    first_seed: int = parameter(1, "seed of the first replicate", ge=0, lt=2**62)
    changes: dict[str, Any] = parameter({}, "what all points have, by dotted keys")
    grid: dict[str, Values] = parameter({}, "lists of values by dotted keys")
    vary: tuple[Vary, ...] = parameter((), "parameters that are varied one at a time")
    sample: Sample | None = parameter(None, "settings that are drawn")

    @model_validator(mode="before")
    @classmethod
    def _dotted(cls, values: Any) -> Any:
        """Keys may be TOML's own dotted keys, tables, or quoted: all mean the same."""
        if not isinstance(values, dict):
            return values
        flat = {
            key: dict(_flat(values[key]))
            for key in ("changes", "grid")
            if isinstance(values.get(key), dict)
        }
        return {**values, **flat}

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.sample and (self.grid or self.vary):
            raise ValueError("sample draws all its settings: leave out grid and vary")
        return self

    @model_validator(mode="after")
    def _not_too_many(self) -> Self:
        alone = 1 + sum(len(each.values) for each in self.vary)
        settings = self.sample.count if self.sample else alone
        points = settings * self.replicates * math.prod(map(len, self.grid.values()))
        if points > MAX_POINTS:
            raise ValueError(f"more than {MAX_POINTS:,} points: vary less")
        return self


class Setting(NamedTuple):
    """One choice of the varied parameters."""

    number: int
    varied: str
    """The name of what is varied one at a time; empty in the base."""
    strength: float | None
    """The value of that, where it is a number; 0 in the base."""
    drawn: tuple[Drawn, ...]

    @property
    def values(self) -> dict[str, Any]:
        """What it changes in the base, by dotted keys."""
        return {key: value for each in self.drawn for key, value in each.values.items()}

    @property
    def label(self) -> str:
        """It in a few words."""
        keys = [each.key for each in self.drawn]
        names = [self.varied, *keys[1:]] if self.varied else keys
        told = [f"{name} {each.text}" for name, each in zip(names, self.drawn, strict=True)]
        return ", ".join(told) or "base"


class Point(NamedTuple):
    """A setting with a seed: one scenario."""

    setting: Setting
    replicate: int
    scenario: Scenario


def load_sweep(source: str, changes: Sequence[str] = ()) -> tuple[Sweep, Scenario]:
    """The sweep of a file or a preset's name, and its base with `KEY=VALUE` changes.

    A file's scenario is looked for beside it, too. Raises BadInput where a file is missing or says
    what makes no sense.
    """
    path = tomltext.find(source, "sweeps", "sweep")
    try:
        sweep = Sweep.model_validate(tomltext.read(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = tomltext.shown(".".join(map(str, first["loc"])))
        said = first["msg"].removeprefix("Value error, ")
        raise BadInput(f"{path.name}: {f'{where}: ' if where else ''}{said}") from error
    beside = path.parent / sweep.scenario
    base = load(str(beside) if tomltext.is_file(beside) else sweep.scenario)
    return sweep, changed(base, {**sweep.changes, "name": sweep.name, **LIGHT, **_given(changes)})


def presets() -> list[str]:
    """The names of the sweeps that come with the package."""
    return tomltext.presets("sweeps")


def settings(sweep: Sweep) -> list[Setting]:
    """All settings of a sweep, in order; the first of one without a sample is its base."""
    if sweep.sample:
        rows = latin_hypercube(sweep.sample.draw, sweep.sample.count, sweep.sample.seed)
        return [Setting(number, "", None, tuple(row)) for number, row in enumerate(rows)]
    combined = itertools.product(_alone(sweep), _combinations(sweep))
    return [
        Setting(number, varied, strength, (*one, *others))
        for number, ((varied, strength, one), others) in enumerate(combined)
    ]


def points(sweep: Sweep, base: Scenario) -> list[Point]:
    """All points, setting by setting. Raises BadInput where a setting is no scenario.

    The replicates of all settings have the same seeds, so that settings are compared by pairs;
    those of a sample have seeds of their own, since a draw should not hang on one population.
    """
    made = []
    for setting in settings(sweep):
        start = sweep.first_seed + (setting.number * sweep.replicates if sweep.sample else 0)
        for replicate in range(sweep.replicates):
            scenario = changed(base, {**setting.values, "seed": start + replicate})
            made.append(Point(setting, replicate, scenario))
    return made


def _alone(sweep: Sweep) -> Iterator[tuple[str, float | None, tuple[Drawn, ...]]]:
    """The base, then each parameter that is varied by itself, with each of its values."""
    yield "", 0.0 if sweep.vary else None, ()
    for vary in sweep.vary:
        for value in vary.values:
            one = drawn(vary.key, value, vary.also)
            yield vary.name or vary.key, one.number, (one,)


def _combinations(sweep: Sweep) -> list[tuple[Drawn, ...]]:
    columns = [[drawn(key, value) for value in values] for key, values in sweep.grid.items()]
    return list(itertools.product(*columns))


def _flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _given(changes: Sequence[str]) -> dict[str, Any]:
    """The values of `KEY=VALUE` changes."""
    return dict(map(parsed, changes))
