"""Option A: Glean, by server code that glean_parser generates from metrics.yaml."""

from __future__ import annotations

from functools import cached_property, lru_cache
from pathlib import Path
from typing import ClassVar, Final

from dauexp.ingest.emission import EmitterStrategy
from dauexp.ingest.registry import Registry
from dauexp.options import Option
from dauexp.options.glean.emitter import PythonEmitter
from dauexp.options.glean.generate import python_module
from dauexp.options.glean.own import OwnEmitter, service
from dauexp.options.glean.rustbuild import rust_program
from dauexp.options.glean.rustemitter import RustEmitter
from dauexp.scenario import Scenario
from dauexp.settings import Glean

FOLDER: Final = Path(__file__).parent
REGISTRY: Final = Registry((FOLDER / "metrics.yaml", FOLDER / "pings.yaml"))
QUERIES: Final = FOLDER / "queries"


class GleanEvents(EmitterStrategy):
    """The event `syncstorage.get_collections` in the `events` ping, logged by generated code; or
    the event of a service of one's own, where the scenario names its registry."""

    name: ClassVar[str] = "events"
    summary: ClassVar[str] = (
        "one Glean events ping a request, logged by code that glean_parser generates"
    )
    registry: Registry = REGISTRY

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(scenario)
        self._service = service(scenario.glean)
        if self._service is not None:
            self.registry, self.ping = self._service.registry, self._service.ping

    @property
    def queries(self) -> Path:
        """BigQuery SQL on the stable table."""
        return QUERIES if self._service is None else self._service.queries(QUERIES)

    def asks(self, statement: str) -> str:
        """The statement on the tables of the service."""
        return statement if self._service is None else self._service.asks(statement)

    @cached_property
    def _emitter(self) -> PythonEmitter | RustEmitter:
        return _emitter(self.scenario.glean, self.registry.digest)

    def prepare(self) -> None:
        """Generates the emitter, and builds what is in Rust: it, and what reads its lines."""
        if self.scenario.glean.emitter == "rust":
            rust_program(self.registry)
        else:
            python_module(self.registry)
        super().prepare()


@lru_cache(maxsize=4)
def _emitter(parameters: Glean, _digest: str) -> PythonEmitter | RustEmitter:
    """The emitter, the same one from unit to unit: a program takes its time to start."""
    own = service(parameters)
    if own is not None:
        return OwnEmitter(own, parameters)
    if parameters.emitter == "rust":
        return RustEmitter(rust_program(REGISTRY), parameters)
    return PythonEmitter(REGISTRY, parameters)


OPTION: Final = Option(
    id="glean", letter="A", title="Glean by glean_parser", strategies=[GleanEvents]
)
