"""The contract of an option, and how options are found.

An option is a folder here, or an installed package with an entry point in the group
`dauexp.options`, whose module has an `OPTION`. A strategy is one way of using it. Data flows
through a strategy one way: `emit` -> (channel) -> `collect` -> store -> `settle` -> `database`.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import ClassVar, NamedTuple

import pyarrow as pa

from dauexp.channel import Clock
from dauexp.database import Database
from dauexp.errors import BadInput
from dauexp.ledger import CARRIAGE, GENERATION, Law, Laws
from dauexp.scenario import Scenario
from dauexp.store import Store
from dauexp.traffic.truth import Calibration


class Part(NamedTuple):
    """Rows for one table of a strategy's store. The table `ledger` is special: its rows have the
    columns of `dauexp.ledger.COUNTS` and go to the run's ledger."""

    table: str
    rows: pa.RecordBatch | pa.Table


LEDGER_PART = "ledger"

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")


class Strategy(ABC):
    """One way of using an option, for one scenario."""

    name: ClassVar[str]
    """Unique within the option; lower case."""
    summary: ClassVar[str]
    """One line: what it does."""
    languages: ClassVar[tuple[str, ...]] = ("sql",)
    """Those in which it can be asked: for each question and language there is a file, which asks it
    or says why that cannot be."""
    exact: ClassVar[bool] = False
    """Whether each of its answers is the truth where nothing goes wrong; the contract tests see to
    it that this is so, and that one which does not claim it errs."""
    clock: ClassVar[Clock] = "collector"
    """Whose clock says when a message arrived: that of its host, or of a central collector."""
    generation: ClassVar[Law] = GENERATION
    """The law between requests and messages; `SAMPLING` where the client leaves some out."""
    laws: ClassVar[tuple[Law, ...]]
    """Conservation laws of its own, beside those of generation and carriage."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario

    def prepare(self) -> None:  # noqa: B027 -- most have nothing to make
        """Makes beforehand what takes long and is kept, such as a compiled program: a run does so
        once, before its work is spread over processes."""

    @property
    def processes(self) -> Sequence[int]:
        """Ids of the processes that it runs beside this one: their CPU time is its cost too."""
        return ()

    @property
    @abstractmethod
    def kept(self) -> Mapping[str, str]:
        """The tables of the settled store whose rows the ledger counts, by account."""

    @property
    @abstractmethod
    def queries(self) -> Path:
        """The folder with its query files, `QUESTION[.VARIANT].LANGUAGE`, `QUESTION.LANGUAGE.md` or
        `QUESTION.md`."""

    @abstractmethod
    def emit(self, observations: pa.RecordBatch) -> pa.RecordBatch:
        """What goes on the wire for a batch of requests.

        Takes a batch of `dauexp.tables.OBSERVATIONS`, gives one of `dauexp.tables.MESSAGES` with
        one message a request, `arrival` being the time of the request. Where the client samples,
        a request may have none: the run counts it as `unsampled`.
        """

    @abstractmethod
    def collect(self, messages: Iterable[pa.RecordBatch]) -> Iterator[Part]:
        """What the messages of one block of users and day leave in the store.

        Takes batches of `dauexp.tables.MESSAGES` as they arrive, gives parts of tables, and counts
        what it did with each message in parts of the ledger.
        """

    @abstractmethod
    def settle(self, store: Store) -> Iterator[Part]:
        """Once all blocks and days are collected: makes the tables that questions are asked of."""

    @abstractmethod
    def database(self, store: Store) -> Database:
        """Opens what was settled, for queries."""

    @property
    def settings(self) -> Mapping[str, float]:
        """Named constants of its own configuration that its queries must know."""
        return {}

    def constants(self, calibration: Calibration) -> Mapping[str, float]:  # noqa: ARG002 - most need none
        """Named constants that its queries must know beforehand, from an earlier period."""
        return {}


@dataclass(frozen=True)
class Option:
    """One way of measuring daily active use, with its strategies in the order they are shown."""

    id: str
    letter: str
    title: str
    strategies: Sequence[type[Strategy]]


@cache
def options() -> Mapping[str, Option]:
    """All options there are, by id: the folders of this package, then the installed plug-ins.

    Raises BadInput where two have one id, or a name is not fit for a folder.
    """
    modules = [
        importlib.import_module(f"{__name__}.{found.name}")
        for found in pkgutil.iter_modules(__path__)
        if found.ispkg
    ]
    found = [module.OPTION for module in modules]
    found += [point.load() for point in entry_points(group="dauexp.options")]
    return _named(sorted(found, key=lambda option: option.letter))


def _named(found: Iterable[Option]) -> Mapping[str, Option]:
    """Options by id. Raises BadInput where two have one id, or a name is not fit for a folder."""
    named: dict[str, Option] = {}
    for option in found:
        for name in (option.id, *(strategy.name for strategy in option.strategies)):
            if not _NAME.fullmatch(name):
                raise BadInput(
                    f"{option.title}: {name!r} is no name of an option or strategy: use lower-case "
                    "letters, digits, - and _, the first a letter"
                )
        if option.id in named:
            raise BadInput(
                f"two options are called {option.id!r} ({named[option.id].title}; {option.title}): "
                "remove one of the packages, or rename it"
            )
        named[option.id] = option
    return named


class Contender(NamedTuple):
    """A strategy of an option, chosen for a run."""

    option: Option
    strategy: type[Strategy]

    @property
    def label(self) -> str:
        """`OPTION`, or `OPTION:STRATEGY` where the option has several."""
        if len(self.option.strategies) == 1:
            return self.option.id
        return f"{self.option.id}:{self.strategy.name}"


def laws_of(chosen: Sequence[Contender]) -> Laws:
    """The laws that the ledger of these contenders keeps."""
    return {
        (each.option.id, each.strategy.name): (
            each.strategy.generation,
            CARRIAGE,
            *each.strategy.laws,
        )
        for each in chosen
    }


def contenders(chosen: Sequence[str] = ()) -> list[Contender]:
    """The strategies named as OPTION or OPTION:STRATEGY (all of an option, or one); none named
    means all there are. Raises BadInput for a name that there is not."""
    everything = [
        Contender(option, strategy)
        for option in options().values()
        for strategy in option.strategies
    ]
    if not chosen:
        return everything
    names = {f"{each.option.id}:{each.strategy.name}" for each in everything}
    names |= {each.option.id for each in everything}
    for name in chosen:
        if name not in names:
            raise BadInput(
                f"{name!r} is no option or strategy: give one of {', '.join(sorted(names))}"
            )
    return [
        each
        for each in everything
        if each.option.id in chosen or f"{each.option.id}:{each.strategy.name}" in chosen
    ]
