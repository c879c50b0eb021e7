"""How well each contender serves the drivers of the decision, by what a run measured."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from functools import cache
from typing import ClassVar, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dauexp.errors import BadInput
from dauexp.report.frames import Frames, contenders
from dauexp.report.rules import NotMeasured, about, valued
from dauexp.resources import resource


class _Entry(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid")


class Criterion(_Entry):
    """One measure by which a driver is scored."""

    what: str = Field(min_length=1)
    value: str
    """A term of `dauexp.report.rules`; `{who}` stands for the contender's option and strategy,
    `{option}` for its option alone."""
    better: Literal["less", "more"]
    negligible: float = Field(ge=0)
    """A difference far below it, in the unit of the value, does not count."""

    def score(self, own: float, best: float) -> float:
        """1 for the best value of all contenders, towards 0 the further from it."""
        own, best = own + self.negligible, best + self.negligible
        if own == best:
            return 1.0
        return best / own if self.better == "less" else own / best


class Driver(_Entry):
    """What a decision should weigh."""

    id: str
    name: str
    criteria: tuple[Criterion, ...] = ()


class _File(_Entry):
    driver: tuple[Driver, ...]


@cache
def drivers() -> tuple[Driver, ...]:
    """All drivers, in the order of the record. Raises BadInput where the file is wrong."""
    path = resource("data", "drivers.toml")
    try:
        return _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).driver
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise BadInput(f"{path.name}: {error}") from error


def criteria(run: Frames) -> pd.DataFrame:
    """Every criterion for every contender. Columns driver, criterion, contender, option, value,
    score; value and score are NaN where the run did not measure them for this contender."""
    rows = []
    for driver in drivers():
        for criterion in driver.criteria:
            values = {who: _value(criterion, run, *who) for who in _who(run)}
            known = [value for value in values.values() if not math.isnan(value)]
            best = (min if criterion.better == "less" else max)(known, default=math.nan)
            rows += [
                {
                    "driver": driver.id,
                    "criterion": criterion.what,
                    "contender": contender,
                    "option": option,
                    "value": value,
                    "score": criterion.score(value, best),
                }
                for (option, _, contender), value in values.items()
            ]
    return pd.DataFrame(rows)


def scores(run: Frames, given: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """A score in [0, 1] for each contender (rows) and driver (columns): the mean of its criteria,
    or what is `given` for a driver by option; NaN where there is neither, or where a criterion
    was not measured for some contender, since the others could not be compared with it."""
    measured = criteria(run).groupby(["contender", "driver"], sort=False)["score"]
    table = measured.agg(lambda each: each.mean(skipna=False)).unstack("driver")  # noqa: PD010
    who = {contender: option for option, _, contender in _who(run)}
    table = table.reindex(index=list(who), columns=[driver.id for driver in drivers()])
    for driver in table.columns[table.isna().any()]:
        table[driver] = math.nan
    for driver, by_option in given.items():
        table[driver] = [by_option.get(option, math.nan) for option in who.values()]
    return table


def _who(run: Frames) -> list[tuple[str, str, str]]:
    columns = contenders(run)[["option", "strategy", "contender"]]
    return list(columns.itertuples(index=False, name=None))


def _value(criterion: Criterion, run: Frames, option: str, strategy: str, _: str) -> float:
    try:
        return valued(about(criterion.value, option, strategy), run)
    except NotMeasured:
        return math.nan
