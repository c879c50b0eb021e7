"""The package as users write it: type-checked, never run.

A line that ends in `# type: ignore` is a mistake that the types must catch: where they do not, mypy
says that the comment is not needed, and fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, assert_type

import pandas as pd

from dauexp import __version__, dictionary
from dauexp.audit import audit
from dauexp.database import Database, SqlDatabase
from dauexp.errors import EXIT_CODES, BadInput, DauexpError
from dauexp.experiments import Experiment, experiments
from dauexp.experiments.mutation.catalogue import Code, Mistake, mistake
from dauexp.export import export
from dauexp.ledger import Law, Violation, violations
from dauexp.options import Contender, Option, Part, Strategy, contenders, laws_of, options
from dauexp.questions import Question, catalogue
from dauexp.report import make, notebook_run
from dauexp.results import finished, result, scenario_of, tables
from dauexp.run import run
from dauexp.scenario import Scenario, changed, load, presets
from dauexp.services import InfluxDB, Telegraf, services
from dauexp.store import Store, read_table
from dauexp.sweep import Sweep, load_sweep, run_sweep
from dauexp.testing import OptionContract


def a_run(runs: Path) -> pd.DataFrame:
    scenario = load("quick", ["traffic.users=100"])
    assert_type(scenario, Scenario)
    assert_type(scenario.traffic.users, int)
    assert_type(scenario.digest, str)
    assert_type(presets(), list[str])
    assert_type(changed(scenario, {"seed": 2}), Scenario)
    folder = run(scenario, runs, processes=1, progress=lambda stage, done, steps: None)
    assert_type(folder, Path)
    assert_type(tables(folder), list[str])
    assert_type(finished(folder), dict[str, Any])
    assert_type(scenario_of(folder), Scenario)
    assert_type(audit(folder), list[str])
    assert_type(export(folder, "csv"), Path)
    make(folder, 1, lambda stage, done, steps: None, anew=True)
    assert_type(notebook_run("", "quick"), Path)
    frame: pd.DataFrame = result(folder, "accuracy").to_pandas()
    return frame


def a_run_gone_wrong(runs: Path) -> None:
    scenario = load(["quick"])  # type: ignore[arg-type]
    scenario.traffic.user  # type: ignore[attr-defined] # noqa: B018
    run("quick", runs)  # type: ignore[arg-type]
    run(scenario, "runs")  # type: ignore[arg-type]
    run(scenario, runs, progress=print_nothing)  # type: ignore[arg-type]
    export(runs, form=1)  # type: ignore[arg-type]
    Scenario(seed="one")  # type: ignore[arg-type]


def print_nothing() -> None:
    pass


def errors(runs: Path) -> int:
    try:
        run(load(), runs)
    except BadInput as error:
        return error.exit_code
    except DauexpError as error:
        assert_type(EXIT_CODES[error.exit_code], str)
    return 0


def a_sweep(runs: Path) -> Path:
    sweep, base = load_sweep("faults")
    assert_type(sweep, Sweep)
    assert_type(base, Scenario)
    run_sweep(sweep, runs)  # type: ignore[arg-type, call-arg]
    return run_sweep(sweep, base, runs, stores=True)


def what_there_is() -> None:
    version: str = __version__
    assert version
    assert_type(options(), Mapping[str, Option])
    assert_type(contenders(["glean"]), list[Contender])
    assert_type(catalogue()["dau"], Question)
    assert_type(experiments(), Mapping[str, Experiment])
    assert_type(dictionary.describe("accuracy").columns[0].unit, str)
    broken = violations(None, laws_of(contenders()))
    assert_type(broken, list[Violation])
    contenders("glean", "custom")  # type: ignore[call-arg]


class Mine(Strategy):
    """A strategy of a plug-in."""

    name: ClassVar[str] = "mine"
    summary: ClassVar[str] = "counts what comes"
    laws: ClassVar[tuple[Law, ...]] = (Law(("delivered",), ("counted",)),)

    @property
    def kept(self) -> Mapping[str, str]:
        return {"counted": "rows"}

    @property
    def queries(self) -> Path:
        return Path(__file__).with_name("queries")

    def emit(self, observations: Any) -> Any:
        return observations

    def collect(self, messages: Iterable[Any]) -> Iterator[Part]:
        for each in messages:
            yield Part("rows", each)

    def settle(self, store: Store) -> Iterator[Part]:
        yield Part("rows", read_table(store.table("rows")))

    def database(self, store: Store) -> Database:
        return SqlDatabase({"rows": store.table("rows")})


class Unfinished(Strategy):
    """A strategy that lacks its methods."""


OPTION = Option(id="mine", letter="D", title="Mine", strategies=[Mine])
WRONG = Option(id="mine", letter="D", title="Mine", strategies=["mine"])  # type: ignore[list-item]


def a_strategy(scenario: Scenario) -> Strategy:
    Unfinished(scenario)  # type: ignore[abstract]
    return Mine(scenario)


class TestMine(OptionContract):
    """The contract as a suite."""

    chosen: ClassVar[list[str]] = ["mine"]


@mistake("custom", thinking="The type is a word like any other.")
def type_in_capitals(code: Code) -> Code:
    """The document type is written in capitals."""
    return code.change("logger.py", '"events",', '"EVENTS",')


assert_type(type_in_capitals, Mistake)


def servers() -> str:
    with services((InfluxDB(), Telegraf(flush_seconds=1), "statsd")) as addresses:
        services((1,))  # type: ignore[arg-type]
        return str(addresses["influxdb"])
