"""Decision stumps: rules on one parameter that foretell an outcome, and what chance gains."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from dauexp.randomness import Purpose, generator

OUTCOMES = ("nearer", "equal", "farther")
"""Of the first of two, by the sign of its error beyond that of the other: -1, 0, 1."""
LEAST_SHARE = 0.05
"""A rule has at least this share of the settings on either side."""
PERMUTATIONS = 200
CUTS = 20
"""Parts that thresholds cut the settings into."""


class Rules(NamedTuple):
    """Stumps: one a column of `hold`, which tells in which settings it holds."""

    names: list[str]
    parameters: npt.NDArray[np.str_]
    """The parameter of each rule; the rules of a parameter stand together."""
    hold: npt.NDArray[np.bool_]


def rules(parameters: pd.DataFrame) -> Rules:
    """All stumps of all parameters, for the settings in the order of their numbers: a threshold
    between two neighbouring values, or any one choice against the others."""
    names, of, hold = [], [], []
    for parameter, mine in parameters.sort_values("setting").groupby("parameter", sort=True):
        numbers, texts = mine["number"].to_numpy(float), mine["text"].to_numpy(str)
        if np.isnan(numbers).any():
            choices = np.unique(texts)
            told = [f"{parameter} = {choice}" for choice in choices]
            hold.append(texts[:, None] == choices[None, :])
        else:
            between = _thresholds(numbers)
            told = [f"{parameter} < {threshold:.3g}" for threshold in between]
            hold.append(numbers[:, None] < between[None, :])
        names += told
        of += [str(parameter)] * len(told)
    return Rules(names, np.array(of, str), np.concatenate(hold, axis=1))


def _thresholds(numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Halfway between two neighbouring values: below each twentieth of the settings, no more, since
    finer ones would say the same."""
    values = np.unique(numbers)
    between = (values[1:] + values[:-1]) / 2
    if len(between) <= CUTS:
        return between
    at = np.round(np.arange(1, CUTS) / CUTS * len(numbers)).astype(int)
    below = np.searchsorted(values, np.sort(numbers)[at]) - 1
    return np.asarray(between[np.unique(below[below >= 0])])


def dealt(outcomes: npt.NDArray[np.int64], pair: int) -> npt.NDArray[np.float64]:
    """The outcomes as they are, then dealt out anew: of shape (1 + permutations, 3, settings)."""
    random = generator(0, Purpose.PERMUTATION, pair)
    orders = [outcomes, *(random.permutation(outcomes) for _ in range(PERMUTATIONS))]
    signs = np.array([-1, 0, 1])
    return np.asarray(np.stack(orders)[:, None, :] == signs[:, None], np.float64)


class Best(NamedTuple):
    """The best rule of a parameter."""

    parameter: str
    gains: npt.NDArray[np.float64]
    """What the best rule gains: first for the outcomes as they are, then for each permutation."""
    rule: str
    outcome: str
    otherwise: str


def best_rules(
    every: Rules, settings: npt.NDArray[np.int64], outcomes: npt.NDArray[np.float64]
) -> list[Best]:
    """The best rule of each parameter that has one with enough settings on either side; `outcomes`
    as `dealt` gives them."""
    hold = every.hold[settings]
    sides = hold.sum(axis=0)
    usable = np.minimum(sides, len(settings) - sides) >= max(1, LEAST_SHARE * len(settings))
    if not usable.any():
        return []
    inside = outcomes @ hold[:, usable].astype(float)
    outside = outcomes.sum(axis=2, keepdims=True) - inside
    right = inside.max(axis=1) + outside.max(axis=1)
    gains = (right - outcomes.sum(axis=2).max(axis=1)[:, None]) / len(settings)
    names = [name for name, use in zip(every.names, usable, strict=True) if use]
    parameters, starts = np.unique(every.parameters[usable], return_index=True)
    found = []
    for parameter, start, end in zip(parameters, starts, [*starts[1:], len(names)], strict=True):
        at = start + int(gains[0, start:end].argmax())
        found.append(
            Best(
                str(parameter),
                gains[:, start:end].max(axis=1),
                names[at],
                OUTCOMES[int(inside[0, :, at].argmax())],
                OUTCOMES[int(outside[0, :, at].argmax())],
            )
        )
    return found
