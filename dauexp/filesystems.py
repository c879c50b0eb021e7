"""The file systems that URLs name, whatever they are: by fsspec."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import fsspec

from dauexp.errors import BadInput, DauexpError
from dauexp.urls import shown

_REMEDY: Final = (
    "give a URL that fsspec knows, such as s3://BUCKET/RUNS, and install what it needs (s3fs or "
    "obstore, gcsfs, ...)"
)


def files_at(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the place in it. Where fsspec would need a package that is not
    there, obstore serves as well.

    Raises BadInput where no file system is known for the URL, it needs a package that is not
    installed, or its server cannot be reached.
    """
    with told(shown(url), _REMEDY, BadInput):
        try:
            return _opened(url)
        except ImportError as missing:
            _register(url.partition("://")[0], missing)
            return _opened(url)


@contextmanager
def told(place: str, remedy: str, kind: type[DauexpError]) -> Iterator[None]:
    """Errors of a file system, each of its own kind, become one sentence and one kind."""
    try:
        yield
    except DauexpError:
        raise
    except Exception as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise kind(f"{place}: {reason}; {remedy}") from error


def _register(protocol: str, missing: ImportError) -> None:
    """Lets obstore serve a protocol. Raises what was missing where it cannot."""
    try:
        from obstore.fsspec import SUPPORTED_PROTOCOLS, register  # noqa: PLC0415 - a user's choice
    except ImportError:
        raise missing from None
    if protocol not in SUPPORTED_PROTOCOLS:
        raise missing
    register(protocol)


def _opened(url: str) -> tuple[Any, str]:
    files, root = fsspec.core.url_to_fs(url)
    return files, str(root).rstrip("/")
