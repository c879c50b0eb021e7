"""The user's cache: what can be made again, but not quickly."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder(*names: str) -> Path:
    """A folder below `dauexp` in `$XDG_CACHE_HOME`, by default `~/.cache`; it may not be there."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base, "dauexp", *names)
