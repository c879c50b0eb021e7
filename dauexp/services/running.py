"""Services that run: started in folders of their own, told from those that run anyhow, ended."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import msgspec

from dauexp.errors import BadInput
from dauexp.services.addresses import Address
from dauexp.services.influxdb import InfluxDB, InfluxDB2
from dauexp.services.processes import Process, start, wait_until
from dauexp.services.service import Service
from dauexp.services.statsd import StatsdDaemon
from dauexp.services.telegraf import Telegraf
from dauexp.temporary import temporary_folder

SERVICES: Final[Mapping[str, type[Service]]] = {
    each.name: each for each in (InfluxDB, InfluxDB2, Telegraf, StatsdDaemon)
}
"""All services, in the order in which they start: later ones are connected with earlier ones."""

LOG: Final = "log"
"""The file of a service's folder in which it says what it does."""

_TRIES = 3  # another process may take a port between choosing and using it


class Started(msgspec.Struct, frozen=True):
    """A service that was started here."""

    service: str
    version: str
    process: Process
    address: Address
    folder: str

    @property
    def healthy(self) -> bool:
        """Whether it runs and answers."""
        return self.process.living() is not None and self.address.answers()

    def end(self) -> None:
        """Ends it and removes its folder."""
        self.process.end()
        shutil.rmtree(self.folder, ignore_errors=True)


def service(wanted: str | Service) -> Service:
    """A service by its name, with its defaults, or as it is given. Raises BadInput where there is
    none of that name."""
    if isinstance(wanted, Service):
        return wanted
    if wanted not in SERVICES:
        raise BadInput(f"{wanted!r} is no service: give one of {', '.join(SERVICES)}")
    return SERVICES[wanted]()


def launch(wanted: Service, folder: Path, others: Mapping[str, Address]) -> Started:
    """Starts a service in a folder that is made anew, and waits until it answers.

    Raises BadInput where its program is not to be had, or it does not start.
    """
    program = wanted.program
    path = program.ready()
    for tries_left in reversed(range(_TRIES)):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)
        command, address = wanted.plan(path, folder, others)
        process = start(command, folder / LOG)
        started = Started(wanted.name, program.version, process, address, str(folder))
        try:
            wait_until(address.answers, process, wanted.name, folder / LOG, wanted.patience_seconds)
            return msgspec.structs.replace(started, address=wanted.prepare(address))
        except BaseException as error:
            started.end()
            if not isinstance(error, BadInput) or not tries_left:
                raise
    raise AssertionError


@contextmanager
def services(
    wanted: Sequence[str | Service],
    folder: Path | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Iterator[Mapping[str, Address]]:
    """The addresses of services, by their names, which run until the context is left.

    Each is given by its name or, to set it up otherwise than by default, as a `Service`. One given
    by name that the environment names is used as it is. The others are started below `folder`, by
    default a temporary one, and leave nothing behind.
    """
    with ExitStack() as stack:
        base = folder or stack.enter_context(temporary_folder())
        addresses: dict[str, Address] = {}
        for each in wanted:
            one = service(each)
            given = one.given(environment) if isinstance(each, str) else None
            if given is None:
                started = launch(one, base / one.name, addresses)
                stack.callback(started.end)
                given = started.address
            addresses[one.name] = given
        yield addresses
