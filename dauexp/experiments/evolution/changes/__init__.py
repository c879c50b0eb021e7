"""The changes that a service grows by, each made for every option: a module for each option."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from dauexp.experiments.evolution.code import Code


@dataclass(frozen=True)
class Made:
    """A change as it is made for one option."""

    by: Callable[[Code], Code]
    """The code with the change in it."""
    filled: str = ""
    """In SQL, whether a row has what was added; empty where nothing is."""
    more: str = ""
    """The function that writes documents of their own, `METHOD` of the emitter or `MODULE:NAME`;
    empty where there are none."""
    table: str = ""
    """The table of these documents, where it is another one."""
    application: str = ""
    """The application that sends them, where it is another one."""
    ping: str = ""
    """The ping that they are, where it is another one."""
    registry: tuple[str, ...] = ()
    """The files that define their metrics, where these are others."""


CHANGES: Final[Mapping[str, str]] = {
    "new_string": "a new string metric: the version of the client",
    "labeled_counter": "a labeled counter: how requests are answered",
    "new_event": "a new event with two extras: uploads",
    "second_ping": "a second ping, without any user's id: the versions that are out there",
    "second_application": "a second application, autopush, with an event and an id of its own",
    "renamed": "a metric renamed: the platform",
    "expired": "a metric that expires: the device family",
}
"""The changes by name, each with what it is."""
