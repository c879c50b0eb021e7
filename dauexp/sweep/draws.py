"""Settings drawn over the ranges of many parameters at once, by a Latin hypercube.

Each parameter's range is cut into as many parts of equal probability as there are settings, and
each part is taken once (McKay, Beckman and Conover, "A Comparison of Three Methods for Selecting
Values of Input Variables in the Analysis of Output from a Computer Code", 1979).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, Self

from pydantic import model_validator
from scipy.stats import qmc

from dauexp.parameters import Parameters, parameter
from dauexp.randomness import Purpose, generator


class Draw(Parameters):
    """One parameter: a range, or choices, and in what share of the settings it is set at all."""

    key: str = parameter(..., "dotted key of the parameter")
    low: float | None = parameter(None, "lower end of its range", allow_inf_nan=False)
    high: float | None = parameter(None, "upper end of its range", allow_inf_nan=False)
    scale: Literal["linear", "log"] = parameter("linear", "on which the range is drawn evenly")
    integer: bool = parameter(False, "whether only whole numbers are drawn")
    choices: tuple[Any, ...] = parameter((), "values in place of a range, drawn evenly")
    names: tuple[str, ...] = parameter((), "what tables call the choices; as they are if not given")
    share: float = parameter(
        1.0,
        "share of the settings in which it is set; in the others it is as in the base",
        gt=0,
        le=1,
    )
    also: dict[str, Any] = parameter({}, "what else is set with it, by dotted keys")

    @model_validator(mode="after")
    def _range_or_choices(self) -> Self:
        ranged = self.low is not None and self.high is not None
        if ranged == bool(self.choices) or (self.low is None) != (self.high is None):
            raise ValueError(f"{self.key}: give either low and high, or choices")
        if self.names and len(self.names) != len(self.choices):
            raise ValueError(f"{self.key}: give one name for each of {len(self.choices)} choices")
        if self.low is not None and self.high is not None:
            if self.low > self.high:
                raise ValueError(f"{self.key}: low is above high ({self.low} > {self.high})")
            if not math.isfinite(self.high - self.low):
                raise ValueError(f"{self.key}: the range is wider than a number can say")
            if self.scale == "log" and self.low <= 0:
                raise ValueError(f"{self.key}: a range on a log scale begins above 0")
        return self

    def at(self, uniform: float) -> Drawn:
        """What a uniform number in [0, 1) draws."""
        if uniform >= self.share:
            return Drawn(self.key, {}, "off", None if self.choices else 0.0)
        place = uniform / self.share
        if not self.choices:
            return drawn(self.key, self._within(place), self.also)
        at = int(place * len(self.choices))
        chosen = drawn(self.key, self.choices[at], self.also)
        return chosen._replace(text=self.names[at], number=None) if self.names else chosen

    def _within(self, place: float) -> float | int:
        low, high = self.low or 0.0, self.high or 0.0
        end = high + 1 if self.integer else high
        log = self.scale == "log"
        value = low * (end / low) ** place if log else low + place * (end - low)
        return min(math.floor(value), int(high)) if self.integer else float(f"{value:.4g}")


class Drawn(NamedTuple):
    """What was drawn of one parameter."""

    key: str
    values: dict[str, Any]
    """What it sets in the scenario; nothing where it is off."""
    text: str
    """The value as text; `off` where it is not set."""
    number: float | None
    """The value where it is a number, 0 where a range is off: the strength of a fault."""


def drawn(key: str, value: object, also: Mapping[str, Any] | None = None) -> Drawn:
    """A value of a parameter, and what else is set with it."""
    return Drawn(key, {**(also or {}), key: value}, _text(value), _number(value))


def latin_hypercube(draws: Sequence[Draw], count: int, seed: int) -> list[list[Drawn]]:
    """`count` settings, each with what was drawn of every parameter."""
    # SciPy spawns generators of its own from a seed, so it is given one, not our generator.
    start = int(generator(seed, Purpose.SETTINGS, 0).integers(1 << 63))
    cube = qmc.LatinHypercube(len(draws), rng=start).random(count)
    return [[draw.at(float(u)) for draw, u in zip(draws, row, strict=True)] for row in cube]


def _number(value: object) -> float | None:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if plain else None  # type: ignore[arg-type]


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
