"""Names as the pipeline writes them: snake case."""

from __future__ import annotations

import re
from functools import lru_cache

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SEPARATORS = re.compile(r"[^a-zA-Z0-9]+")


@lru_cache(maxsize=4096)
def snake_case(name: str) -> str:
    """A name in snake case: `syncstorage.hashed_fxa_uid` is `syncstorage_hashed_fxa_uid`, `Events`
    and `EVENTS` are `events`, `sync-storage` and `syncStorage` are `sync_storage`.

    Mozilla's pipeline finds schemas, tables and columns by names in snake case.
    """
    return _SEPARATORS.sub("_", _HUMP.sub("_", name)).strip("_").lower()
