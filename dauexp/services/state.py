"""The services that a person started and that stay: `up`, `down`, and what there is of them.

What was started is written down in one small file, which is checked against the processes that
there are: a file that says otherwise is out of date, not wrong.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from dauexp.cache import cache_folder
from dauexp.errors import BadInput
from dauexp.locking import locked
from dauexp.services.addresses import Address
from dauexp.services.running import SERVICES, Started, launch, service
from dauexp.store import replacing


def home() -> Path:
    """The folder of the services that stay, and of the file that says which they are."""
    return cache_folder("services", "running")


def up(
    names: Sequence[str] = (), environment: Mapping[str, str] = os.environ
) -> Mapping[str, Address]:
    """Starts the services of these names (default: the usual ones) that do not run yet, and gives
    the addresses of all of them.

    Raises BadInput where one does not start; those that had started stay.
    """
    chosen = [service(name) for name in names] or [
        each() for each in SERVICES.values() if each.usual
    ]
    with _state() as started:
        addresses: dict[str, Address] = {}
        for one in sorted(chosen, key=lambda one: [*SERVICES].index(one.name)):
            given = one.given(environment)
            if given is None and not _runs(started.get(one.name)):
                started.pop(one.name, None)
                started[one.name] = launch(one, home() / one.name, _addresses(started, addresses))
                _write(started)
            addresses[one.name] = given or started[one.name].address
    return addresses


def down(names: Sequence[str] = ()) -> list[str]:
    """Ends the services of these names (default: all) that `up` started, removes their folders,
    and gives the names of those that ran."""
    for name in names:
        service(name)
    with _state() as started:
        ended = [name for name in started if not names or name in names]
        for name in reversed(ended):
            started.pop(name).end()
        _write(started)
        if not started:
            shutil.rmtree(home(), ignore_errors=True)
    return ended


def written_down() -> dict[str, Started]:
    """The services that `up` started, by name, whether they still run or not."""
    try:
        return msgspec.json.decode(_file().read_bytes(), type=dict[str, Started])
    except FileNotFoundError:
        return {}
    except (msgspec.MsgspecError, OSError) as error:
        raise BadInput(
            f"{_file()}: what runs cannot be read from it ({error}): end the services by hand and "
            "remove the file"
        ) from error


def _runs(started: Started | None) -> bool:
    return started is not None and started.process.living() is not None


def _addresses(
    started: Mapping[str, Started], given: Mapping[str, Address]
) -> Mapping[str, Address]:
    return {name: each.address for name, each in started.items()} | dict(given)


def _file() -> Path:
    return home() / "state.json"


def _write(started: Mapping[str, Started]) -> None:
    with replacing(_file()) as beside:
        beside.write_bytes(msgspec.json.format(msgspec.json.encode(started)))


@contextmanager
def _state() -> Iterator[dict[str, Started]]:
    """What runs, for one process at a time."""
    base = home().parent
    with ExitStack() as stack:
        try:
            base.mkdir(parents=True, exist_ok=True)
            stack.enter_context(locked(base / "running.lock"))
        except OSError as error:
            raise BadInput(
                f"{base}: cannot be written ({error.strerror}): "
                "set XDG_CACHE_HOME to a folder that can"
            ) from error
        yield written_down()
