"""Looks into finished runs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from dauexp.asking import ask_again
from dauexp.audit import audit as audit_run
from dauexp.commands.printing import print_rows
from dauexp.dictionary import describe
from dauexp.errors import BadInput, Unbalanced
from dauexp.options import contenders
from dauexp.ownquestions import asked_of, known_questions
from dauexp.report.claims import judged, shown
from dauexp.report.frames import frames
from dauexp.results import finished, result, scenario_of


def show(folder: Path, table: str, *, explain: bool, as_json: bool) -> None:
    """Prints a stored table of a run; `questions` is the summary of all answers' errors."""
    name = "accuracy_summary" if table == "questions" else table
    rows = map(asdict, describe(name).columns) if explain else result(folder, name).to_pylist()
    print_rows(rows, as_json=as_json)


def query(contender: str, question: str, folder: Path, *, as_json: bool) -> None:
    """Prints the queries of a question and their answers from a run's store."""
    finished(folder)
    scenario = scenario_of(folder)
    known = known_questions(scenario)
    if question not in known:
        raise BadInput(f"{question!r} is no question: give one of {', '.join(known)}")
    chosen = contenders([contender])
    if len(chosen) > 1:
        raise BadInput(
            f"{contender!r} has several strategies: give one of "
            f"{', '.join(each.label for each in chosen)}"
        )
    files = [query for _, query in asked_of(scenario, chosen[0]) if query.question == question]
    for reason in (each for each in files if not each.possible):
        raise BadInput(f"{chosen[0].label} cannot be asked {question}: {reason.text.strip()}")
    for asked, answer in ask_again(folder, chosen[0], question):
        if not as_json:
            print(f"-- {asked.path.name}\n{asked.text}")
        print_rows(answer.to_pylist(), as_json=as_json)


def claims(folder: Path, *, as_json: bool) -> None:
    """Prints the claims with what a run says of each."""
    rows = [
        {
            "claim": each.claim.id,
            "text": each.claim.text,
            "verdict": each.verdict,
            "evidence": each.claim.cannot
            or "; ".join(f"{said.test.what}: {shown(said)}" for said in each.evidence),
        }
        for each in judged(frames(folder))
    ]
    print_rows(rows, as_json=as_json)


def audit(folder: Path) -> None:
    """Says what is wrong with a run's files, or that nothing is."""
    wrong = audit_run(folder)
    for sentence in wrong:
        print(sentence)
    if wrong:
        raise Unbalanced(f"{folder}: the audit found {len(wrong)} faults")
    print(f"{folder}: all files are as they were written, and the ledger balances")
