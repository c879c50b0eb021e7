"""The real servers, for the tests that hold our own against them.

They are found or built by `dauexp.services`. Where one cannot be had, the test is skipped with the
reason; but in CI it fails.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from dauexp.errors import BadInput
from dauexp.services import Address, Service, services

Servers = Callable[..., AbstractContextManager[Any]]
"""Takes services, gives their addresses, each of the type that it has."""


@contextmanager
def _servers(*wanted: str | Service) -> Iterator[Mapping[str, Address]]:
    try:
        context = services(wanted)
        addresses = context.__enter__()
    except BadInput as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    try:
        yield addresses
    finally:
        context.__exit__(None, None, None)


@pytest.fixture(scope="session")
def servers() -> Servers:
    """Starts real servers for the time of a context."""
    return _servers
