"""The outcome of a decision by weighted drivers, and how far it hangs on the weights.

A contender's total is the mean of its scores, weighted. An option counts as its best contender.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from scipy.optimize import linprog

from dauexp import tomltext
from dauexp.errors import BadInput
from dauexp.report.drivers import drivers, scores
from dauexp.report.frames import Frames, contenders

WEIGHTS_FILE = "weights.toml"
"""The weights of a run's report, in the run's folder; without it all drivers weigh the same."""

SAMPLES = 20_000
"""Weightings drawn to see how often each contender comes first: their standard error is below 0.4
percentage points."""


class NothingToWeigh(BadInput):
    """No driver that has a weight was measured in a run."""


class Weights(BaseModel):
    """A file of weights: how much each driver counts, and scores that no run can measure."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid")

    weights: Mapping[str, Annotated[float, Field(ge=0, le=1_000_000)]] = Field(default_factory=dict)
    """By driver; one that is not named weighs 1."""
    scores: Mapping[str, Mapping[str, float]] = Field(default_factory=dict)
    """By driver and option, from 0 to 1, in place of what was measured."""

    def of(self, driver: str) -> float:
        """The weight of a driver."""
        return self.weights.get(driver, 1.0)


ALIKE = Weights()
"""All drivers weigh the same, and only what was measured counts."""


@dataclass(frozen=True)
class Change:
    """The smallest change of weights that puts another contender first."""

    rival: str
    moved: float
    """The share of the whole weight that moves from some drivers to others."""
    weights: Mapping[str, float]
    """The weights after it, which add up to 1."""


@dataclass(frozen=True)
class Outcome:
    """What the weighted drivers decide."""

    scores: pd.DataFrame
    """Rows contenders, columns the drivers that count, values in [0, 1]."""
    weights: pd.Series[float]
    """Of the drivers that count; they add up to 1."""
    left_out: tuple[str, ...]
    """Drivers that cannot be scored for every contender: their weight counts for nobody."""
    totals: pd.Series[float]
    """By contender, the highest first."""
    first_share: pd.Series[float]
    """By contender: the share of all possible weightings in which it comes first."""
    change: Change | None
    """None where no weighting puts a contender of another option first."""

    @property
    def first(self) -> str:
        """The contender with the highest total."""
        return str(self.totals.index[0])


def load_weights(path: Path) -> Weights:
    """The weights of a TOML file. Raises BadInput where it is none, names a driver or an option
    that there is not, or leaves all drivers without weight."""
    known = [driver.id for driver in drivers()]
    try:
        weights = Weights.model_validate(tomltext.read(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = tomltext.shown(".".join(map(str, first["loc"])))
        raise BadInput(f"{path}: {where}: {first['msg']}") from error
    for driver in (*weights.weights, *weights.scores):
        if driver not in known:
            raise BadInput(
                f"{path}: there is no driver {tomltext.short(driver)}; there are {', '.join(known)}"
            )
    for driver, by_option in weights.scores.items():
        if not all(0 <= score <= 1 for score in by_option.values()):
            raise BadInput(f"{path}: scores.{driver}: a score is from 0 to 1")
    if not any(weights.of(driver) for driver in known):
        raise BadInput(f"{path}: all drivers weigh 0: give at least one a weight")
    return weights


def weighed(run: Frames, weights: Weights = ALIKE) -> Outcome:
    """The outcome of a run under weights. Raises NothingToWeigh where no driver that has a
    weight can be scored."""
    table = scores(run, weights.scores)
    counted = [str(name) for name in table if not table[name].isna().any()]
    given = pd.Series({name: weights.of(name) for name in counted}, dtype=float)
    if not given.sum() > 0:
        raise NothingToWeigh(
            "no driver with a weight was measured in this run: nothing can be weighed"
        )
    share = given / given.sum()
    table = table[counted]
    totals = (table @ share).sort_values(ascending=False, kind="stable")
    option = contenders(run).set_index("contender")["option"]
    return Outcome(
        table,
        share,
        tuple(name for name in (driver.id for driver in drivers()) if name not in counted),
        totals,
        _first_share(table),
        _smallest_change(table, share, str(totals.index[0]), option),
    )


def _first_share(table: pd.DataFrame) -> pd.Series[float]:
    """The share of weightings, drawn evenly from all there are, in which each comes first."""
    drawn = np.random.default_rng(0).dirichlet(np.ones(table.shape[1]), SAMPLES)
    first = (drawn @ table.to_numpy().T).argmax(axis=1)
    counts = np.bincount(first, minlength=len(table))
    return pd.Series(counts / SAMPLES, index=table.index)


def _smallest_change(
    table: pd.DataFrame, share: pd.Series[float], first: str, option: pd.Series[str]
) -> Change | None:
    """Of all rivals of other options, the one that the least shift of weight makes equal."""
    changes = []
    for rival in table.index[option.loc[table.index] != option[first]]:
        gap = np.asarray(table.loc[first] - table.loc[rival], float)
        after = _nearest_weights(share, gap)
        if after is not None:
            moved = float(np.abs(after - share.to_numpy()).sum() / 2)
            changes.append(
                Change(str(rival), moved, dict(zip(share.index, after.tolist(), strict=True)))
            )
    return min(changes, key=lambda change: change.moved, default=None)


def _nearest_weights(
    weights: pd.Series[float], gap: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64] | None:
    """The weights nearest to `weights` (in the sum of absolute differences) by which a lead of
    `gap` by driver is gone; None where there are none. A linear program: the weights after, and
    how much each is raised and lowered."""
    size = len(weights)
    one = np.eye(size)
    balance = np.hstack([one, -one, one])
    total = np.concatenate([np.ones(size), np.zeros(2 * size)])
    found = linprog(
        np.concatenate([np.zeros(size), np.ones(2 * size)]),
        A_ub=[np.concatenate([gap, np.zeros(2 * size)])],
        b_ub=[0.0],
        A_eq=np.vstack([balance, total]),
        b_eq=[*weights, 1.0],
        bounds=(0, None),
    )
    return np.asarray(found.x)[:size] if found.success else None
