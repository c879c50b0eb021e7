"""The tables of a weighed outcome: scores, weights, and what the scores were made of."""

from __future__ import annotations

import math

import pandas as pd

from dauexp.report.drivers import criteria, drivers
from dauexp.report.frames import Frames, contenders
from dauexp.report.rules import about
from dauexp.report.rules import tables as tables_of
from dauexp.report.table import Column, Table, rows
from dauexp.report.weighing import WEIGHTS_FILE, Outcome


def weighed_tables(run: Frames, outcome: Outcome) -> list[Table]:
    """The tables of an outcome, in the order of the report."""
    return [_scores(outcome), _weights(outcome), _criteria(run)]


def _scores(outcome: Outcome) -> Table:
    shown = outcome.scores.assign(total=outcome.totals, first=outcome.first_share)
    shown = shown.loc[outcome.totals.index].rename(columns={"first": "first in"})
    score, share = "{:.3f}".format, "{:.0%}".format
    forms = {**dict.fromkeys([*outcome.scores, "total"], score), "first in": share}
    shown = shown.rename_axis("contender").reset_index()
    return Table(
        "weighing",
        "Scores by driver, from 0 to 1, their weighted total, and how often each comes first",
        tuple(Column(str(name)) for name in shown.columns),
        rows(shown, forms),
        which="A score is the mean of best / own, or own / best where more is better, over the "
        "criteria of the driver, which stand below; or what the file of weights gives. The share "
        "is of all possible weightings",
    )


def _weights(outcome: Outcome) -> Table:
    names = {driver.id: driver.name for driver in drivers()}
    after = outcome.change.weights if outcome.change else {}
    shown = pd.DataFrame(
        {
            "driver": outcome.weights.index,
            "what it asks for": [names[str(driver)] for driver in outcome.weights.index],
            "weight": outcome.weights.to_numpy(),
            "level at": [after.get(str(driver), math.nan) for driver in outcome.weights.index],
        }
    )
    return Table(
        "weights",
        "The weights, and the nearest at which a contender of another option is level",
        tuple(Column(str(name)) for name in shown.columns),
        rows(shown, {"weight": _share, "level at": _share}),
        which=f"Weights are those of {WEIGHTS_FILE} in this folder, or else all alike; the nearest "
        "others are computed from the scores above",
    )


def _share(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.1%}"


def _criteria(run: Frames) -> Table:
    values = criteria(run).pivot_table(
        "value", ["driver", "criterion"], "contender", sort=False, dropna=False
    )
    who = contenders(run).set_index("contender")[["option", "strategy"]]
    values = values.dropna(how="all").reindex(columns=who.index)
    terms = {(driver.id, each.what): each.value for driver in drivers() for each in driver.criteria}
    keys = [terms[driver, what] for driver, what in values.index]
    columns = [
        Column(name, "{row}", (option, strategy)) for name, option, strategy in who.itertuples()
    ]
    asked = [name for term in keys for name in tables_of(about(term, "", ""))]
    return Table(
        "criteria",
        "What the drivers are scored by",
        (Column("driver"), Column("criterion"), *columns),
        rows(values.reset_index(), dict.fromkeys(who.index, _value), keys),
        tuple(dict.fromkeys(asked)),
        "each row by the term of its criterion in data/drivers.toml",
    )


def _value(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:,.4g}"
