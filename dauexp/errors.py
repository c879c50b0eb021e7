"""The ways in which a command can end badly, each with its exit code."""

from __future__ import annotations


class DauexpError(Exception):
    """Base of all errors that are told to a user in one sentence."""

    exit_code = 1


class BadInput(DauexpError):
    """What was given cannot be used: says what, where, and what would be right."""

    exit_code = 2


class Unbalanced(DauexpError):
    """A run's ledger does not balance: some request is not accounted for."""

    exit_code = 3
