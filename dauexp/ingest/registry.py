"""The registry of metrics and pings (metrics.yaml, pings.yaml), read by glean_parser's parser."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dauexp.cache import cache_folder
from dauexp.errors import BadInput
from dauexp.store import replacing

EVENT = "event"

Metrics = dict[str, dict[str, list[str]]]
"""Identifiers of metrics, `category.name`, by ping and type."""


@dataclass(frozen=True)
class Registry:
    """The files that define an application's metrics and pings."""

    files: tuple[Path, ...]

    @property
    def digest(self) -> str:
        """SHA-256, in hex, of the files' contents and of glean_parser's version: what decides the
        code that it generates."""
        whole = hashlib.sha256(version("glean_parser").encode())
        for path in self.files:
            whole.update(b"\0" + _content(path))
        return whole.hexdigest()

    def objects(self) -> Any:
        """The metrics by category and name as glean_parser's objects, read afresh: its generators
        change them. Raises BadInput where glean_parser finds the files wrong."""
        from glean_parser import parser, translate  # noqa: PLC0415 - takes a second to import

        try:
            found = parser.parse_objects(list(self.files), {})
            errors: list[object] = list(found)
            found.value.pop("tags", None)
            translate.transform_metrics({} if errors else found.value)
        except (TypeError, ValueError) as error:  # how glean_parser tells some mistakes
            errors = [error]
        if errors:
            raise BadInput(f"{_names(self.files)}: {' '.join(str(errors[0]).split())}")
        if not found.value:
            raise BadInput(f"{_names(self.files)}: defines no metrics")
        return found.value

    def metrics(self, ping: str) -> Mapping[str, Sequence[str]]:
        """The identifiers, `category.name`, of the metrics that are sent in a ping, by type."""
        return _metrics(self, self.digest).get(ping, {})

    @property
    def pings(self) -> frozenset[str]:
        """The names of the pings that any metric is sent in."""
        return frozenset(_metrics(self, self.digest))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}") from error


@lru_cache(maxsize=64)
def _metrics(registry: Registry, digest: str) -> Metrics:
    """Kept in the user's cache, for most processes need no more of glean_parser than this."""
    kept = cache_folder("registry") / f"{digest[:32]}.json"
    try:
        known: Metrics = json.loads(kept.read_bytes())
    except (OSError, ValueError):
        known = _parsed(registry)
        with suppress(OSError), replacing(kept) as beside:
            beside.write_text(json.dumps(known), encoding="utf-8")
    return known


def _parsed(registry: Registry) -> Metrics:
    pings: Metrics = {}
    for members in registry.objects().values():
        for metric in members.values():
            for ping in getattr(metric, "send_in_pings", ()):
                pings.setdefault(ping, {}).setdefault(metric.type, []).append(metric.identifier())
    return pings


def _names(files: Sequence[Path]) -> str:
    return ", ".join(str(path) for path in files)
