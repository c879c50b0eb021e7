"""What a run found, as sentences and as one table: computed, never typed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from dauexp.report.claims import VERDICTS, Judged
from dauexp.report.frames import Frames, contenders, main_questions, short, title
from dauexp.report.plots.parts import percent
from dauexp.report.weighing import Outcome


class Found:
    """Sentences that a notebook shows as text, not as code."""

    def __init__(self, *sentences: str) -> None:
        self.sentences = sentences

    def _repr_markdown_(self) -> str:
        return "\n".join(f"- {sentence}" for sentence in self.sentences)

    def __repr__(self) -> str:
        return "\n".join(self.sentences)


LEAST = {
    "mean query difficulty": "the easiest queries, by mean Halstead difficulty",
    "lines by hand to emit": "the fewest lines by hand to emit",
    "CPU \N{MICRO SIGN}s a request": "the least CPU time, in microseconds a request",
    "bytes a request": "the fewest bytes a request on the wire",
}
"""Measures of which less is better, and how the least is told."""


def listed(words: Iterable[str]) -> str:
    """`A`, `A and B`, `A, B and C`."""
    *most, last = list(words) or ["none"]
    return f"{', '.join(most)} and {last}" if most else last


def answer(run: Frames) -> str:
    """The answer of a run in one sentence: who is exact, and how far off the others are."""
    asked, worst = main_questions(run), worst_errors(run)
    exact = [
        who
        for who, errors in worst.items()
        if set(errors) == set(asked) and not any(errors.values())
    ]
    parts = []
    if exact:
        verb = "gives" if len(exact) == 1 else "give"
        parts.append(f"{listed(exact)} {verb} {listed(map(short, asked))} exactly")
    alike: dict[tuple[str, ...], list[str]] = {}
    for who, errors in worst.items():
        if who not in exact:
            alike.setdefault(tuple(q for q in asked if q not in errors), []).append(who)
    missed = {who: missing for missing, names in alike.items() for who in names}
    for who in [each for each in worst if each in missed]:
        missing = missed[who]
        names = [each for each in alike[missing] if missing and worst[each]]
        if len(names) > 1 and who in names:
            if who == names[0]:
                parts.append(_missed_together(missing, names, worst))
            continue
        told = [_missed(worst[who])] if worst[who] else []
        told += [f"cannot be asked for {listed(map(short, missing))}"] if missing else []
        parts.append(f"{who} {' and '.join(told)}")
    return "On identical traffic, " + "; ".join(parts) + "."


def _missed_together(
    missing: Sequence[str], names: Sequence[str], worst: Mapping[str, Mapping[str, float]]
) -> str:
    """Several that cannot be asked for the same, in one breath."""
    told = []
    for question in worst[names[0]]:
        errors = [percent(worst[who][question]).lstrip("+") for who in names]
        told.append(f"{short(question)} by up to {listed(dict.fromkeys(errors))}")
    return f"{listed(names)} miss {listed(told)}, and cannot be asked for " + listed(
        map(short, missing)
    )


def _missed(errors: Mapping[str, float]) -> str:
    off = [f"{short(q)} by up to {percent(e).lstrip('+')}" for q, e in errors.items() if e]
    return f"misses {listed(off)}" if off else "is exact where it can be asked"


def worst_errors(run: Frames) -> dict[str, dict[str, float]]:
    """The largest absolute relative error of any day, by contender and question (of its best query,
    where it has several), for what each can be asked."""
    summary = run["accuracy_summary"]
    summary = summary[(summary["segment"] == "all") & (summary["days_answered"] > 0)]
    best = summary.groupby(["contender", "question"])["worst_absolute_error"].min().to_dict()
    return {
        who: {
            question: float(best[who, question])
            for question in main_questions(run)
            if (who, question) in best
        }
        for who in contenders(run)["contender"]
    }


def scorecard(run: Frames) -> pd.DataFrame:
    """One row a contender with what it gives and what it costs; a column a measure, with its unit
    in its name. Measures that the run does not have are left out."""
    card = contenders(run).set_index("contender")[["label"]]
    worst = worst_errors(run)
    for question in main_questions(run):
        name = f"worst error of {short(question)}"
        card[name] = [worst[who].get(question, math.nan) for who in card.index]
    cost = (
        run["cost"]
        .groupby("contender")[["wire_bytes", "emit_cpu_seconds", "collect_cpu_seconds", "requests"]]
        .sum()
    )
    card["bytes a request"] = cost["wire_bytes"] / cost["requests"]
    spent = cost["emit_cpu_seconds"] + cost["collect_cpu_seconds"]
    card["CPU \N{MICRO SIGN}s a request"] = 1e6 * spent / cost["requests"]
    if "complexity" in run:
        card["mean query difficulty"] = run["complexity"].groupby("contender")["difficulty"].mean()
    if "effort" in run:
        by_hand = run["effort"][
            (run["effort"]["written"] == "hand") & (run["effort"]["part"] == "emitter")
        ]
        card["lines by hand to emit"] = by_hand.groupby("contender")["lines"].sum()
    return card.drop(columns="label").reset_index()


def traffic(run: Frames) -> list[str]:
    """What the traffic was."""
    generated = run["ledger"][run["ledger"]["account"] == "generated"]
    generated = generated[generated["label"] == generated["label"].iloc[0]]
    by_day = generated.groupby("day")["count"].sum()
    truth = run["truth"][run["truth"]["segment"] == "all"]
    dau = truth[truth["question"] == "dau"]["value"]
    mau = truth[truth["question"] == "mau"]["value"]
    hosts = generated["host"].nunique()
    ratio, each = by_day.max() / by_day.min(), by_day.sum() / dau.sum()
    found = [
        f"{by_day.sum():,} requests on {len(by_day)} days and {hosts} hosts.",
        f"The busiest day had {ratio:.1f} times the requests of the quietest.",
        f"DAU is {dau.min():,.0f} to {dau.max():,.0f}; an active user makes {each:.1f} requests.",
    ]
    if len(mau):
        found.append(f"MAU is about {mau.mean():,.0f}: DAU/MAU is {dau.mean() / mau.mean():.2f}.")
    return found


def accuracy(run: Frames) -> list[str]:
    """How far each contender is from the truth, a sentence each."""
    found = []
    for who, errors in worst_errors(run).items():
        told = [
            f"{title(question)} {f'off by up to {percent(error)[1:]}' if error else 'exact'}"
            for question, error in errors.items()
        ]
        missing = [title(question) for question in main_questions(run) if question not in errors]
        told += [f"{listed(missing)} cannot be asked"] if missing else []
        found.append(f"**{who}**: {'; '.join(told)}.")
    return found


def emission(run: Frames) -> list[str]:
    """What a request costs each contender on its way to the store."""
    columns = ["wire_bytes", "emit_cpu_seconds", "collect_cpu_seconds", "requests"]
    totals = run["cost"].groupby("contender")[columns].sum()
    each = totals.div(totals["requests"], axis="index")
    least, most = each["wire_bytes"].idxmin(), each["wire_bytes"].idxmax()
    ratio = each["wire_bytes"].max() / each["wire_bytes"].min()
    found = [f"{most} sends {ratio:,.0f} times the bytes of {least} for a request."]
    for who, row in each.iterrows():
        emit, collect = 1e6 * row["emit_cpu_seconds"], 1e6 * row["collect_cpu_seconds"]
        found.append(
            f"{who}: {row['wire_bytes']:,.0f} bytes, {emit:.1f} \N{MICRO SIGN}s to emit and "
            f"{collect:.1f} to collect."
        )
    return found


def outcome(run: Frames, claims: Sequence[Judged]) -> list[str]:
    """What the numbers say of the decision."""
    card = scorecard(run).set_index("contender")
    columns = [f"worst error of {short(question)}" for question in main_questions(run)]
    exact = card[(card[columns] == 0).all(axis=1)]
    found = [answer(run)]
    for column, said in LEAST.items():
        if column in exact and len(exact) > 1:
            least = exact[column].min()
            who = [str(name) for name in exact.index[exact[column] == least]]
            has = "has" if len(who) == 1 else "have"
            found.append(f"Of those that are exact, {listed(who)} {has} {said} ({least:,.4g}).")
    counts = Counter(each.verdict for each in claims if each.claim.kind != "driver")
    told = listed(f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict])
    found.append(f"Of the {counts.total()} claims of the decision record: {told}.")
    return found


def weighing(outcome: Outcome) -> list[str]:
    """What the weighted drivers decide, and how far that hangs on the weights."""
    (first, best), *others = outcome.totals.items()
    weights = listed(f"{name} {share:.0%}" for name, share in outcome.weights.items())
    found = [f"With the weights {weights}, {first} comes first, with {best:.3f} of 1."]
    if others:
        found.append(f"Next is {others[0][0]}, with {others[0][1]:.3f}.")
    leads = outcome.first_share[outcome.first_share > 0].sort_values(ascending=False)
    shares = listed(f"{who} in {share:.0%}" for who, share in leads.items())
    found.append(f"Of all possible weightings, first is {shares}.")
    if outcome.change is None:
        found.append("No weighting puts a contender of another option first.")
    else:
        after = listed(f"{name} {share:.1%}" for name, share in outcome.change.weights.items())
        found.append(
            f"The smallest change that alters the outcome moves {outcome.change.moved:.1%} of the "
            f"weight, to {after}: then {outcome.change.rival} is level."
        )
    if outcome.left_out:
        found.append(
            f"{listed(outcome.left_out)} cannot be scored for all contenders from this run, and "
            "count for nobody; a file of weights can give their scores."
        )
    return found


def verdict_counts(claims: Sequence[Judged]) -> pd.DataFrame:
    """How many claims have which verdict, for and against each option. Columns: about, verdict,
    claims."""
    names = {"pro": "for", "con": "against"}
    about = [
        "drivers"
        if each.claim.kind == "driver"
        else f"{names[each.claim.kind]} {each.claim.letter}"
        for each in claims
    ]
    counts = Counter(zip(about, [each.verdict for each in claims], strict=True))
    rows = [
        {"about": who, "verdict": verdict, "claims": number}
        for (who, verdict), number in counts.items()
    ]
    return pd.DataFrame(rows)
