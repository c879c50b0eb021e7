"""Sensitivity: orders, how often they hold, and the rules that foretell them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

from dauexp.measures.sensitivity import (
    AGREEMENT,
    FLIPS,
    ORDERS,
    RANKING,
    Sensitivity,
    seen_from,
    sensitivity,
)
from dauexp.measures.stumps import rules

COUNT = 120
X = np.random.default_rng(7).permutation(COUNT) / COUNT
"""The parameter that decides."""
Y = np.random.default_rng(8).permutation(COUNT) / COUNT
"""One that does not."""
COLOUR = np.array(["red", "green", "blue"])[np.random.default_rng(9).integers(0, 3, COUNT)]

WHO = {
    ("glean", "events"): lambda n: 0.2,
    ("custom", "events"): lambda n: 0.2,
    ("statsd", "set"): lambda n: 0.1 if X[n] < 0.3 else 0.4,
    ("statsd", "tag"): lambda n: -0.3 if COLOUR[n] == "red" else 0.0,
}


def errors(who: dict[tuple[str, str], Callable[[int], float]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "setting": n,
                "replicate": 0,
                "option": option,
                "strategy": strategy,
                "question": "dau",
                "variant": "",
                "language": "sql",
                "segment": "all",
                "day": date(2026, 1, 5 + day),
                "relative_error": error(n) * (-1) ** day,
            }
            for (option, strategy), error in who.items()
            for n in range(COUNT)
            for day in range(2)
        ]
    )


def parameters() -> pd.DataFrame:
    columns = {"x": X, "y": Y, "colour": COLOUR}
    return pd.DataFrame(
        [
            {
                "setting": n,
                "parameter": name,
                "text": str(values[n]),
                "number": None if name == "colour" else float(values[n]),
            }
            for name, values in columns.items()
            for n in range(COUNT)
        ]
    ).astype({"number": float})


@pytest.fixture(scope="module")
def found() -> Sensitivity:
    return sensitivity(errors(WHO), parameters())


def rows(table: object, **columns: object) -> list[dict[str, object]]:
    listed: list[dict[str, object]] = table.to_pylist()  # type: ignore[attr-defined]
    return [row for row in listed if all(row[key] == value for key, value in columns.items())]


def test_the_tables_have_their_schemas(found: Sensitivity) -> None:
    assert [each.schema for each in found] == [RANKING, ORDERS, AGREEMENT, FLIPS]


def test_errors_are_ranked_by_size_whatever_their_sign_and_equals_share_a_rank(
    found: Sensitivity,
) -> None:
    red = int(np.flatnonzero((COLOUR == "red") & (X > 0.3))[0])
    ranks = {
        (row["option"], row["strategy"]): row["rank"]
        for row in rows(found.ranking, level="strategies", setting=red)
    }
    assert ranks == {
        ("custom", "events"): 1,
        ("glean", "events"): 1,
        ("statsd", "tag"): 3,
        ("statsd", "set"): 4,
    }


def test_an_option_is_ranked_by_its_best_strategy(found: Sensitivity) -> None:
    best = {row["setting"]: row for row in rows(found.ranking, level="options", option="statsd")}
    for n in range(COUNT):
        assert best[n]["error"] == pytest.approx(
            min(abs(WHO["statsd", s](n)) for s in ("set", "tag"))
        )


def test_the_shares_of_an_order_are_counted(found: Sensitivity) -> None:
    (pair,) = rows(found.agreement, level="strategies", option="glean", other_strategy="set")
    assert pair["settings"] == COUNT
    assert pair["nearer_share"] == (X >= 0.3).mean()
    assert pair["farther_share"] == (X < 0.3).mean()
    assert pair["same_share"] == (X >= 0.3).mean()
    (same,) = rows(found.agreement, level="options", option="custom", other_option="glean")
    assert (same["equal_share"], same["same_share"]) == (1.0, 1.0)


def test_whole_orders_are_told_with_ties_and_add_up(found: Sensitivity) -> None:
    orders = rows(found.orders, level="options", question="dau")
    assert sum(row["settings"] for row in orders) == COUNT  # type: ignore[misc]
    assert orders[0]["ranking"] == "statsd < custom = glean"
    assert orders[0]["settings"] == ((COLOUR != "red") | (X < 0.3)).sum()


def test_a_rule_finds_the_parameter_and_the_threshold_that_decide(found: Sensitivity) -> None:
    mine = rows(found.flips, level="strategies", option="glean", other_strategy="set")
    by = {row["parameter"]: row for row in mine}
    decides = by["x"]
    assert decides["gain"] == pytest.approx((X < 0.3).mean())
    assert (decides["outcome"], decides["otherwise"]) == ("farther", "nearer")
    assert str(decides["rule"]).startswith("x < 0.29")
    assert decides["rank_correlation"] < -0.7  # type: ignore[operator]
    assert decides["gain"] > decides["gain_by_chance"]  # type: ignore[operator]
    assert by["y"]["gain"] <= by["y"]["gain_by_chance"]  # type: ignore[operator]


def test_a_choice_decides_too(found: Sensitivity) -> None:
    mine = rows(found.flips, level="strategies", option="glean", other_strategy="tag")
    best = max(mine, key=lambda row: row["gain"])  # type: ignore[arg-type,return-value]
    assert best["rule"] == "colour = red"
    assert (best["outcome"], best["otherwise"]) == ("nearer", "farther")
    assert best["rank_correlation"] is None


def test_an_order_that_always_holds_has_no_rules(found: Sensitivity) -> None:
    assert not rows(found.flips, option="custom", other_option="glean")


def test_chance_is_rarely_beaten_where_nothing_decides() -> None:
    """Outcomes that hang on no parameter: a rule beyond chance in about 5% of the pairs."""
    random = np.random.default_rng(3)
    coins = random.random((12, COUNT)) < 0.5
    who = {("glean", "events"): lambda n: 0.2} | {
        ("statsd", f"s{k:02}"): lambda n, k=k: 0.1 if coins[k, n] else 0.3 for k in range(12)
    }
    flips = sensitivity(errors(who), parameters()).flips.to_pandas()
    pairs = flips[(flips["level"] == "strategies") & (flips["option"] == "glean")]
    beaten = pairs.assign(beaten=pairs["gain"] > pairs["gain_by_chance"])
    # Of 12 pairs, binomial with 5%: more than 4 in one of 5,000 cases.
    assert beaten.groupby("other_strategy")["beaten"].any().sum() <= 4


def test_a_pair_is_seen_from_either_side(found: Sensitivity) -> None:
    pairs, flips = found.agreement.to_pandas(), found.flips.to_pandas()
    mine = seen_from(pairs[pairs["level"] == "strategies"], "statsd")
    other = mine[(mine["strategy"] == "set") & (mine["other_option"] == "glean")]
    assert other["nearer_share"].tolist() == [(X < 0.3).mean()]
    assert set(mine["option"]) == {"statsd"}
    rule = seen_from(flips, "statsd").query("strategy == 'set' and parameter == 'x'")
    assert set(rule["outcome"]) == {"nearer"}
    assert (rule["rank_correlation"] > 0.7).all()


def test_rules_lie_between_the_values_of_a_parameter() -> None:
    table = pd.DataFrame(
        {
            "setting": [0, 1, 2],
            "parameter": ["x"] * 3,
            "text": ["1", "2", "2"],
            "number": [1.0, 2.0, 2.0],
        }
    )
    of = rules(table)
    assert of.names == ["x < 1.5"]
    assert of.hold[:, 0].tolist() == [True, False, False]
