"""The way of options A and B: lines into a pipe, at whose other end a process ingests them."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pyarrow as pa

from dauexp.errors import DauexpError
from dauexp.ingest.strategy import IngestedStrategy, Logged
from dauexp.load.way import Received, Way, around

_PIPE_BYTES = 1 << 20


class Lines(Way):
    """Options A and B: lines into a pipe, which another process reads and ingests."""

    receiver = "ingestion"

    def __init__(
        self, strategy: IngestedStrategy, observations: pa.RecordBatch, label: str, folder: Path
    ) -> None:
        columns = [observations[name].cast(pa.string()).to_pylist() for name in Logged._fields]
        self._requests = [Logged(*row) for row in zip(*columns, strict=True)]
        self._log = strategy.log
        self._emitters = [psutil.Process(each) for each in strategy.processes]
        (folder / "scenario.toml").write_text(strategy.scenario.to_toml(), encoding="utf-8")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dauexp.load.reader", label, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pipesize=_PIPE_BYTES,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input, self._output = self._process.stdin, self._process.stdout
        self._output.readline()  # it says when it is ready

    def send(self, first: int, last: int) -> None:
        """One line a request; waits where the pipe is full."""
        lines = self._log(around(self._requests, first, last))
        self._input.write(b"".join(line + b"\n" for line in lines))
        self._input.flush()

    def emitter_cpu_seconds(self) -> float:
        """CPU time so far of the emitter's program, where it runs one."""
        return sum(sum(each.cpu_times()[:2]) for each in self._emitters)

    def finish(self) -> Received:
        """Closes the pipe and reads what the process says of it."""
        self._input.close()
        told = json.loads(self._output.readline())
        if self._process.wait():
            raise DauexpError(f"the reader ended with status {self._process.returncode}")
        return Received(told["live"], None, told["cpu_seconds"], told["peak_bytes"])

    def close(self) -> None:
        """Ends the reader, if it runs still."""
        with suppress(OSError):
            self._input.close()
        self._process.kill()
        self._process.wait()
        self._output.close()
