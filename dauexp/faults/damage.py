"""Faults that change the bytes of messages."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from dauexp.faults.base import Chance, Floats, Struck
from dauexp.randomness import Purpose


class Malformed(Chance):
    """One byte of a message is overwritten by a byte that no UTF-8 text has."""

    purpose = Purpose.MALFORMED

    def strike(self, messages: pa.RecordBatch, drawn: Floats) -> Struck:
        """Damages the byte that is as far into the message as the draw is into the rate."""
        return _rewritten(messages, drawn / self.rate, "damaged", _overwritten)


class Truncated(Chance):
    """A message is cut short."""

    purpose = Purpose.TRUNCATED

    def strike(self, messages: pa.RecordBatch, drawn: Floats) -> Struck:
        """Cuts at the byte that is as far into the message as the draw is into the rate."""
        return _rewritten(messages, drawn / self.rate, "truncated", _cut)


def _rewritten(
    messages: pa.RecordBatch, place: Floats, account: str, change: Callable[[bytes, int], bytes]
) -> Struck:
    """Changes the bytes of the messages whose place, a fraction of their length, is below 1."""
    hit = np.flatnonzero(place < 1)
    wire = messages["wire"].to_pylist()
    for row in hit:
        wire[row] = change(wire[row], int(place[row] * len(wire[row])))
    field = messages.schema.get_field_index("wire")
    changed = messages.set_column(field, messages.schema.field(field), pa.array(wire, pa.binary()))
    return Struck(changed, ((account, messages.take(pa.array(hit))),))


def _overwritten(wire: bytes, at: int) -> bytes:
    return wire[:at] + b"\xff" + wire[at + 1 :]


def _cut(wire: bytes, at: int) -> bytes:
    return wire[:at]
