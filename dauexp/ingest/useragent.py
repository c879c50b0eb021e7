"""What ingestion keeps of a user agent: browser, version and operating system.

These are the names that Mozilla's pipeline puts in `metadata.user_agent`, and another reading of
the user agent than the one by which Sync classifies platform and device family.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple


class UserAgent(NamedTuple):
    """Browser, its major version, and operating system, each where it is recognised."""

    browser: str | None = None
    version: str | None = None
    os: str | None = None


class _Browser(NamedTuple):
    name: str
    mark: str
    """What a user agent has in it."""
    version: re.Pattern[str]
    os: str | None = None
    """Known from the mark alone."""


# In order of preference: a user agent names many browsers to be taken for them.
_BROWSERS = (
    _Browser("Edge", "Edge", re.compile(r"Edge/(\d+)")),
    _Browser("Chrome", "Chrome", re.compile(r"Chrome/(\d+)")),
    _Browser("Opera Mini", "Opera Mini", re.compile(r".*/(\d+)")),
    _Browser("Opera Mobi", "Opera Mobi", re.compile(r".*/(\d+)")),
    _Browser("Opera", "Opera", re.compile(r"Opera.*/(\d+)")),
    _Browser("MSIE", "MSIE", re.compile(r"MSIE (\d+)")),
    _Browser("MSIE", "Trident/7.0", re.compile(r"rv:(11)")),
    _Browser("Safari", "Safari", re.compile(r".*/(\d+)")),
    _Browser("FxSync", "Firefox AndroidSync", re.compile(r"Firefox AndroidSync (\d+)"), "Android"),
    _Browser("FxSync", "Firefox-iOS-Sync", re.compile(r"Firefox-iOS-Sync/(\d+)"), "iOS"),
    _Browser("Firefox", "Firefox", re.compile(r"Firefox/(\d+)")),
)
_SYSTEMS = (
    ("iPod", "iPod"),
    ("iPad", "iPad"),
    ("iPhone", "iPhone"),
    ("Android", "Android"),
    ("BlackBerry", "BlackBerry"),
    ("Linux", "Linux"),
    ("Macintosh", "Macintosh"),
    ("FirefoxOS", "Mozilla/5.0 (Mobile;"),
    ("Windows 10", "Windows NT 10.0"),
    ("Windows 8.1", "Windows NT 6.3"),
    ("Windows 8", "Windows NT 6.2"),
    ("Windows 7", "Windows NT 6.1"),
    ("Windows Vista", "Windows NT 6.0"),
    ("Windows XP", "Windows NT 5.1"),
    ("Windows 2000", "Windows NT 5.0"),
)


@lru_cache(maxsize=65_536)
def parse_user_agent(text: str | None) -> UserAgent:
    """Browser, version and operating system of a user agent; nothing of none."""
    if text is None:
        return UserAgent()
    os = next((name for name, mark in _SYSTEMS if mark in text), None)
    for browser in _BROWSERS:
        if browser.mark in text:
            found = browser.version.search(text)
            return UserAgent(browser.name, found.group(1) if found else None, browser.os or os)
    return UserAgent(os=os)
