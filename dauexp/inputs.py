"""What decides the results of a run, beside its scenario: the code, the packages, the secret."""

from __future__ import annotations

import hashlib
import hmac
import inspect
import platform
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path

from dauexp import manifest
from dauexp.options import Contender
from dauexp.resources import resource
from dauexp.scenario import Scenario
from dauexp.traffic.identity import load_secret

_PACKAGE = Path(__file__).parent
_NO_SOURCE = ("__pycache__", "target")
"""Folders of what is made from sources."""


def inputs(scenario: Scenario, run: str, chosen: Sequence[Contender]) -> dict[str, object]:
    """Everything that the steps of the run called `run` begin with, by name: two that are equal
    give the same results. The secret is in it as an HMAC, as ids are in the results."""
    secret = load_secret(scenario.identity, scenario.seed, simulated=scenario.traffic.trace is None)
    return {
        "run": run,
        "scenario": scenario.digest,
        "code": _digest(tuple(sorted(_sources(scenario, chosen)))),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in manifest.PACKAGES},
        "secret": hmac.digest(secret, b"dauexp", "sha256").hex(),
    }


def _sources(scenario: Scenario, chosen: Sequence[Contender]) -> set[Path]:
    """The folders of the code: this package with its data, and those of plug-ins."""
    folders = {_PACKAGE, resource("data")}
    for contender in chosen:
        code = Path(inspect.getfile(contender.strategy)).parent
        folders |= {code, contender.strategy(scenario).queries}
    return {each for each in folders if each == _PACKAGE or _PACKAGE not in each.parents}


@cache
def _digest(folders: tuple[Path, ...]) -> str:
    """SHA-256 of all files below some folders, their names and their bytes, in hex."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(_files(folder)):
            name = path.relative_to(folder).as_posix()
            digest.update(f"{name}\0{manifest.digest(path)}\n".encode())
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_dir():
            if path.name not in _NO_SOURCE and not path.name.startswith("."):
                yield from _files(path)
        elif path.is_file():
            yield path
