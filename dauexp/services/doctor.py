"""What there is of each service, what is missing, and what to do about it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal

import msgspec

from dauexp.errors import BadInput
from dauexp.services.addresses import Address, InfluxAddress
from dauexp.services.running import SERVICES, Started
from dauexp.services.service import Service
from dauexp.services.state import written_down

State = Literal["running", "stopped", "ready", "buildable", "missing", "unreachable", "misnamed"]
"""`stopped`: it runs, but does not answer. `ready`: the program is there, nothing runs.
`buildable`: the program can be built. `unreachable`, `misnamed`: the environment names one that
does not answer, or says what is no address."""


class Finding(msgspec.Struct, frozen=True):
    """What there is of a service."""

    service: str
    state: State
    address: str
    """Where it is reached, or will be; empty where it does not run."""
    detail: str
    """What is there, or what is missing."""
    advice: str
    """What to do next; empty where nothing needs to be done."""

    @property
    def unwell(self) -> bool:
        """Whether it should answer, and does not."""
        return self.state in {"stopped", "unreachable", "misnamed"}


def status(environment: Mapping[str, str] = os.environ) -> list[Finding]:
    """A finding for each service that runs or that the environment names."""
    return [found for found in doctor(environment) if found.address or found.state == "misnamed"]


def doctor(environment: Mapping[str, str] = os.environ) -> list[Finding]:
    """A finding for each service."""
    started = written_down()
    return [_examined(each(), started.get(name), environment) for name, each in SERVICES.items()]


def shown(address: Address) -> str:
    """An address in words."""
    if isinstance(address, InfluxAddress):
        return address.url
    return f"udp://{address.host}:{address.port}"


def _examined(service: Service, started: Started | None, environment: Mapping[str, str]) -> Finding:
    try:
        given = service.given(environment)
    except BadInput as error:
        return Finding(service.name, "misnamed", "", str(error), "set it right, or unset it")
    if given is not None:
        return _named(service, given)
    if started is not None:
        return _started(service, started)
    return _at_rest(service)


def _named(service: Service, given: Address) -> Finding:
    variable = next(iter(service.variables))
    if given.answers():
        return Finding(service.name, "running", shown(given), f"named by {variable}", "")
    advice = f"start it, or unset {variable}"
    return Finding(service.name, "unreachable", shown(given), "does not answer", advice)


def _started(service: Service, started: Started) -> Finding:
    where = f"process {started.process.pid}, {started.folder}"
    if started.healthy:
        return Finding(service.name, "running", shown(started.address), where, "")
    advice = f"dauexp services down {service.name}, then up {service.name}; its file log says more"
    return Finding(
        service.name, "stopped", shown(started.address), f"{where}: does not answer", advice
    )


def _at_rest(service: Service) -> Finding:
    program = service.program
    start = f"dauexp services up {service.name}"
    found = program.found()
    missing = program.missing_tools()
    if found is not None:
        return Finding(service.name, "ready", "", str(found), start)
    if missing:
        variable = next(iter(service.variables))
        advice = f"install {missing}, or set {variable}"
        return Finding(
            service.name, "missing", "", f"{program.name} {program.version} is not there", advice
        )
    detail = f"{program.name} {program.version} is to be built by {' and '.join(program.tools)}"
    return Finding(service.name, "buildable", "", detail, f"{start} (minutes the first time)")
