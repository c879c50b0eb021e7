"""The commands, their arguments and options, as typer knows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typer import Typer
from typer.main import get_command

from dauexp.cli import app
from docsite.markdown import code, table, told

MACHINE = {"processes": "the cores of the machine"}
"""Defaults that are of the machine on which the page is made."""


def made(program: Typer = app) -> str:
    """All commands, by panel of `dauexp --help`. Raises Undocumented where a text is missing."""
    group: Any = get_command(program)
    panels: dict[str, list[str]] = {}
    for path, command, panel in _walk(group, "dauexp", ""):
        panels.setdefault(panel, []).append(_command(path, command))
    own = _parameters("dauexp", group)
    parts = [f"## Of `dauexp` itself\n\n{own}"]
    parts += [f"## {panel}\n\n" + "\n".join(each) for panel, each in panels.items()]
    return "\n".join(parts)


def _walk(group: Any, above: str, panel: str) -> Iterator[tuple[str, Any, str]]:
    for name, command in group.commands.items():
        path, its = f"{above} {name}", panel or command.rich_help_panel or "Commands"
        if hasattr(command, "commands"):
            told(command.help, path)
            yield from _walk(command, path, its)
        else:
            yield path, command, its


def _command(path: str, command: Any) -> str:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    usage = " ".join([path, *map(_argument, arguments), "[OPTIONS]"])
    return (
        f"### `{path}`\n\n{told(command.help, path)}\n\n    {usage}\n\n{_parameters(path, command)}"
    )


def _argument(each: Any) -> str:
    name = (each.metavar or each.name.upper()).strip("[].")
    return name if each.required else f"[{name}]" + ("..." if each.nargs != 1 else "")


def _parameters(path: str, command: Any) -> str:
    rows = [
        (_name(each), _default(each), told(each.help, f"{path}: {_name(each)}"))
        for each in command.params
        if not each.hidden
    ]
    return table(("argument or option", "default", "meaning"), rows) if rows else ""


def _name(each: Any) -> str:
    if each.param_type_name == "argument":
        return code(_argument(each))
    value = "" if each.is_flag else f" {each.metavar or each.name.upper()}"
    return (
        ", ".join(code(option) for option in each.opts[:-1])
        + (", " if each.opts[:-1] else "")
        + code(f"{each.opts[-1]}{value}")
    )


def _default(each: Any) -> str:
    if each.required:
        return "must be given"
    if each.name in MACHINE:
        return MACHINE[each.name]
    return "" if each.default in {None, False} else code(str(each.default))
