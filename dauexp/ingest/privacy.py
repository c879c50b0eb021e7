"""Takes out of a rejected line what must not be stored: IP address and user agent.

A rejected line may be cut off or be no JSON at all, so this works on its bytes.
"""

from __future__ import annotations

import re

_PERSONAL = ("ip_address", "user_agent")


def _spelt(key: str) -> bytes:
    """A pattern for a key, each letter plain or as a Unicode escape."""
    return "".join(rf"(?:{letter}|\\+u00{ord(letter):02x})" for letter in key).encode()


# Where the JSON is in a string of another one, its quotes are escaped: by b backslashes, the more
# the deeper. Then a quote ends a string if b backslashes are before it, or 2b + 2 more for each
# backslash at the end of that string; after any other number it is a quote within the string.
# Backslashes in a row are only taken together, so the time is linear. A value may be cut off.
_END = rb'(?:(?P=b)(?P=b)\\\\)*+(?P=b)"'
_STRING = rb'(?P=b)"(?:[^"\\]++|(?!%b)\\*+"|\\++(?!"))*+(?:%b|\Z)' % (_END, _END)
_VALUE = re.compile(
    rb'(?P<key>(?<!\\)(?P<b>\\*+)"(?:' + b"|".join(map(_spelt, _PERSONAL)) + rb')(?P=b)"\s*+:\s*+)'
    rb"(?:" + _STRING + rb"|\[[^\]]*+\]?|\{[^}]*+\}?|[^,}\]\s]++)",
    re.IGNORECASE,
)


def without_personal_data(line: bytes) -> bytes:
    """The line with `null` for the values of `ip_address` and `user_agent`, else as it was."""
    return _VALUE.sub(rb"\g<key>null", line)
