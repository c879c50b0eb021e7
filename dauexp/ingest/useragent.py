"""What ingestion keeps of a user agent: browser, version and operating system.

These are the names that Mozilla's pipeline puts in `metadata.user_agent`, and another reading of
the user agent than the one by which Sync classifies platform and device family.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple


class UserAgent(NamedTuple):
    """Browser, its major version, and operating system, each where it is recognised."""

    browser: str | None = None
    version: str | None = None
    os: str | None = None


Version = Callable[[str], str | None]
"""Finds the version in a user agent."""


class _Browser(NamedTuple):
    name: str
    mark: str
    """What a user agent has in it."""
    version: Version
    os: str | None = None
    """Known from the mark alone."""


def _by(pattern: str) -> Version:
    """What the group of a pattern matches first."""
    compiled = re.compile(pattern)

    def version(text: str) -> str | None:
        found = compiled.search(text)
        return found[1] if found else None

    return version


def _last_after(mark: str) -> Version:
    """The last number after a slash, of the first line that has one after the mark: what `MARK.*/`
    and a number match, which takes a time that grows with the square of the length."""

    def version(text: str) -> str | None:
        for line in text.split("\n"):
            numbers = _NUMBER.findall(line.partition(mark)[2] if mark else line)
            if numbers:
                return str(numbers[-1])
        return None

    return version


_NUMBER = re.compile(r"/(\d+)")
# In order of preference: a user agent names many browsers to be taken for them.
_BROWSERS = (
    _Browser("Edge", "Edge", _by(r"Edge/(\d+)")),
    _Browser("Chrome", "Chrome", _by(r"Chrome/(\d+)")),
    _Browser("Opera Mini", "Opera Mini", _last_after("")),
    _Browser("Opera Mobi", "Opera Mobi", _last_after("")),
    _Browser("Opera", "Opera", _last_after("Opera")),
    _Browser("MSIE", "MSIE", _by(r"MSIE (\d+)")),
    _Browser("MSIE", "Trident/7.0", _by(r"rv:(11)")),
    _Browser("Safari", "Safari", _last_after("")),
    _Browser("FxSync", "Firefox AndroidSync", _by(r"Firefox AndroidSync (\d+)"), "Android"),
    _Browser("FxSync", "Firefox-iOS-Sync", _by(r"Firefox-iOS-Sync/(\d+)"), "iOS"),
    _Browser("Firefox", "Firefox", _by(r"Firefox/(\d+)")),
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
            return UserAgent(browser.name, browser.version(text), browser.os or os)
    return UserAgent(os=os)
