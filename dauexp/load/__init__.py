"""Load in real time: requests replayed at a given rate through real transports to real receivers.

Options A and B write lines into a pipe, at whose other end a process ingests them. Option C sends
UDP packets to a real StatsD server. What a run models of loss and latency, a load measures.
"""

from __future__ import annotations

from dauexp.load.capacity import CAPACITY
from dauexp.load.pacing import Pace, paces
from dauexp.load.table import capacity, load
from dauexp.load.trial import LOAD

__all__ = ["CAPACITY", "LOAD", "Pace", "capacity", "load", "paces"]
