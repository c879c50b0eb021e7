"""Starts, stops and examines the real servers."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import msgspec

from dauexp.commands.printing import print_rows
from dauexp.errors import DauexpError
from dauexp.services import doctor, state


def up(names: Sequence[str], *, as_json: bool) -> None:
    """Starts services and prints where they are."""
    if sys.stderr.isatty():
        print("starting; what has to be built first takes minutes", file=sys.stderr)
    addresses = state.up(names)
    rows = [{"service": name, "address": doctor.shown(each)} for name, each in addresses.items()]
    print_rows(rows, as_json=as_json)


def down(names: Sequence[str]) -> None:
    """Ends services and prints which."""
    ended = state.down(names)
    print(f"ended: {', '.join(ended)}" if ended else "nothing ran")


def status(*, everything: bool, as_json: bool) -> None:
    """Prints what there is of the services; an error where one should answer and does not."""
    findings = doctor.doctor() if everything else doctor.status()
    print_rows([msgspec.structs.asdict(each) for each in findings], as_json=as_json)
    unwell = [each.service for each in findings if each.unwell]
    if unwell:
        raise DauexpError(f"not well: {', '.join(unwell)}; the table says what to do")
