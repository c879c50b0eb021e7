"""The user's cache: what can be made again, but not quickly."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def cache_folder(*names: str) -> Path:
    """A folder below `dauexp` in `$XDG_CACHE_HOME`, by default `~/.cache`; it may not be there.

    Code is run from it, and runs that are kept in it have hashed ids: no one else may enter
    `dauexp`, whatever the umask.
    """
    top = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "dauexp")
    with suppress(OSError):  # told by whoever writes there, who knows what for
        top.mkdir(parents=True, exist_ok=True)
        top.chmod(0o700)
    return top.joinpath(*names)
