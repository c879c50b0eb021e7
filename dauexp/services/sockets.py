"""What the kernel knows of a UDP socket: how much waits in it, and how much it dropped.

Linux alone tells, in /proc/net/udp. Source: proc_net_udp(5); Documentation/networking/proc_net_tcp.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from socket import socket
from typing import Final, NamedTuple

from dauexp.errors import BadInput

TABLE: Final = Path("/proc/net/udp")


class Receiving(NamedTuple):
    """The receiving side of a UDP socket."""

    waiting_bytes: int
    """Memory of the packets that no one has read yet."""
    dropped_packets: int
    """Packets since it was opened for which there was no room."""


def receiving(port: int) -> Receiving:
    """The receiving side of the IPv4 sockets that are bound to a port, added up.

    Raises BadInput where there is none, or where the system does not tell.
    """
    try:
        rows = [line.split() for line in TABLE.read_text(encoding="ascii").splitlines()[1:]]
    except OSError as error:
        raise BadInput(f"{TABLE}: {error.strerror}; packets are counted on Linux alone") from error
    found = [row for row in rows if int(row[1].rpartition(":")[2], 16) == port]
    if not found:
        raise BadInput(f"no UDP socket is bound to port {port}")
    waiting = sum(int(row[4].rpartition(":")[2], 16) for row in found)
    return Receiving(waiting, sum(int(row[12]) for row in found))


def send_patiently(sender: socket, port: int, packets: Iterable[bytes], together: int = 100) -> int:
    """Sends packets over a connected socket to a port of this machine, so that none is lost: a few
    at once, then none until they are read. Gives how many were dropped all the same."""
    before = receiving(port).dropped_packets
    for chunk in _chunks(iter(packets), together):
        for packet in chunk:
            sender.send(packet)
        while receiving(port).waiting_bytes:
            time.sleep(0.0005)
    return receiving(port).dropped_packets - before


def _chunks(packets: Iterator[bytes], size: int) -> Iterator[list[bytes]]:
    while chunk := list(islice(packets, size)):
        yield chunk
