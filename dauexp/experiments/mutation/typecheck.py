"""The type checker's word on all mistakes: mypy, strict, as a team would run it before merging.

It reads the changed code of all mistakes at once, since starting it costs more than reading. What
it found is kept in the user's cache under a digest of what it read.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from dauexp.cache import cache_folder
from dauexp.experiments.mutation.catalogue import mistakes
from dauexp.experiments.mutation.sites import Refused, sites
from dauexp.locking import locked
from dauexp.store import replacing
from dauexp.temporary import temporary_folder

TOOL = "type checker"

_CONFIGURATION = """
[mypy]
strict = true
follow_imports = silent
ignore_missing_imports = true
namespace_packages = false

# Large, and nothing that a mistake touches.
[mypy-numpy.*,pandas.*,pyarrow.*,duckdb.*,scipy.*,pydantic.*,glean_parser.*,statsd.*,influxdb_client.*]
follow_imports = skip
"""

_ERROR = re.compile(r"^(?P<file>[^:]+):\d+: error: (?P<message>.*)$")

Modules = Mapping[str, str]
"""Sources by the name of the module; the first is the one that counts."""


@lru_cache(maxsize=1)
def complaints() -> Mapping[str, str]:
    """What the type checker says of each mistake that it complains of, by case: its first error
    that it does not find in the right code."""
    with temporary_folder() as scratch:
        right = {label: site.checked(site.code(), scratch) for label, site in sites().items()}
        wrong = {}
        for case, mistake in mistakes().items():
            site = sites()[mistake.contender]
            with suppress(Refused):  # by a tool that comes before
                folder = scratch / case
                wrong[case] = site.checked(mistake.made_in(site.code()), folder)
    found = errors_in({**right, **wrong})
    told = {}
    for case in wrong:
        usual = found[mistakes()[case].contender]
        new = [error for error in found[case] if error not in usual]
        told.update({case: new[0]} if new else {})
    return told


def errors_in(programs: Mapping[str, Modules]) -> dict[str, list[str]]:
    """The errors in the first module of each program, without the places."""
    content = json.dumps([version("mypy"), _CONFIGURATION, programs], sort_keys=True)
    kept = cache_folder("typecheck") / f"{hashlib.sha256(content.encode()).hexdigest()[:32]}.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    with locked(kept.parent / ".lock"):  # of two processes the second finds what the first found
        try:
            known: dict[str, list[str]] = json.loads(kept.read_bytes())
        except (OSError, ValueError):
            known = _checked(programs)
            with replacing(kept) as beside:
                beside.write_text(json.dumps(known), encoding="utf-8")
    return known


def _checked(programs: Mapping[str, Modules]) -> dict[str, list[str]]:
    from mypy import api  # noqa: PLC0415 - takes a second to import

    with temporary_folder() as folder:
        (folder / "mypy.ini").write_text(_CONFIGURATION, encoding="utf-8")
        first: dict[str, Path] = {}
        for number, (name, modules) in enumerate(programs.items()):
            package = folder / f"program_{number}"
            package.mkdir()
            (package / "__init__.py").touch()
            for module, source in modules.items():
                path = package / f"{module}.py"
                path.write_text(_within(package.name, modules, source), encoding="utf-8")
                first.setdefault(name, path)
        told, failed, _ = api.run(
            [
                f"--config-file={folder / 'mypy.ini'}",
                f"--cache-dir={cache_folder('mypy')}",
                "--no-error-summary",
                *map(str, first.values()),
            ]
        )
        if failed:
            raise RuntimeError(f"mypy failed: {failed}")
        return {name: _errors(told, path.parts[-2:]) for name, path in first.items()}


def _within(package: str, modules: Modules, source: str) -> str:
    """A source whose imports of its neighbours find them within the package."""
    for module in modules:
        source = source.replace(f"import {module}\n", f"from {package} import {module}\n")
    return source


def _errors(told: str, place: tuple[str, ...]) -> list[str]:
    """The errors in a file, known by its folder and name: what mypy remembers of an earlier run was
    in another temporary folder."""
    matches = filter(None, map(_ERROR.match, told.splitlines()))
    return [match["message"] for match in matches if Path(match["file"]).parts[-2:] == place]
