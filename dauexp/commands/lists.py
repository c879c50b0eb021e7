"""Lists what there is, and builds what is compiled."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from dauexp import experiments as trials
from dauexp import questions as catalogue
from dauexp.commands.printing import print_rows
from dauexp.explain import explained
from dauexp.ingest import bigquery
from dauexp.ingest.names import snake_case
from dauexp.ingest.rustreader import rust_library
from dauexp.options import contenders
from dauexp.options.custom.rustbuild import rust_program as custom_rust_program
from dauexp.options.glean import REGISTRY, GleanEvents
from dauexp.options.glean.rustbuild import rust_program
from dauexp.scenario import load


def options(*, as_json: bool) -> None:
    """Lists the options and their strategies."""
    rows = [
        {
            "option": each.option.id,
            "letter": each.option.letter,
            "title": each.option.title,
            "strategy": each.strategy.name,
            "summary": each.strategy.summary,
        }
        for each in contenders()
    ]
    print_rows(rows, as_json=as_json)


def questions(*, as_json: bool) -> None:
    """Lists the questions with the languages in which each strategy has a query."""
    scenario = load()
    rows = []
    for contender in contenders():
        for query in catalogue.queries(contender.strategy(scenario).queries):
            question = catalogue.catalogue()[query.question]
            rows.append(
                {
                    "question": question.id,
                    "title": question.title,
                    "unit": question.unit,
                    "contender": contender.label,
                    "variant": query.variant,
                    "language": query.language if query.possible else "impossible",
                }
            )
    print_rows(rows, as_json=as_json)


def experiments(*, as_json: bool) -> None:
    """Lists the experiments with their tables and how many cases each tries by default."""
    standard = trials.smaller(load())
    rows = [
        {
            "experiment": each.name,
            "summary": each.summary,
            "tables": ", ".join(each.tables),
            "cases": len(each.cases(standard)),
        }
        for each in trials.experiments().values()
    ]
    print_rows(rows, as_json=as_json)


def scenario(scenario: str, changes: Sequence[str], *, explain: bool) -> None:
    """Prints a scenario as TOML, or explains its parameters."""
    loaded = load(scenario, changes)
    if not explain:
        print(loaded.to_toml(), end="")
        return
    print_rows(explained(loaded), as_json=not sys.stdout.isatty())


def schema(scenario: str, changes: Sequence[str], *, as_json: bool) -> None:
    """Prints the tables of ingestion: statements that create them, or their schemas as JSON."""
    strategy = GleanEvents(load(scenario, changes))
    kinds = bigquery.tables(strategy.decoder.table)
    if as_json:
        print(json.dumps({kind: bigquery.schema_json(each) for kind, each in kinds.items()}))
        return
    application = snake_case(strategy.scenario.glean.application_id)
    for kind, each in kinds.items():
        print(bigquery.ddl(application, kind, strategy.ping, each))


def build() -> None:
    """Builds what there is in Rust, and prints where it is."""
    if sys.stderr.isatty():
        print("building emitters and decoder in Rust: minutes the first time", file=sys.stderr)
    print(rust_program(REGISTRY))
    print(custom_rust_program())
    print(rust_library())
