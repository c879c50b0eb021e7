"""Option A: `metrics.yaml`, and `emitter.py`, which calls what is generated from it."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import Any

from dauexp.errors import BadInput
from dauexp.experiments.mutation.catalogue import Code
from dauexp.experiments.mutation.processes import Process, Request, module_of
from dauexp.experiments.mutation.sites import AtWork, Refused, Site
from dauexp.ingest.registry import Registry
from dauexp.options import glean
from dauexp.options.glean import emitter
from dauexp.options.glean.generate import nits, python_module

EMITTER, METRICS = "emitter.py", "metrics.yaml"
GENERATED = "server_events"

_LOADED = "        self._module = load(python_module(registry))\n"
_TYPED = f"        self._module: Any = {GENERATED}\n"
_FACTORY = "self._module.create_events_server_event_logger("
_TYPED_FACTORY = f"{GENERATED}.create_events_server_event_logger("


class GleanSite(Site):
    """The registry and the call of the generated logger.

    Settings: `generated_from` is the registry that the shipped code was generated from, and
    `tables_from` that which the pipeline has, either `now` or `before` (the mistake).
    """

    label = "glean"

    def code(self) -> Code:
        """Both files as they are in the package."""
        files = {EMITTER: Path(emitter.__file__), METRICS: glean.FOLDER / METRICS}
        texts = {name: path.read_text(encoding="utf-8") for name, path in files.items()}
        return Code(texts, {"generated_from": "now", "tables_from": "now"})

    def strategy(self, code: Code, folder: Path) -> type[glean.GleanEvents]:
        """The strategy with these files, through glinter and the generator."""
        shipped = self._generated_from(code, folder)
        _module(shipped)
        knows = [glean.REGISTRY]
        if code.settings["tables_from"] == "now":
            knows.append(_registry(code, folder))

        class Changed(_EmitterAtWork):
            source = code.files[EMITTER]
            generated_from = shipped
            registry = Accumulated(tuple(file for each in knows for file in each.files))

        return Changed

    def checked(self, code: Code, folder: Path) -> Mapping[str, str]:
        """The emitter, which loads the generated module when it runs, as if it imported it."""
        generated = _module(self._generated_from(code, folder))
        source = code.files[EMITTER]
        view = source.replace(_LOADED, _TYPED).replace(_FACTORY, _TYPED_FACTORY)
        view = view.replace("from types import", f"import {GENERATED}\nfrom types import")
        view = view.replace("from types import", "from typing import Any\nfrom types import", 1)
        return {"emitter": view, GENERATED: generated.read_text(encoding="utf-8")}

    def _generated_from(self, code: Code, folder: Path) -> Registry:
        now = _registry(code, folder)
        return now if code.settings["generated_from"] == "now" else glean.REGISTRY


@dataclass(frozen=True)
class Accumulated(Registry):
    """All registries that an application ever had: a pipeline forgets no metric.

    `files` are those of one registry after the other, two each.
    """

    def metrics(self, ping: str) -> Mapping[str, Sequence[str]]:
        """The metrics that any of the registries sends in a ping, by type."""
        known: dict[str, list[str]] = {}
        for start in range(0, len(self.files), 2):
            for kind, names in Registry(self.files[start : start + 2]).metrics(ping).items():
                mine = known.setdefault(kind, [])
                mine += [name for name in names if name not in mine]
        return known


def _registry(code: Code, folder: Path) -> Registry:
    """The registry of some code; the package's own where the code leaves it as it is."""
    own = glean.FOLDER / METRICS
    if code.files[METRICS] == own.read_text(encoding="utf-8"):
        return glean.REGISTRY
    path = folder / METRICS
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(code.files[METRICS], encoding="utf-8")
    return Registry((path, *glean.REGISTRY.files[1:]))


def _module(registry: Registry) -> Path:
    """The generated module. Raises Refused where glean_parser's parser or glinter says no."""
    if registry is glean.REGISTRY:
        return python_module(registry)
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            registry.objects()
        except BadInput as error:
            raise Refused("generator", _plain(str(error), registry)) from error
        found = nits(registry)
        if found:
            raise Refused("glinter", _plain(found, registry))
        return python_module(registry)


def _plain(text: str, registry: Registry) -> str:
    """A complaint in one line, without the place of the files on this machine."""
    for file in registry.files:
        text = text.replace(str(file), file.name)
    return shorten(text, 300)


class _EmitterAtWork(AtWork, glean.GleanEvents):
    source: str
    generated_from: Registry

    def start(self) -> Process:
        module: Any = module_of("emitter", self.source, self.clock_of_hosts)
        own = module.PythonEmitter(self.generated_from, self.scenario.glean)

        def serve(request: Request) -> Iterable[bytes]:
            found: list[bytes] = own.lines([request.logged])
            return found

        return serve


GLEAN = GleanSite()
