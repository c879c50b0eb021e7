"""Takes out of a rejected line what must not be stored: IP address and user agent.

A rejected line may be cut off or be no JSON at all, so this works on its bytes.
"""

from __future__ import annotations

import re

_PERSONAL = ("ip_address", "user_agent")


def _spelt(key: str) -> bytes:
    """A pattern for a key, each letter plain or as a Unicode escape."""
    return "".join(rf"(?:{letter}|\\+u00{ord(letter):02x})" for letter in key).encode()


# Quotes may be escaped, where the JSON is in a string of another one. A value may be cut off.
_VALUE = re.compile(
    rb'(\\*")(' + b"|".join(map(_spelt, _PERSONAL)) + rb")(\1\s*:\s*)"
    rb"(?:\1(?:(?!\1)(?:\\.|[^\\]))*(?:\1|\\?$)|\[[^\]]*\]?|\{[^}]*\}?|[^,}\]\s]+)",
    re.DOTALL | re.IGNORECASE,
)


def without_personal_data(line: bytes) -> bytes:
    """The line with `null` for the values of `ip_address` and `user_agent`, else as it was."""
    return _VALUE.sub(rb"\1\2\3null", line)
