"""Mistakes in the code that a team writes by hand, sent the whole way: who notices, and what they
do to the answers.

Every mistake of the catalogues is made in the code of its strategy, and the same traffic goes
through code with and without it. The verdict is measured, in this order: caught when it is written,
rejected at ingestion, visible in monitoring, silent; harmless where no answer is changed either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Final

import pandas as pd
import pyarrow as pa

from dauexp.errors import BadInput
from dauexp.experiments import Experiment
from dauexp.experiments.mutation import effects, typecheck
from dauexp.experiments.mutation.catalogue import Code, Mistake, lines_changed, mistakes
from dauexp.experiments.mutation.sites import Refused, Site, site_of, sites
from dauexp.experiments.trial import Trial, trial
from dauexp.options import Contender, Strategy, contenders
from dauexp.scenario import Scenario
from dauexp.temporary import temporary_folder
from dauexp.traffic.source import open_source, prepare_source

VERDICTS: Final = ("caught", "rejected", "visible", "silent", "harmless")
"""In the order in which a mistake is tried for them."""

_BIASED = ("dau", "wau", "mau", "dau_by_platform")
ASKED: Final = (*_BIASED, "dau_by_device_family", "devices_per_user")
"""The questions by which a mistake is judged: they need all that a request says."""

MUTATION = pa.schema(
    [
        pa.field("option", pa.string(), nullable=False),
        pa.field("strategy", pa.string(), nullable=False),
        pa.field("mistake", pa.string(), nullable=False),
        pa.field("change", pa.string(), nullable=False),
        pa.field("thinking", pa.string(), nullable=False),
        pa.field("lines_changed", pa.int64(), nullable=False),
        pa.field("verdict", pa.string(), nullable=False),
        pa.field("caught_when_written", pa.bool_(), nullable=False),
        pa.field("caught_by", pa.string(), nullable=False),
        pa.field("complaint", pa.string(), nullable=False),
        pa.field("rejected_share", pa.float64()),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("visible", pa.bool_(), nullable=False),
        pa.field("signals", pa.string(), nullable=False),
        pa.field("silent", pa.bool_(), nullable=False),
        pa.field("harmless", pa.bool_(), nullable=False),
        *(pa.field(f"{question}_bias", pa.float64()) for question in _BIASED),
    ]
)
"""One row a mistake. `rejected_share` is of the messages that were delivered. `signals` are what
monitoring shows, joined by `; `. `QUESTION_bias` is the mean over the days of the answer over that
without the mistake, less 1: of the segment where it is largest. `rejected_share` and the biases
are what the mistake does where it is shipped although it is caught; null where it cannot run."""

MUTATION_BIAS = pa.schema(
    [
        pa.field("option", pa.string(), nullable=False),
        pa.field("strategy", pa.string(), nullable=False),
        pa.field("mistake", pa.string(), nullable=False),
        pa.field("question", pa.string(), nullable=False),
        pa.field("variant", pa.string(), nullable=False),
        pa.field("language", pa.string(), nullable=False),
        pa.field("segment", pa.string(), nullable=False),
        pa.field("days", pa.int64(), nullable=False),
        pa.field("mean_relative_error", pa.float64()),
        pa.field("right_mean_relative_error", pa.float64()),
        pa.field("mean_bias", pa.float64()),
        pa.field("worst_bias", pa.float64()),
    ]
)
"""One row a mistake, query and segment; see `effects.bias`."""


class Mutation(Experiment):
    """Every mistake of the catalogues, for the strategies of the scenario.

    It takes a quarter of the users of the experiments, and 30 days at most: an answer is held
    against the one to the same traffic without the mistake, so there is no chance in it that more
    of them would average out.
    """

    name: ClassVar[str] = "mutation"
    of_sync: ClassVar[bool] = True
    summary: ClassVar[str] = "mistakes in code by hand: who notices them, and what they bias"
    tables: ClassVar[Mapping[str, pa.Schema]] = {
        "mutation": MUTATION,
        "mutation_bias": MUTATION_BIAS,
    }

    def cases(self, scenario: Scenario) -> Sequence[str]:
        """The mistakes."""
        chosen = {contender.label for contender in contenders(scenario.strategies)}
        for each in mistakes().values():
            site_of(each.contender)
        return [case for case, each in mistakes().items() if each.contender in chosen]

    def observe(self, scenario: Scenario, case: str, scratch: Path) -> Mapping[str, pa.Table]:
        """One mistake: its row, and its bias by question and segment."""
        return observed(_less_of(scenario), mistakes()[case], scratch)


def _less_of(scenario: Scenario) -> Scenario:
    users = max(scenario.traffic.users // 4, 1)
    days = min(scenario.traffic.days, 30)
    less = {"users": users, "block_users": users, "days": days}
    return scenario.model_copy(update={"traffic": scenario.traffic.model_copy(update=less)})


def observed(scenario: Scenario, mistake: Mistake, scratch: Path) -> dict[str, pa.Table]:
    """The tables of one mistake, on the traffic of the scenario as it is.

    Raises BadInput where its function does not fit the code, or the right code does not work.
    """
    site = site_of(mistake.contender)
    try:
        wrong = mistake.made_in(site.code())
    except BadInput as error:
        raise BadInput(f"mistake {mistake.case!r}: {error}") from error
    whose = {
        "option": site.contender.option.id,
        "strategy": site.contender.strategy.name,
        "mistake": mistake.name,
    }
    row: dict[str, Any] = {
        **whose,
        "change": mistake.what,
        "thinking": mistake.thinking,
        "lines_changed": lines_changed(site.code(), wrong),
    }
    bias = pd.DataFrame(columns=[*MUTATION_BIAS.names[3:], "changed"])
    share, reason, signals = None, "", list[str]()
    complaint = typecheck.complaints().get(mistake.case, "")
    tool = typecheck.TOOL if complaint else ""
    try:
        strategy = _tried(site, wrong, scenario, scratch)
    except Refused as refusal:
        if not tool:
            tool, complaint = refusal.tool, refusal.complaint
    else:
        right = without_mistake(scenario, site.label)
        try:
            contender = Contender(site.contender.option, strategy)
            passed = trial(scenario, contender, scratch / "trial", questions=ASKED)
        except BadInput as error:  # which the right code does not raise
            queries = strategy(scenario).queries
            signals = [f"a query fails: {str(error).replace(f'{queries}/', '')}"]
        else:
            share, reason = effects.rejected(passed)
            signals = effects.signals(passed, strategy(scenario))
            bias = effects.bias(passed, right)
    row |= {"caught_by": tool, "complaint": complaint, "rejected_share": share, "reason": reason}
    row |= judged(row, signals, changed=bool(bias["changed"].any()))
    row |= {f"{question}_bias": _largest(bias, question) for question in _BIASED}
    rows = pa.Table.from_pandas(bias.drop(columns="changed").assign(**whose), preserve_index=False)
    return {
        "mutation": pa.Table.from_pylist([row], MUTATION),
        "mutation_bias": rows.select(MUTATION_BIAS.names).cast(MUTATION_BIAS),
    }


def judged(row: Mapping[str, Any], signals: Sequence[str], *, changed: bool) -> dict[str, Any]:
    """The verdict on a mistake, and what it is made of."""
    caught = bool(row["caught_by"])
    rejected = (row["rejected_share"] or 0.0) >= effects.ALERT_SHARE
    unnoticed = not (caught or rejected or signals)
    holds = (caught, rejected, bool(signals), changed, True)
    return {
        "verdict": next(name for name, held in zip(VERDICTS, holds, strict=True) if held),
        "caught_when_written": caught,
        "visible": bool(signals),
        "signals": "; ".join(signals),
        "silent": unnoticed and changed,
        "harmless": unnoticed and not changed,
    }


def _tried(site: Site, code: Code, scenario: Scenario, scratch: Path) -> type[Strategy]:
    """The strategy that some code makes, after a first call. Raises Refused where a tool refuses
    the code, or the call raises."""
    strategy = site.strategy(code, scratch / "code")
    prepare_source(scenario, scratch / "call")
    source = open_source(scenario, scratch / "call")
    first = next(batch for day in range(len(source.days)) for batch in source.batches(0, day))
    try:
        strategy(scenario).emit(first.observations.slice(0, 1))
    except Exception as error:  # code with a mistake may raise anything
        raise Refused("first call", f"{type(error).__name__}: {error}") from error
    return strategy


@lru_cache(maxsize=16)
def without_mistake(scenario: Scenario, label: str) -> Trial:
    """A trial of the code of a strategy as it should be; its store is gone."""
    site = sites()[label]
    with temporary_folder() as folder:
        strategy = site.strategy(site.code(), folder / "code")
        contender = Contender(site.contender.option, strategy)
        return trial(scenario, contender, folder / "trial", questions=ASKED)


def _largest(bias: pd.DataFrame, question: str) -> float | None:
    """The largest mean bias over the segments of a question."""
    return effects.largest(bias.loc[bias["question"] == question, "mean_bias"].astype(float))


EXPERIMENT: Final = Mutation()
