"""Option B: a hand-written, "Glean-compliant" emitter, ingested and queried as option A is."""

from __future__ import annotations

from functools import cached_property, lru_cache
from pathlib import Path
from typing import ClassVar, Final

from dauexp.errors import BadInput
from dauexp.ingest.emission import EmitterStrategy
from dauexp.ingest.registry import Registry
from dauexp.options import Option, glean
from dauexp.options.custom.emitter import PythonEmitter
from dauexp.options.custom.rustbuild import rust_program
from dauexp.options.glean.rustemitter import RustEmitter
from dauexp.scenario import Scenario
from dauexp.settings import Glean


class CustomEvents(EmitterStrategy):
    """The same event in the same ping as option A's, logged by code written by hand."""

    name: ClassVar[str] = "events"
    summary: ClassVar[str] = (
        "one Glean-compliant events ping a request, logged by code written by hand"
    )
    registry: Registry = glean.REGISTRY

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(scenario)
        if scenario.glean.registry is not None:
            raise BadInput(
                "custom: its emitter is written by hand for Sync's registry: leave it out of "
                "strategies, or write yours as a plug-in"
            )

    @property
    def queries(self) -> Path:
        """Option A's: the tables are the same, so are the queries."""
        return glean.QUERIES

    @cached_property
    def _emitter(self) -> PythonEmitter | RustEmitter:
        return _emitter(self.scenario.glean)

    def prepare(self) -> None:
        """Builds what is in Rust: the emitter, and what reads its lines."""
        if self.scenario.glean.emitter == "rust":
            rust_program()
        super().prepare()


@lru_cache(maxsize=4)
def _emitter(parameters: Glean) -> PythonEmitter | RustEmitter:
    """The emitter, the same one from unit to unit: a program takes its time to start."""
    if parameters.emitter == "rust":
        return RustEmitter(rust_program(), parameters)
    return PythonEmitter(parameters)


OPTION: Final = Option(
    id="custom", letter="B", title="Hand-written emitter", strategies=[CustomEvents]
)
