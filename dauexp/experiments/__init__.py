"""Experiments: what a run tries beside its main comparison, on a population of its own size.

An experiment is a module of this package that has an `EXPERIMENT`. It names its cases, which are
tried apart, and gives tables that become results of the run, each with the rows of all cases.
"""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import ClassVar, NamedTuple

import pyarrow as pa

from dauexp.errors import BadInput
from dauexp.faults import Faults
from dauexp.scenario import Scenario
from dauexp.temporary import temporary_folder


class Experiment(ABC):
    """One thing that is tried on all options alike."""

    name: ClassVar[str]
    """Unique; lower case."""
    summary: ClassVar[str]
    """One line: what is tried."""
    of_sync: ClassVar[bool] = False
    """Whether it tries the code of Sync's service, and so none of a service of one's own."""
    tables: ClassVar[Mapping[str, pa.Schema]]
    """The schemas of the tables that it gives, by name."""

    @abstractmethod
    def cases(self, scenario: Scenario) -> Sequence[str]:
        """The names of what is tried; each is tried on its own, in any order and process."""

    @abstractmethod
    def observe(self, scenario: Scenario, case: str, scratch: Path) -> Mapping[str, pa.Table]:
        """Tries one case. Gives rows of its tables, which must repeat byte for byte.

        `scenario` is that of the experiments (`smaller`); `scratch` is an empty folder that is
        removed afterwards.
        """


class Case(NamedTuple):
    """One case of one experiment."""

    experiment: str
    case: str


@cache
def experiments() -> Mapping[str, Experiment]:
    """All experiments by name, in the order of their names."""
    modules = [
        importlib.import_module(f"{__name__}.{found.name}")
        for found in pkgutil.iter_modules(__path__)
    ]
    found: list[Experiment] = [
        module.EXPERIMENT for module in modules if hasattr(module, "EXPERIMENT")
    ]
    return {each.name: each for each in sorted(found, key=lambda each: each.name)}


def smaller(scenario: Scenario) -> Scenario:
    """The scenario of a run's experiments: its own, with the population and the days of
    `experiments`, simulated traffic, no faults but those that an experiment sets, and the questions
    of the catalogue."""
    size = scenario.experiments
    traffic = scenario.traffic.model_copy(
        update={
            "users": size.users,
            "days": size.days,
            "block_users": size.users,
            "trace": None,
        }
    )
    return scenario.model_copy(update={"traffic": traffic, "faults": Faults(), "questions": None})


def chosen(scenario: Scenario) -> list[Case]:
    """The cases that a run of the scenario tries. Raises BadInput for an unknown experiment."""
    names = scenario.experiments.run
    for name in names:
        if name not in experiments():
            raise BadInput(
                f"experiments.run: there is no experiment {name!r}; "
                f"there are {', '.join(experiments())}"
            )
        if experiments()[name].of_sync and scenario.glean.registry is not None:
            general = [each for each, tried in experiments().items() if not tried.of_sync]
            raise BadInput(
                f"experiments.run: {name} tries the code of Sync's service: with a registry of "
                f"one's own, give some of {', '.join(general)}"
            )
    return [
        Case(name, case) for name in names for case in experiments()[name].cases(smaller(scenario))
    ]


def observe(scenario: Scenario, case: Case) -> Mapping[str, pa.Table]:
    """Tries one case of a run of the scenario, in a folder that is removed afterwards."""
    with temporary_folder() as scratch:
        return experiments()[case.experiment].observe(smaller(scenario), case.case, scratch)


def together(
    cases: Sequence[Case], observed: Sequence[Mapping[str, pa.Table]]
) -> dict[str, pa.Table]:
    """The tables of all experiments that were tried, each with the rows of all its cases."""
    tables: dict[str, pa.Table] = {}
    for name in dict.fromkeys(case.experiment for case in cases):
        for table, schema in experiments()[name].tables.items():
            rows = [
                given[table].cast(schema)
                for case, given in zip(cases, observed, strict=True)
                if case.experiment == name and table in given
            ]
            tables[table] = pa.concat_tables([schema.empty_table(), *rows])
    return tables
