"""Calls a logger in Rust: a process takes batches of rows and gives a line for each."""

from __future__ import annotations

import os
import subprocess
import tempfile
import weakref
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dauexp.errors import DauexpError
from dauexp.ingest.strategy import Logged
from dauexp.settings import Glean
from dauexp.tables import OBSERVATIONS, REQUESTS
from dauexp.traffic.identity import Mode

OBSERVED: Final = pa.schema([OBSERVATIONS.field(name) for name in Logged._fields])
REQUESTED: Final = pa.schema([REQUESTS.field(name) for name in ("uid", "device_id", "user_agent")])

HMAC_VARIABLE: Final = "DAUEXP_SECRET_HEX"
"""Where the program looks for the HMAC secret, in hex: the secret is never an argument."""

_PIPE_BYTES = 1 << 20
_LINE_END = ord("\n")


class RustEmitter:
    """An emitter in Rust, by its program."""

    def __init__(self, program: Path, parameters: Glean) -> None:
        command = _command(program, parameters, "--observations")
        self._program = _Program(command, OBSERVED)

    @property
    def processes(self) -> Sequence[int]:
        """The id of the program's process."""
        return (self._program.id,)

    def wire(self, observations: pa.RecordBatch) -> pa.Array:
        """The lines for a batch of OBSERVATIONS, in order, without line ends."""
        return self._program.lines(observations.select(OBSERVED.names))

    def lines(self, requests: Iterable[Logged]) -> list[bytes]:
        """The lines for some requests, in order, without line ends."""
        columns = list(zip(*requests, strict=True)) or [()] * len(OBSERVED)
        coded = [pa.array(column, pa.string()).dictionary_encode() for column in columns]
        lines: list[bytes] = self._program.lines(pa.record_batch(coded, OBSERVED)).to_pylist()
        return lines


class RustService:
    """The whole service in Rust: hashes identities, classifies user agents, and logs."""

    def __init__(self, program: Path, parameters: Glean, secret: bytes, mode: Mode) -> None:
        command = [*_command(program, parameters, "--requests"), f"--device-id={mode}"]
        self._program = _Program(command, REQUESTED, {HMAC_VARIABLE: secret.hex()})

    def wire(self, requests: pa.RecordBatch) -> pa.Array:
        """The lines for a batch of REQUESTS, in order, without line ends."""
        return self._program.lines(requests.select(REQUESTED.names))


def _command(program: Path, parameters: Glean, rows: str) -> list[str]:
    return [
        str(program),
        rows,
        f"--application-id={parameters.application_id}",
        f"--app-display-version={parameters.app_display_version}",
        f"--app-channel={parameters.app_channel}",
    ]


class _Program:
    """A process that takes record batches as an Arrow IPC stream and gives a line for each row.

    It reads a batch whole before it writes, and what it writes is read before the next batch goes
    in: neither waits for the other, however large a batch is. It ends with this object.
    """

    def __init__(
        self, command: list[str], schema: pa.Schema, secret: Mapping[str, str] | None = None
    ) -> None:
        self._told = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._told,
            pipesize=_PIPE_BYTES,
            env=os.environ | (secret or {}),
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input, self._output = self._process.stdin, self._process.stdout
        weakref.finalize(self, _end, self._process, self._told)
        self._stream = pa.ipc.new_stream(self._input, schema)
        self._read = bytearray(_PIPE_BYTES)

    @property
    def id(self) -> int:
        """The id of the process."""
        return self._process.pid

    def lines(self, rows: pa.RecordBatch) -> pa.Array:
        """The lines for some rows, without line ends. Raises DauexpError where the program ends."""
        try:
            self._stream.write_batch(rows)
            self._input.flush()
        except BrokenPipeError as error:
            raise self._failure() from error
        ends = [np.zeros(1, np.int32)]
        filled, missing = 0, rows.num_rows
        while missing:
            if filled == len(self._read):
                self._read += bytes(len(self._read))
            size = os.readv(self._output.fileno(), [memoryview(self._read)[filled:]])
            if not size:
                raise self._failure()
            found = np.flatnonzero(np.frombuffer(self._read, np.uint8, size, filled) == _LINE_END)
            ends.append((filled + 1 + found).astype(np.int32))
            filled, missing = filled + size, missing - len(found)
        buffers = [None, pa.py_buffer(np.concatenate(ends)), pa.py_buffer(self._read)]
        whole = pa.Array.from_buffers(pa.binary(), rows.num_rows, buffers)
        return pc.binary_slice(whole, 0, -1)  # copied, so that memory can be used again

    def _failure(self) -> DauexpError:
        status = self._process.wait()
        self._told.seek(0)
        told = " ".join(self._told.read().decode(errors="replace").split())
        return DauexpError(f"the Rust emitter ended with status {status}: {told or 'no word'}")


def _end(process: subprocess.Popen[bytes], told: IO[bytes]) -> None:
    """Closes a process's pipes, by which it ends, and waits for that."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
    process.wait()
    told.close()
