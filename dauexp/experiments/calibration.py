"""What an estimate of users from requests is worth when requests per user change.

Who counts requests divides them by the requests per user of an earlier period. That is out of
sample: nobody who had the users of the days that are asked would need an estimate. Beside it stands
the same estimate in sample, calibrated on the very days that are asked, which nobody could have
made and which flatters.

DAU alone is not off in the mean however many users join: requests of an active user and day are
independent of how many are active. It is off as soon as they drift, by as much as they do, and a
weekly or monthly estimate also when users join.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final, NamedTuple

import pandas as pd
import pyarrow as pa

from dauexp.asking import answers
from dauexp.experiments import Experiment
from dauexp.experiments.trial import trial
from dauexp.measures.accuracy import accuracy
from dauexp.measures.replicates import arrow, plain, replicates
from dauexp.options import Contender, contenders
from dauexp.scenario import Scenario, changed
from dauexp.traffic.expected import Expected
from dauexp.traffic.source import calibration, open_source
from dauexp.traffic.truth import WINDOWS, Calibration

EARLIER, SAME = "earlier period", "same days"
"""Out of sample, and in it."""

CALIBRATION = pa.schema(
    [
        pa.field("option", pa.string(), nullable=False),
        pa.field("strategy", pa.string(), nullable=False),
        pa.field("drift", pa.string(), nullable=False),
        pa.field("strength", pa.float64(), nullable=False),
        pa.field("calibrated_on", pa.string(), nullable=False),
        pa.field("question", pa.string(), nullable=False),
        pa.field("replicates", pa.int64(), nullable=False),
        pa.field("mean_relative_error", pa.float64()),
        pa.field("low", pa.float64()),
        pa.field("high", pa.float64()),
        pa.field("worst_relative_error", pa.float64()),
        pa.field("expected_relative_error", pa.float64(), nullable=False),
        pa.field("expected_worst_relative_error", pa.float64(), nullable=False),
    ]
)
"""One row a strategy that is calibrated, drift, strength, period of calibration and question. Mean,
interval and worst are those of `dauexp.measures.replicates.REPLICATES`, over seeds. The expected
errors are by the closed form, without chance: in the mean over the days, and on the day farthest
from 0."""

REPLICATES: Final = 5
QUESTIONS: Final = tuple(WINDOWS)


class Drifting(NamedTuple):
    """One drift at one strength."""

    drift: str
    strength: float
    changes: Mapping[str, Any]
    """What it changes in the scenario, by dotted keys."""

    @property
    def name(self) -> str:
        """It in a few words."""
        return f"{self.drift} {self.strength:g}" if self.changes else self.drift


DRIFTS: Final = (
    Drifting("none", 1.0, {}),
    *(Drifting("weekends", by, {"traffic.drift.weekend": by}) for by in (0.5, 2.0)),
    *(
        Drifting("users join", share, {"traffic.churn.initial_share": 1 - share})
        for share in (0.4, 0.8)
    ),
    *(Drifting("requests grow", by, {"traffic.drift.growth": by}) for by in (1.002, 1.01)),
    *(Drifting("changed client", by, {"traffic.drift.client": by}) for by in (0.8, 1.2, 2.0)),
)
"""From what a team may miss to what it would see. Strengths are factors on the requests of an
active user and day (at weekends; from each day to the next; from the first day on), but that of
users who join is their share of all users."""


class CalibrationDrift(Experiment):
    """Requests per user drift away from what they were, for each strategy that must know them."""

    name: ClassVar[str] = "calibration"
    summary: ClassVar[str] = "requests per user drift after they were calibrated: DAU, WAU and MAU"
    tables: ClassVar[Mapping[str, pa.Schema]] = {"calibration_errors": CALIBRATION}

    def cases(self, scenario: Scenario) -> Sequence[str]:
        """Each drift, for each contender that is calibrated."""
        return list(_cases(scenario))

    def observe(self, scenario: Scenario, case: str, scratch: Path) -> Mapping[str, pa.Table]:
        """One drift at one strength, with several seeds."""
        contender, drifting = _cases(scenario)[case]
        scenario = changed(scenario, drifting.changes)
        errors = pd.concat(
            [
                _errors(
                    changed(scenario, {"seed": scenario.seed + replicate}),
                    contender,
                    scratch / str(replicate),
                ).assign(replicate=replicate)
                for replicate in range(REPLICATES)
            ]
        )
        rows = replicates(plain(errors)).to_pandas()
        rows["calibrated_on"] = rows["setting"].map(dict(enumerate((EARLIER, SAME))))
        expected = Expected(scenario.traffic)
        by_day = [
            expected_errors(expected, question, _period(expected, period))
            for question, period in zip(rows["question"], rows["calibrated_on"], strict=True)
        ]
        rows = rows.assign(
            drift=drifting.drift,
            strength=drifting.strength,
            expected_relative_error=[sum(each) / len(each) for each in by_day],
            expected_worst_relative_error=[max(each, key=abs) for each in by_day],
        )
        return {"calibration_errors": arrow(rows, CALIBRATION)}


def expected_errors(expected: Expected, question: str, period: range) -> list[float]:
    """The error of the estimate by the closed form, on each day of the run on which the question
    has an answer, when requests per user are those of a period (days as offsets)."""
    window = WINDOWS[question]

    def ratio(ends: Sequence[int]) -> float:
        """Requests in the windows that end on some days, by the users in them."""
        requests = sum(
            expected.requests(day)[0] for end in ends for day in range(end - window + 1, end + 1)
        )
        users = sum(expected.active(end - window + 1, end) for end in ends)
        return float(requests / (users * expected.traffic.users))

    known = ratio(period[window - 1 :])
    return [ratio([end]) / known - 1 for end in range(window - 1, expected.traffic.days)]


def _cases(scenario: Scenario) -> dict[str, tuple[Contender, Drifting]]:
    """By their names, for the contenders that must know a constant."""
    return {
        f"{contender.label}, {drifting.name}": (contender, drifting)
        for contender in contenders(scenario.strategies)
        if contender.strategy(scenario).constants(Calibration({}))
        for drifting in DRIFTS
    }


def _period(expected: Expected, calibrated_on: str) -> range:
    """The days of a period."""
    traffic = expected.traffic
    return range(-traffic.earlier_days, 0) if calibrated_on == EARLIER else range(traffic.days)


def _errors(scenario: Scenario, contender: Contender, folder: Path) -> pd.DataFrame:
    """The errors of one seed: setting 0 is calibrated on the earlier period, 1 on the same days."""
    source = open_source(scenario, folder)
    given = trial(scenario, contender, folder, source, QUESTIONS)
    same = calibration(source, range(len(source.days)))
    again = accuracy(answers(scenario, folder, same, contender, QUESTIONS), given.truth)
    both = (given.accuracy, again)
    frames: list[pd.DataFrame] = [
        each.to_pandas().assign(setting=setting) for setting, each in enumerate(both)
    ]
    return pd.concat(frames)


EXPERIMENT: Final = CalibrationDrift()
