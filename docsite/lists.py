"""What there is: options, questions, experiments, mistakes, exit codes."""

from __future__ import annotations

from collections.abc import Mapping

from dauexp.errors import EXIT_CODES
from dauexp.experiments import experiments as tried
from dauexp.experiments.mutation.catalogue import mistakes as catalogued
from dauexp.options import contenders
from dauexp.questions import catalogue
from docsite.markdown import code, table, told


def exit_codes(known: Mapping[int, str] = EXIT_CODES) -> str:
    """What each exit code means."""
    rows = [(code(str(each)), told(text, f"exit code {each}")) for each, text in known.items()]
    return table(("exit code", "meaning"), rows)


def options() -> str:
    """The options of the package and their strategies."""
    rows = [
        (
            each.option.letter,
            code(each.label),
            told(each.option.title, each.label),
            told(each.strategy.summary, each.label),
        )
        for each in contenders()
        if type(each.option).__module__.startswith("dauexp.")
    ]
    return table(("option", "name", "title", "what the strategy does"), rows)


def questions() -> str:
    """The questions."""
    rows = [
        (code(name), told(each.title, name), each.unit, str(each.window), each.segment)
        for name, each in catalogue().items()
    ]
    return table(("question", "what is asked", "unit", "days it needs", "segments"), rows)


def experiments() -> str:
    """The experiments and the tables that they give."""
    rows = [
        (code(name), told(each.summary, name), ", ".join(map(code, each.tables)))
        for name, each in tried().items()
    ]
    return table(("experiment", "what is tried", "tables"), rows)


def mistakes() -> str:
    """The mistakes in code by hand, by the strategy in which they are made."""
    rows = [
        (
            code(each.contender),
            each.name,
            told(each.what, each.name),
            told(each.thinking, each.name),
        )
        for each in catalogued().values()
    ]
    return table(("made in", "mistake", "what is changed", "what a person thought"), rows)
