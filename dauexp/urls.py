"""Places that are named by a URL."""

from __future__ import annotations

import re


def is_url(place: str) -> bool:
    """Whether a text names a place by a URL, and not by a path."""
    return "://" in place


def shown(url: str) -> str:
    """A URL without a password."""
    return re.sub(r"//[^/@]*@", "//", url).rstrip("/")
