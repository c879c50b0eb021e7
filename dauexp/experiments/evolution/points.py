"""What old and new code write, read by InfluxDB: it takes any tags and fields, and only refuses a
field whose type changes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from dauexp.database import SqlDatabase
from dauexp.experiments.evolution.warehouse import Read
from dauexp.options.statsd.line_protocol import LineError, parse
from dauexp.options.statsd.points import Points
from dauexp.options.statsd.settlement import TIME
from dauexp.store import write_table


class Written:
    """A database of points that keeps what was written before."""

    def __init__(self, precision: str) -> None:
        self._precision = precision
        self._points = Points()

    def write(self, messages: Sequence[pa.RecordBatch], measurement: str) -> Read:
        """Writes lines; gives the points of a measurement as they then are."""
        taken = sum(self._takes(line) for batch in messages for line in batch["wire"].to_pylist())
        return Read(self.table(measurement), taken)

    def table(self, measurement: str) -> pa.Table:
        """The points of a measurement."""
        points = self._points.table(measurement)
        return points.set_column(0, "time", points["time"].cast(TIME, safe=False))

    def _takes(self, line: bytes) -> bool:
        try:
            point = parse(line.decode(), self._precision)
        except (LineError, UnicodeDecodeError):
            return False
        return not self._points.write(point, 0, self._precision)


def database(folder: Path, tables: dict[str, pa.Table]) -> SqlDatabase:
    """The measurements as tables of the schema `influxdb`."""
    for name, table in tables.items():
        write_table(folder / name / "points.parquet", table)
    return SqlDatabase({f"influxdb.{name}": folder / name for name in tables})
