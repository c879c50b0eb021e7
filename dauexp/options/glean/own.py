"""A service of one's own: what in its registry carries what is known of a request.

Sync's registry, the call of what is generated from it (`emitter.py`) and the queries are option A
as a team carries it, so they stay as they are. For another registry the same is done by names: the
call of its generated logger is put together here, and the queries are made from Sync's, with the
service's names in the place of Sync's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Final

from dauexp.cache import cache_folder
from dauexp.errors import BadInput
from dauexp.ingest.names import snake_case
from dauexp.ingest.registry import EVENT, Registry
from dauexp.ingest.strategy import QUERIED_AS, Logged
from dauexp.options.glean.emitter import IP_ADDRESS, PythonEmitter, _redirect
from dauexp.options.glean.generate import load, python_module
from dauexp.options.glean.renaming import renamed
from dauexp.settings import METRICS, Glean
from dauexp.stages import digest_of
from dauexp.store import replacing

BUILT_IN: Final = "events"
"""The ping that is defined by Glean itself."""

_STRING: Final = "string"
_SYNC: Final = dict(
    zip(
        METRICS,
        (f"{QUERIED_AS}_{name}" for name in Logged._fields if name != "user_agent"),
        strict=True,
    )
)
"""The columns of Sync's metrics, as the queries name them."""


@dataclass(frozen=True)
class Service:
    """What a service logs of a request, by the names of its own registry."""

    registry: Registry
    application_id: str
    ping: str
    event: str
    """`CATEGORY.NAME`."""
    metrics: Mapping[str, str]
    """The string metric, `CATEGORY.NAME`, for each of `METRICS`."""

    @property
    def names(self) -> dict[str, str]:
        """What the queries must name in place of Sync's names."""
        tables = {
            f"{QUERIED_AS}_{kind}": f"{snake_case(self.application_id)}_{kind}"
            for kind in ("live", "stable", "errors")
        }
        return tables | {_SYNC[what]: snake_case(name) for what, name in self.metrics.items()}

    def asks(self, query: str) -> str:
        """A statement on Sync's tables, on this service's."""
        return renamed(query, self.names, {BUILT_IN: snake_case(self.ping)})

    def queries(self, folder: Path) -> Path:
        """A folder with the files of another, whose SQL asks this service's tables: in the user's
        cache, named after the digest of what is in it."""
        files = {}
        for path in sorted(folder.iterdir()):
            text = path.read_text(encoding="utf-8")
            files[path.name] = self.asks(text) if path.suffix == ".sql" else text
        made = cache_folder("glean") / f"queries-{digest_of(*chain(*files.items()))[:32]}"
        for name, text in files.items():
            if not (made / name).is_file():
                with replacing(made / name) as beside:
                    beside.write_text(text, encoding="utf-8")
        return made


def service(parameters: Glean) -> Service | None:
    """The service whose registry a scenario names; None where it is Sync.

    Raises BadInput where the registry is wrong, or has not what the scenario says of it.
    """
    if parameters.registry is None:
        return None
    registry = Registry((parameters.registry / "metrics.yaml", parameters.registry / "pings.yaml"))
    return _service(parameters, registry, registry.digest)


@lru_cache(maxsize=16)
def _service(parameters: Glean, registry: Registry, _digest: str) -> Service:
    event, named = str(parameters.event), {}
    ping = _ping(registry, event)
    for what in METRICS:
        key = f"{what}_metric"
        named[what] = name = str(getattr(parameters, key))
        _check_string(registry, ping, key, name)
    twice = [name for name in named.values() if list(named.values()).count(name) > 1]
    if twice:
        raise BadInput(f"glean: {twice[0]} is named twice: each of the four needs its own metric")
    return Service(registry, parameters.application_id, ping, event, named)


def _ping(registry: Registry, event: str) -> str:
    """The one ping in which the event is sent."""
    where = registry.files[0]
    pings = [each for each in sorted(registry.pings) if event in _of_type(registry, each, EVENT)]
    if not pings:
        every = {name for each in registry.pings for name in _of_type(registry, each, EVENT)}
        raise BadInput(
            f"glean.event: {where} registers no event {event!r}; "
            f"its events: {', '.join(sorted(every)) or 'none'}"
        )
    if len(pings) > 1:
        raise BadInput(
            f"{where}: the event {event} is sent in {' and '.join(pings)}: let send_in_pings name "
            "one, for a request is counted once"
        )
    (ping,) = pings
    if ping != BUILT_IN and ping not in registry.objects().get("pings", {}):
        raise BadInput(
            f"{registry.files[1]}: defines no ping {ping!r}, in which {event} is sent: define it, "
            f"or let send_in_pings be {BUILT_IN}, which Glean defines"
        )
    return ping


def _check_string(registry: Registry, ping: str, key: str, name: str) -> None:
    """Raises BadInput where a metric is not a string that is sent in the ping."""
    where = registry.files[0]
    found = [
        (kind, each)
        for each in sorted(registry.pings)
        for kind in registry.metrics(each)
        if name in registry.metrics(each)[kind]
    ]
    if not found:
        known = ", ".join(sorted(_of_type(registry, ping, _STRING))) or "none"
        raise BadInput(
            f"glean.{key}: {where} registers no metric {name!r}; its strings in the ping {ping}: "
            f"{known}"
        )
    kind = found[0][0]
    if kind != _STRING:
        raise BadInput(f"glean.{key}: {where} registers {name} as {kind}: it must be a string")
    if ping not in {each for _, each in found}:
        raise BadInput(
            f"glean.{key}: {where} does not send {name} in the ping {ping}, as it does the event: "
            f"add {ping} to its send_in_pings"
        )


def _of_type(registry: Registry, ping: str, kind: str) -> Iterable[str]:
    return registry.metrics(ping).get(kind, ())


class OwnEmitter(PythonEmitter):
    """The code that glean_parser's `python_server` generates from a registry of one's own,
    untouched, called with what its metrics carry."""

    def __init__(self, own: Service, parameters: Glean) -> None:
        self._module = _loaded(own.registry)
        make = getattr(self._module, f"create_{snake_case(own.ping)}_server_event_logger")
        self._logger = make(
            parameters.application_id, parameters.app_display_version, parameters.app_channel
        )
        self._record = getattr(self._logger, f"record_{snake_case(own.event)}")
        self._names = ["user_agent", *(own.metrics[what].replace(".", "_") for what in METRICS)]

    def lines(self, requests: Iterable[Logged]) -> list[bytes]:
        """The lines that the logger writes for some requests, in order, without line ends."""
        lines: list[bytes] = []
        _redirect(self._module, lines)
        for request in requests:
            known = dict(zip(self._names, request, strict=True))
            self._record(ip_address=IP_ADDRESS, **known)
        return lines


def _loaded(registry: Registry) -> ModuleType:
    try:
        return load(python_module(registry))
    except SyntaxError as error:
        raise BadInput(
            f"{registry.files[0]}: what glean_parser generates from it is no Python: it takes no "
            "category with a dot in its name"
        ) from error
