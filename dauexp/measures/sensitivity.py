"""Whether the order of the options by error hangs on the scenario, and on what in it.

In each setting the contenders are put in order by their error of a question: the mean over the days
(and replicates) of the absolute relative error, each by its plain query. Two errors that differ by
less than `EQUAL` count as equal.

What turns an order over is looked for one parameter at a time, by the plainest of rules: a decision
stump, which foretells which of two contenders is nearer from whether the parameter is below a
threshold (or is a certain choice). Its gain is the share of settings that it foretells rightly,
beyond that of always saying the most frequent. Some rule always gains a little by chance, so beside
it stands what the best rule of all parameters gains, in 95% of the cases, when the outcomes are
dealt out anew at random. The rank correlation (Spearman) tells the direction.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy import stats

from dauexp.measures.replicates import arrow, plain
from dauexp.measures.stumps import OUTCOMES, best_rules, dealt, rules

QUESTIONS = ("dau", "wau", "mau")
EQUAL = 1e-9

_LEVEL = pa.field("level", pa.string(), nullable=False)
_PAIR = [
    _LEVEL,
    pa.field("question", pa.string(), nullable=False),
    pa.field("option", pa.string(), nullable=False),
    pa.field("strategy", pa.string(), nullable=False),
    pa.field("other_option", pa.string(), nullable=False),
    pa.field("other_strategy", pa.string(), nullable=False),
    pa.field("settings", pa.int64(), nullable=False),
]
PAIR = [field.name for field in _PAIR[:-1]]
"""Who is compared with whom, and on which question."""

RANKING = pa.schema(
    [
        _LEVEL,
        pa.field("setting", pa.int64(), nullable=False),
        pa.field("question", pa.string(), nullable=False),
        pa.field("option", pa.string(), nullable=False),
        pa.field("strategy", pa.string(), nullable=False),
        pa.field("error", pa.float64(), nullable=False),
        pa.field("rank", pa.int64(), nullable=False),
    ]
)
"""One row a level, setting, question and contender that answered; rank 1 is nearest the truth, and
equals share theirs. At the level `strategies` every strategy is ranked; at the level `options` each
option, its error being that of its best strategy in that setting (`strategy` is then empty)."""

ORDERS = pa.schema(
    [
        _LEVEL,
        pa.field("question", pa.string(), nullable=False),
        pa.field("ranking", pa.string(), nullable=False),
        pa.field("settings", pa.int64(), nullable=False),
        pa.field("share", pa.float64(), nullable=False),
    ]
)
"""One row a whole order that occurred (`custom = glean < statsd`: those on the left are nearer),
the most frequent first, with the share of the settings."""

AGREEMENT = pa.schema(
    [
        *_PAIR,
        *(
            pa.field(name, pa.float64(), nullable=False)
            for name in ("nearer_share", "equal_share", "farther_share", "same_share")
        ),
    ]
)
"""One row a pair: the shares of the settings in which the first is nearer the truth, as near, and
farther; `same_share` is the largest of them, the share in which their order is the same."""

FLIPS = pa.schema(
    [
        *_PAIR,
        pa.field("parameter", pa.string(), nullable=False),
        pa.field("rank_correlation", pa.float64()),
        pa.field("gain", pa.float64(), nullable=False),
        pa.field("gain_by_chance", pa.float64(), nullable=False),
        pa.field("rule", pa.string(), nullable=False),
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("otherwise", pa.string(), nullable=False),
    ]
)
"""One row a pair whose order is not always the same, and a parameter with at least one rule. `rule`
is the best one (`traffic.users < 120`), `outcome` what is most frequent where it holds, `otherwise`
where it does not: the first is nearer, equal or farther. `rank_correlation` is of the parameter
with the error of the first beyond that of the other; null where the parameter is no number."""

WHO = ("option", "strategy")


class Sensitivity(NamedTuple):
    """The tables of a sensitivity analysis."""

    ranking: pa.Table
    orders: pa.Table
    agreement: pa.Table
    flips: pa.Table


def sensitivity(errors: pd.DataFrame, parameters: pd.DataFrame) -> Sensitivity:
    """All tables, from errors (one row a setting, replicate, query, segment and day, with
    `relative_error`) and parameters (one row a setting and parameter, with `text` and `number`,
    which is null where the value is no number)."""
    ranked = _ranking(errors)
    compared = _compared(ranked)
    return Sensitivity(
        arrow(ranked, RANKING),
        arrow(_orders(ranked), ORDERS),
        arrow(_agreement(compared), AGREEMENT),
        pa.Table.from_pylist(list(_flips(compared, parameters)), FLIPS),
    )


def seen_from(pairs: pd.DataFrame, option: str) -> pd.DataFrame:
    """Of a table of pairs (`AGREEMENT` or `FLIPS`), those of one option with others, the option
    told first: who is nearer is turned round where it was told second."""
    ahead = pairs[(pairs["option"] == option) & (pairs["other_option"] != option)]
    behind = pairs[(pairs["other_option"] == option) & (pairs["option"] != option)]
    swaps = (("nearer_share", "farther_share"), *((name, f"other_{name}") for name in WHO))
    turned = behind.rename(columns=dict(swaps) | {b: a for a, b in swaps})
    for column in {"outcome", "otherwise"} & {*turned}:
        turned[column] = turned[column].replace({"nearer": "farther", "farther": "nearer"})
    if "rank_correlation" in turned:
        turned["rank_correlation"] = -turned["rank_correlation"]
    return pd.concat([ahead, turned[list(pairs.columns)]], ignore_index=True)


def _ranking(errors: pd.DataFrame) -> pd.DataFrame:
    rows = plain(errors[errors["question"].isin(QUESTIONS) & (errors["segment"] == "all")])
    rows = rows.assign(error=rows["relative_error"].abs()).dropna(subset="error")
    by = ["setting", "question", "option"]
    each = rows.groupby([*by, "strategy"], sort=True)["error"].mean().round(9).reset_index()
    best = each.groupby(by, sort=True)["error"].min().reset_index()
    levels = [best.assign(level="options", strategy=""), each.assign(level="strategies")]
    ranked = pd.concat(levels, ignore_index=True)
    ranks = ranked.groupby(["level", "setting", "question"])["error"].rank(method="min")
    ranked["rank"] = ranks.astype(int)
    return ranked.sort_values(["level", "setting", "question", "rank", "option", "strategy"])


def _orders(ranked: pd.DataFrame) -> pd.DataFrame:
    by = ["level", "question"]
    named = ranked.assign(who=list(map(_name, ranked["option"], ranked["strategy"])))
    found = [
        (level, question, _order(mine))
        for (level, _, question), mine in named.groupby(["level", "setting", "question"])
    ]
    orders = pd.DataFrame(found, columns=[*by, "ranking"])
    counted = orders.groupby([*by, "ranking"]).size().rename("settings").reset_index()
    counted["share"] = counted["settings"] / counted.groupby(by)["settings"].transform("sum")
    return counted.sort_values([*by, "settings", "ranking"], ascending=[True, True, False, True])


def _order(ranked: pd.DataFrame) -> str:
    """`custom = glean < statsd` from rows in the order of their rank."""
    return " < ".join(" = ".join(sorted(tied["who"])) for _, tied in ranked.groupby("rank"))


def _name(option: str, strategy: str) -> str:
    return f"{option}:{strategy}" if strategy else option


def _compared(ranked: pd.DataFrame) -> pd.DataFrame:
    """One row a setting and pair that both answered: `beyond` is the error of the first beyond that
    of the other, `outcome` its sign."""
    by = ["level", "setting", "question"]
    columns = [*by, "option", "strategy", "error"]
    pairs = ranked[columns].merge(ranked[columns], on=by, suffixes=("", "_other"))
    first = pairs["option"] + ":" + pairs["strategy"]
    pairs = pairs[first < pairs["option_other"] + ":" + pairs["strategy_other"]]
    pairs = pairs.rename(
        columns={"option_other": "other_option", "strategy_other": "other_strategy"}
    )
    beyond = pairs["error"] - pairs["error_other"]
    beyond = beyond.where(beyond.abs() >= EQUAL, 0.0)
    return pairs.assign(beyond=beyond, outcome=np.sign(beyond).astype(int))


def _agreement(compared: pd.DataFrame) -> pd.DataFrame:
    grouped = compared.groupby(PAIR, sort=True)["outcome"]
    table = grouped.agg(settings="size").reset_index()
    shares = [f"{outcome}_share" for outcome in OUTCOMES]
    for sign, name in zip((-1, 0, 1), shares, strict=True):
        same = compared["outcome"].eq(sign).groupby([compared[key] for key in PAIR], sort=True)
        table[name] = same.mean().to_numpy(float)
    table["same_share"] = table[shares].max(axis=1)
    return table


def _flips(compared: pd.DataFrame, parameters: pd.DataFrame) -> Iterator[dict[str, object]]:
    every = rules(parameters)
    numbers = parameters.pivot_table(index="setting", columns="parameter", values="number")
    for number, (pair, mine) in enumerate(compared.groupby(PAIR, sort=True)):
        outcomes, settings = mine["outcome"].to_numpy(), mine["setting"].to_numpy()
        best = best_rules(every, settings, dealt(outcomes, number))
        if (outcomes == outcomes[0]).all() or not best:
            continue
        chance = float(np.quantile(np.max([each.gains[1:] for each in best], axis=0), 0.95))
        for each in best:
            yield {
                **dict(zip(PAIR, pair, strict=True)),
                "settings": len(settings),
                "parameter": each.parameter,
                "rank_correlation": _correlation(numbers, each.parameter, mine),
                "gain": float(each.gains[0]),
                "gain_by_chance": chance,
                "rule": each.rule,
                "outcome": each.outcome,
                "otherwise": each.otherwise,
            }


def _correlation(numbers: pd.DataFrame, parameter: str, pair: pd.DataFrame) -> float | None:
    """Null where the parameter is no number, or does not vary."""
    if parameter not in numbers or numbers[parameter].isna().any():
        return None
    values = numbers[parameter].loc[pair["setting"]].to_numpy()
    if np.ptp(values) == 0:
        return None
    return float(stats.spearmanr(values, pair["beyond"].to_numpy()).statistic)
