"""What a run found, as sentences: computed, never typed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import pandas as pd

from dauexp.report.claims import VERDICTS, Judged
from dauexp.report.frames import Frames, contenders, main_questions, short, title
from dauexp.report.rules import about, valued
from dauexp.report.scorecard import SHARED, measures, scorecard, worst_error, worst_errors
from dauexp.report.weighing import Outcome
from dauexp.report.words import Number, Said, listed, percent

LEAST = {
    "mean query difficulty": "the easiest queries, by mean Halstead difficulty",
    SHARED: "the easiest queries of what all can be asked in SQL, by mean Halstead difficulty",
    "lines by hand to emit": "the fewest lines by hand to emit",
    "CPU \N{MICRO SIGN}s a request": "the least CPU time, in microseconds a request",
    "bytes a request": "the fewest bytes a request on the wire",
}
"""Measures of which less is better, and how the least is told."""


def answer(run: Frames) -> Said:
    """The answer of a run in one sentence: who is exact, and how far off the others are."""
    asked, worst = main_questions(run), _worst(run)
    exact = [who for who, errors in worst.items() if set(errors) == set(asked) and not _off(errors)]
    parts = []
    if exact:
        verb = "gives" if len(exact) == 1 else "give"
        parts.append(Said(f"{listed(exact)} {verb} {listed(map(short, asked))} exactly"))
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
        told += [Said("cannot be asked for ", listed(map(short, missing)))] if missing else []
        parts.append(Said(f"{who} ", Said(" and ").joined(told)))
    return Said("On identical traffic, ", Said("; ").joined(parts), ".")


def _worst(run: Frames) -> dict[str, dict[str, Number]]:
    """The worst errors of `worst_errors`, as people read them."""
    who = contenders(run).set_index("contender")
    places = _places("scorecard", who)
    return {
        name: {
            question: Number(
                percent(error).lstrip("+"),
                worst_error(question).of(*who.loc[name, ["option", "strategy"]]),
                places[name],
            )
            for question, error in errors.items()
        }
        for name, errors in worst_errors(run).items()
    }


def _off(errors: Mapping[str, str]) -> dict[str, str]:
    """The errors that are some."""
    return {question: error for question, error in errors.items() if error != percent(0)}


def _missed_together(
    missing: Sequence[str], names: Sequence[str], worst: Mapping[str, Mapping[str, Number]]
) -> Said:
    """Several that cannot be asked for the same, in one breath."""
    told = [
        Said(
            f"{short(question)} by up to ",
            listed(dict.fromkeys(worst[who][question] for who in names)),
        )
        for question in worst[names[0]]
    ]
    cannot = f", and cannot be asked for {listed(map(short, missing))}"
    return Said(f"{listed(names)} miss ", listed(told), cannot)


def _missed(errors: Mapping[str, str]) -> Said:
    off = [Said(f"{short(q)} by up to ", error) for q, error in _off(errors).items()]
    return Said("misses ", listed(off)) if off else Said("is exact where it can be asked")


def traffic(run: Frames) -> list[Said]:
    """What the traffic was."""
    generated = run["ledger"][run["ledger"]["account"] == "generated"]
    first = generated.iloc[0]
    of = about("account='generated', {who}", first["option"], first["strategy"])
    by_day = generated[generated["label"] == first["label"]].groupby("day")["count"].sum()
    busiest, quietest = (f"day={day!r}" for day in (by_day.idxmax(), by_day.idxmin()))
    requests = f"sum(ledger.count, {of})"
    dau, mau = (f"truth.value, question={question!r}, segment='all'" for question in ("dau", "mau"))

    def number(term: str, form: str = ",.0f") -> Number:
        return Number(format(valued(term, run), form), term)

    ratio = f"sum(ledger.count, {of}, {busiest}) / sum(ledger.count, {of}, {quietest})"
    days, hosts = (number(f"distinct(ledger.{column}, {of})") for column in ("day", "host"))
    each = number(f"{requests} / sum({dau})", ".1f")
    found = [
        Said(number(requests), " requests on ", days, " days and ", hosts, " hosts."),
        Said("The busiest day had ", number(ratio, ".1f"), " times the requests of the quietest."),
        Said("DAU is ", number(f"min({dau})"), " to ", number(f"max({dau})"), "; an active user ")
        + Said("makes ", each, " requests."),
    ]
    if "mau" in main_questions(run):
        share = number(f"mean({dau}) / mean({mau})", ".2f")
        found.append(Said("MAU is about ", number(f"mean({mau})"), ": DAU/MAU is ", share, "."))
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


def outcome(run: Frames, claims: Sequence[Judged]) -> list[Said]:
    """What the numbers say of the decision."""
    card = scorecard(run).set_index("contender")
    known = {each.name: each for each in measures(run)}
    who = contenders(run).set_index("contender")
    columns = [worst_error(question).name for question in main_questions(run)]
    exact = card[(card[columns] == 0).all(axis=1)]
    found = [answer(run)]
    for column, said in LEAST.items():
        if column in exact and len(exact) > 1:
            least = exact[column].min()
            names = [str(name) for name in exact.index[exact[column] == least]]
            has = "has" if len(names) == 1 else "have"
            term = known[column].of(*who.loc[names[0], ["option", "strategy"]])
            place = _places("scorecard", card)[names[0]]
            number = Number(f"{least:,.4g}", term, place)
            start = f"Of those that are exact, {listed(names)} {has} {said} ("
            found.append(Said(start, number, ")."))
    counts = Counter(each.verdict for each in claims if each.claim.kind != "driver")
    told = [
        Said(Number(f"{counts[verdict]}", place="claims"), f" {verdict}")
        for verdict in VERDICTS
        if counts[verdict]
    ]
    total = Number(f"{counts.total()}", place="claims")
    found.append(Said("Of the ", total, " claims of the decision record: ", listed(told), "."))
    return found


def weighing(outcome: Outcome) -> list[Said]:
    """What the weighted drivers decide, and how far that hangs on the weights."""
    contender, driver = _places("weighing", outcome.totals), _places("weights", outcome.weights)

    def shares(of: Mapping[str, float], places: Mapping[str, str], between: str, form: str) -> Said:
        return listed(
            Said(name, between, Number(format(share, form), place=places[name]))
            for name, share in of.items()
        )

    def total(who: str) -> Number:
        return Number(f"{outcome.totals[who]:.3f}", place=contender[who])

    first, *others = map(str, outcome.totals.index)
    weights = shares(dict(outcome.weights), driver, " ", ".0%")
    best = Said(f", {first} comes first, with ", total(first), " of 1.")
    found = [Said("With the weights ", weights, best)]
    if others:
        found.append(Said(f"Next is {others[0]}, with ", total(others[0]), "."))
    leads = outcome.first_share[outcome.first_share > 0].sort_values(ascending=False)
    often = shares(dict(leads), contender, " in ", ".0%")
    found.append(Said("Of all possible weightings, first is ", often, "."))
    if outcome.change is None:
        found.append(Said("No weighting puts a contender of another option first."))
    else:
        moved = Number(f"{outcome.change.moved:.1%}", place="weights")
        after = shares(outcome.change.weights, driver, " ", ".1%")
        found.append(
            Said("The smallest change that alters the outcome moves ", moved, " of the weight, to ")
            + Said(after, f": then {outcome.change.rival} is level.")
        )
    if outcome.left_out:
        found.append(
            Said(
                f"{listed(outcome.left_out)} cannot be scored for all contenders from this run, "
                "and count for nobody; a file of weights can give their scores."
            )
        )
    return found


def _places(table: str, rows: pd.Series[float] | pd.DataFrame) -> dict[str, str]:
    """Where each row of a table of the report is, by its name."""
    return {str(name): f"{table}.{place}" for place, name in enumerate(rows.index, start=1)}


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
