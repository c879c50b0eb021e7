r"""Requests from an access log in the combined form of Apache and nginx.

A line is read by `PATTERN`:

    [HOST] ADDRESS - USER [05/Jan/2026:00:00:01 +0000] "REQUEST" STATUS BYTES "REFERER" "AGENT"

HOST is the server's name, which Apache's `vhost_combined` puts first; a log without it is of one
host, called `DEFAULT_HOST`. What follows the user agent is passed over. A line counts as a request
where REQUEST is `GET /1.5/{uid}/info/collections` with any prefix of the path and any query, and
STATUS is below 400: a client that was turned away was not served. Other lines are passed over.
There is no device id in such a log: it is `none`, as in Sync. The client's address is not read.
"""

from __future__ import annotations

import re

from dauexp.traffic.identity import PLACEHOLDER
from dauexp.traffic.row import Row

PATTERN = re.compile(
    r"(?:(?P<host>\S+) )?"
    r"\S+ \S+ \S+ "
    r"\[(?P<day>\d\d)/(?P<month>[A-Z][a-z]{2})/(?P<year>\d{4}):(?P<clock>\d\d:\d\d:\d\d(?:\.\d{1,9})?)"
    r" (?P<offset>[+-]\d{4})\] "
    r'"(?P<request>(?:[^"\\]|\\.)*)" '
    r"(?P<status>\d{3}) (?:\d+|-) "
    r'"(?:[^"\\]|\\.)*" '
    r'"(?P<user_agent>(?:[^"\\]|\\.)*)"'
    r"(?: .*)?"
)
"""A line of the log, without its end."""

REQUEST = re.compile(r"GET (?:/[^ ?]*)?/1\.5/(?P<uid>[^/ ?]+)/info/collections(?:\?\S*)? HTTP/\S+")
"""The request that is counted."""

DEFAULT_HOST = "host"
"""The host of a log that names none."""

_MONTHS = {
    month: f"{number:02d}"
    for number, month in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
_ESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|(.))")
_LETTERS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v", b"b": b"\b"}


def parse(line: bytes) -> Row | None:
    """The request of a line, or None where it is not one that counts.

    Raises ValueError, saying what would be right, where it is no line of such a log.
    """
    found = PATTERN.fullmatch(line.rstrip(b"\r\n").decode())
    if found is None or found["month"] not in _MONTHS:
        raise ValueError(
            "no line of an access log in the combined form: "
            '[HOST] ADDRESS - - [05/Jan/2026:00:00:01 +0000] "GET /1.5/UID/info/collections '
            'HTTP/1.1" 200 BYTES "REFERER" "USER AGENT"'
        )
    request = REQUEST.fullmatch(found["request"])
    if request is None or int(found["status"]) >= 400:
        return None
    day = f"{found['year']}-{_MONTHS[found['month']]}-{found['day']}"
    time = f"{day}T{found['clock']}{found['offset']}"
    host = found["host"] or DEFAULT_HOST
    return Row(time, request["uid"], PLACEHOLDER, _unescaped(found["user_agent"]), host)


def _unescaped(text: str) -> str:
    r"""A quoted value as it was before the server wrote it: `\"`, `\\`, `\n`, `\xHH`, ..."""
    if "\\" not in text:
        return text
    plain = _ESCAPE.sub(
        lambda m: bytes([int(m[1], 16)]) if m[1] else _LETTERS.get(m[2], m[2]), text.encode()
    )
    return plain.decode(errors="replace")
