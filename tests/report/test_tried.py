"""What is tried beside the main comparison: it is found, kept, drawn and told."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from dauexp.errors import BadInput
from dauexp.report import notebook_experiment, notebook_sweep, plots, tried
from dauexp.report.frames import Frames, frames
from dauexp.report.render import spec
from dauexp.report.sets import overcount

QUERY = {"question": "dau", "variant": "", "language": "sql", "segment": "all"}
WHO = (
    ("glean", "events", "glean", "A glean"),
    ("statsd", "counter", "statsd:counter", "C statsd:counter"),
)


@pytest.fixture
def swept() -> Frames:
    """A sweep by hand: a counter that is off by chance, and loss that takes a tenth."""
    who = pd.DataFrame(WHO, columns=["option", "strategy", "label", "contender"])
    days = pd.DataFrame({"day": ["2026-01-05", "2026-01-06"]})
    by_day = who.merge(days, how="cross").assign(**QUERY, setting=0, replicates=3)
    off = by_day["strategy"] == "counter"
    by_day = by_day.assign(
        mean_relative_error=off * 0.1,
        low=off * -0.2,
        high=off * 0.4,
        worst_relative_error=off * 0.5,
    )
    under = who.assign(
        **QUERY, setting=1, fault="loss", strength=0.1, difference=-0.1,
        difference_low=[-0.12, math.nan], difference_high=[-0.08, math.nan],
    )  # fmt: skip
    return {"ledger": who, "replicates_by_day": by_day, "robustness": under}


def test_days_are_drawn_for_those_who_are_off_and_the_others_are_named(swept: Frames) -> None:
    made = spec(plots.by_day(swept))
    assert [panel["title"]["text"] for panel in made["vconcat"]] == ["C statsd:counter"]
    assert "always exact: A glean" in made["title"]["subtitle"]
    exact = swept["replicates_by_day"].assign(worst_relative_error=0.0)
    told = spec(plots.by_day({**swept, "replicates_by_day": exact}))["description"]
    assert told.startswith("Empty: exact on every day")


def test_a_fault_is_told_with_its_interval(swept: Frames) -> None:
    (told,) = tried.robustness(swept)
    assert told == (
        "Loss of 0.1 moves DAU of A glean by -10.00 points (-12.00 to -8.00) and C statsd:counter "
        "by -10.00 points."
    )


def test_a_set_counts_more_with_more_hosts_and_less_with_longer_flushes() -> None:
    ratios = overcount(20, hosts=(1, 4), flushes=(10, 86_400)).set_index(["hosts", "flush_seconds"])
    ratio = ratios["ratio"]
    assert 1 <= ratio[1, 86_400] < ratio[4, 86_400]
    assert ratio[4, 10] > ratio[4, 86_400]
    told = spec(plots.overcount(ratios.reset_index()))["description"]
    assert f"1 host, flush of 86400 s: {ratio[1, 86_400]:.2f}" in told


def test_a_run_that_has_an_experiment_is_not_tried_again(run_folder: Path) -> None:
    given = notebook_experiment(run_folder, "lateness", 1)["lateness"]
    assert given.equals(frames(run_folder)["lateness"])
    assert tried.lateness({"lateness": given}) == [
        "DAU stays exact with documents 100% late by 1 s.",
        "Worst are documents 100% late by 10 min: in the mean glean +2.0 %, on one day 2.0 % off.",
    ]


def test_drift_is_told_at_its_strongest_in_sample_and_out_of_it(run_folder: Path) -> None:
    none, client = tried.calibration(frames(run_folder))
    assert none.startswith("C statsd:counter, no drift: DAU +1.0 % off in the mean")
    assert client == (
        "C statsd:counter, client with 2 times the requests: DAU +101 % off in the mean (+98.0 % "
        "to +104 %), by the closed form +100 %, on a day +100 %; calibrated on the same days "
        "+1.0 %."
    )


def test_trials_are_kept_and_an_unknown_case_is_told(
    run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(BadInput, match="rotation: no case 'nobody'; there are glean, custom"):
        notebook_experiment(run_folder, "rotation", 5, ["nobody"])
    once = notebook_experiment(run_folder, "rotation", 5, ["glean"])["rotation"]
    monkeypatch.setattr("dauexp.experiments.observe", None)
    again = notebook_experiment(run_folder, "rotation", 5, ["glean"])["rotation"]
    assert len(once) > 0
    assert once.equals(again)
    assert set(once["contender"]) == {"A glean"}


def test_a_folder_that_is_no_sweep_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="not a finished run"):
        notebook_sweep(str(tmp_path))


def test_what_is_deleted_and_changed_is_told() -> None:
    row = {"contender": "A glean", "identity": "per-device", "possible": True, "named": "device"}
    row |= {"statements": 3, "devices_asked": 2, "ids_remaining": 0, "ids_before": 4, "reason": ""}
    other = {**row, "contender": "C statsd:set", "possible": False, "reason": "no ids"}
    assert tried.deletion({"deletion": pd.DataFrame([row, other])}) == [
        "A glean deletes by the device, 3 statements for 2 devices: 0 of 4 ids remain.",
        "C statsd:set cannot delete: no ids.",
    ]
    days = pd.DataFrame(
        {"contender": "A glean", "question": "wau", "days_after": [0, 5, 6]}
        | {"relative_error": [0.5, 0.2, 0.0], "expected_relative_error": [0.5, 0.2, 0.0]}
    )
    assert tried.rotation({"rotation": days}) == [
        "After the secret was changed, A glean gives WAU up to +50.0 % off, until day 5."
    ]
