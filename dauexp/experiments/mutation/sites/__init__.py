"""Where mistakes are made: for a strategy, the code by hand, and the strategy that it makes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import ClassVar

import pyarrow as pa

from dauexp.errors import BadInput
from dauexp.experiments.mutation.catalogue import Code
from dauexp.experiments.mutation.processes import Clock, Process, served
from dauexp.options import Contender, Strategy, contenders
from dauexp.scenario import Scenario


class Refused(Exception):
    """A tool that stands between the code and its use refuses it."""

    def __init__(self, tool: str, complaint: str) -> None:
        super().__init__(f"{tool}: {complaint}")
        self.tool = tool
        self.complaint = complaint


class Site(ABC):
    """The code that a team writes by hand for one strategy."""

    label: ClassVar[str]
    """The strategy's, as `Contender.label` has it."""

    @property
    def contender(self) -> Contender:
        """The strategy."""
        (found,) = contenders([self.label])
        return found

    @abstractmethod
    def code(self) -> Code:
        """The code without any mistake."""

    @abstractmethod
    def strategy(self, code: Code, folder: Path) -> type[Strategy]:
        """The strategy that some code makes; `folder` is for files. Raises Refused where a tool
        that the option comes with refuses it."""

    @abstractmethod
    def checked(self, code: Code, folder: Path) -> Mapping[str, str]:
        """The modules that a type checker reads, by name; the first is the code by hand, and only
        what is found in it counts. Raises Refused as `strategy` does."""


class AtWork(Strategy):
    """A strategy whose messages are those of processes that run some code."""

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(scenario)
        self.clock_of_hosts = Clock()
        self._processes: dict[str, Process] = {}

    @abstractmethod
    def start(self) -> Process:
        """A process, as each host runs one."""

    def emit(self, observations: pa.RecordBatch) -> pa.RecordBatch:
        """What the processes of all hosts send."""
        return served(observations, self._processes, self.start, self.clock_of_hosts)


@cache
def sites() -> Mapping[str, Site]:
    """All sites by label."""
    from dauexp.experiments.mutation.sites import custom, glean, statsd  # noqa: PLC0415 - built on this

    found: list[Site] = [glean.GLEAN, custom.CUSTOM, *statsd.SITES]
    return {site.label: site for site in found}


def site_of(label: str) -> Site:
    """The site of a strategy. Raises BadInput where it has none."""
    if label not in sites():
        raise BadInput(f"no mistake can be made with {label!r}; with these: {', '.join(sites())}")
    return sites()[label]
