"""What a service is: the contract that all of them keep."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple

from dauexp.services.addresses import Address
from dauexp.services.programs import Program


class Plan(NamedTuple):
    """How a service is started, and where it then is."""

    command: Sequence[str]
    address: Address


class Service(ABC):
    """A server that runs on loopback, in a folder of its own."""

    name: ClassVar[str]
    """Unique; lower case."""
    summary: ClassVar[str]
    """One line: what it is."""
    variables: ClassVar[Mapping[str, str]]
    """The environment variables that name one that runs already, each with what it holds."""
    patience_seconds: ClassVar[float] = 30
    """How long it may take to start."""
    usual: ClassVar[bool] = True
    """Whether it is started where none are named."""

    @property
    @abstractmethod
    def program(self) -> Program:
        """What is run."""

    @abstractmethod
    def given(self, environment: Mapping[str, str]) -> Address | None:
        """The one that the environment names. Raises BadInput where what it says is no address."""

    @abstractmethod
    def plan(self, program: Path, folder: Path, others: Mapping[str, Address]) -> Plan:
        """Writes its configuration into its folder, with ports that are free, and says how it is
        started. `others` are the services that run already, to be connected with."""

    def prepare(self, address: Address) -> Address:
        """What is left to do when it answers; gives the address to use from then on."""
        return address
