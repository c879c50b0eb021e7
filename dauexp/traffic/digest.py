"""A digest of a stream of requests, which shows that all options saw the same."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pyarrow as pa

from dauexp.tables import OBSERVATIONS


class StreamDigest:
    """BLAKE2b over the values of the columns of `OBSERVATIONS`, one digest a column; depends
    neither on the sizes of the batches nor on how they are encoded."""

    def __init__(self) -> None:
        self._columns: list[Any] = [hashlib.blake2b(digest_size=16) for _ in OBSERVATIONS]

    def update(self, batch: pa.RecordBatch) -> None:
        """Adds a batch."""
        for digest, column in zip(self._columns, batch.columns, strict=True):
            if isinstance(column, pa.DictionaryArray):
                values = column.dictionary.take(column.indices)
                ends = np.frombuffer(values.buffers()[1], np.int32, len(values) + 1)
                digest.update(np.diff(ends))
                digest.update(np.frombuffer(values.buffers()[2], np.uint8, ends[-1]))
            else:
                digest.update(column.cast(pa.int64()).to_numpy())

    def hexdigest(self) -> str:
        """The digest so far, in hex."""
        whole = hashlib.blake2b(digest_size=16)
        for digest in self._columns:
            whole.update(digest.digest())
        return whole.hexdigest()
