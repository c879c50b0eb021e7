"""The ways in which a command can end badly, each with its exit code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final


class DauexpError(Exception):
    """Base of all errors that are told to a user in one sentence."""

    exit_code: ClassVar[int] = 1


class BadInput(DauexpError):
    """What was given cannot be used: says what, where, and what would be right."""

    exit_code = 2


class Unbalanced(DauexpError):
    """A run's ledger does not balance: some request is not accounted for."""

    exit_code = 3


EXIT_CODES: Final[Mapping[int, str]] = {
    0: "Fine.",
    1: "It ran, and something is wrong: a threshold is crossed, a notebook or a point of a sweep "
    "failed, a service does not answer, or the memory did not suffice. What was said tells which.",
    BadInput.exit_code: "Bad input: a scenario, file, option or argument that cannot be used, a "
    "full disk, or a folder that another process is at. One sentence on stderr says what, where "
    "and what would be right.",
    Unbalanced.exit_code: "The ledger does not balance, or files of a run are not what was "
    "written. Do not use the results.",
    130: "Interrupted from the keyboard. Started again, a run or a sweep goes on.",
    141: "Whoever read its output left before the end, as `head` does; it stopped there.",
}
"""What each exit code of `dauexp` means."""
