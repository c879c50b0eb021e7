"""Looks into finished runs."""

from __future__ import annotations

from pathlib import Path

from dauexp import questions as catalogue
from dauexp.asking import ask_again
from dauexp.audit import audit as audit_run
from dauexp.commands.printing import print_rows
from dauexp.errors import BadInput, Unbalanced
from dauexp.options import Contender, contenders
from dauexp.report.claims import judged
from dauexp.report.content import shown
from dauexp.report.frames import frames
from dauexp.results import finished, result
from dauexp.scenario import load


def show(folder: Path, table: str, *, as_json: bool) -> None:
    """Prints a stored table of a run; `questions` is the summary of all answers' errors."""
    name = "accuracy_summary" if table == "questions" else table
    print_rows(result(folder, name).to_pylist(), as_json=as_json)


def query(contender: str, question: str, folder: Path, *, as_json: bool) -> None:
    """Prints the queries of a question and their answers from a run's store."""
    finished(folder)
    if question not in catalogue.catalogue():
        raise BadInput(
            f"{question!r} is no question: give one of {', '.join(catalogue.catalogue())}"
        )
    chosen = contenders([contender])
    if len(chosen) > 1:
        raise BadInput(
            f"{contender!r} has several strategies: give one of "
            f"{', '.join(each.label for each in chosen)}"
        )
    impossible = [each for each in _queries(chosen[0], question) if not each.possible]
    for reason in impossible:
        raise BadInput(f"{chosen[0].label} cannot be asked {question}: {reason.text.strip()}")
    for asked, answer in ask_again(folder, chosen[0], question):
        if not as_json:
            print(f"-- {asked.path.name}\n{asked.text}")
        print_rows(answer.to_pylist(), as_json=as_json)


def _queries(contender: Contender, question: str) -> list[catalogue.Query]:
    every = catalogue.queries(contender.strategy(load()).queries)
    return [query for query in every if query.question == question]


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
