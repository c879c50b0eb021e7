"""Own traffic: a file of requests, hashed at the door and put in order, in place of the simulator.

`prepare` reads the file once, checks every line, and keeps of each request what the service would
know of it; no raw id is written anywhere. `Trace` then gives any block of users and day on its own,
as the simulator does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Self

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import dataset

from dauexp.database import connect, pattern
from dauexp.errors import BadInput
from dauexp.store import replacing
from dauexp.tables import OBSERVATIONS, TIME
from dauexp.traffic.files import read_requests
from dauexp.traffic.identity import Mode, Observer
from dauexp.traffic.useragent import DEVICE_FAMILIES, PLATFORMS, encoded

MOST_DAYS = 3660
"""A trace that spans more days is taken for a fault in its times."""

_DAY = 86_400_000
_MEMORY = "512MB"  # for putting requests in order; beyond it, DuckDB uses the disk
_EPOCH = date(1970, 1, 1)
_SEGMENTS = {"platform": PLATFORMS, "device_family": DEVICE_FAMILIES}
_TEXTS = ("host", "user_agent", "hashed_device_id", *_SEGMENTS, *(f"true_{k}" for k in _SEGMENTS))
_STAGED = pa.schema(
    [
        pa.field("position", pa.int64()),
        pa.field("day", pa.int32()),
        pa.field("time", pa.int64()),
        *(pa.field(name, pa.string()) for name in ("hashed_fxa_uid", *_TEXTS)),
    ]
)
"""Requests in the order of the file; days and times are counted from 1970."""


@dataclass(frozen=True)
class Trace:
    """A prepared trace, in the folder where it lies: a source of requests like the simulator."""

    folder: Path
    first_day: date
    """UTC day of the earliest request."""
    last_day: date
    """UTC day of the latest request."""
    block_users: int
    """Users in a block, but for the last."""
    users: int
    requests: int
    knows_true_segments: bool
    """Whether every request has its true platform and device family."""
    sha256: str
    """Of the file that was read, in hex."""
    batch_rows: int = 32_768

    @classmethod
    def open(cls, folder: Path, batch_rows: int = 32_768) -> Self:
        """The trace that `prepare` left in a folder.

        Raises BadInput where there is none, or only a part of one.
        """
        try:
            values = json.loads(_manifest(folder).read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise BadInput(f"{folder}: holds no trace that was prepared to the end") from error
        for key in ("first_day", "last_day"):
            values[key] = date.fromisoformat(values[key])
        return cls(folder, **values, batch_rows=batch_rows)

    def __reduce__(self) -> tuple[Callable[..., Trace], tuple[object, ...]]:
        """Goes to another process as the place where it lies."""
        return Trace.open, (self.folder, self.batch_rows)

    @property
    def days(self) -> tuple[date, ...]:
        """The UTC days from the first request to the last, also those without one."""
        count = (self.last_day - self.first_day).days + 1
        return tuple(self.first_day + timedelta(days=n) for n in range(count))

    @property
    def blocks(self) -> int:
        """Number of blocks of users."""
        return -(-self.users // self.block_users)

    def batches(
        self, block: int, day: int
    ) -> Iterator[tuple[pa.RecordBatch, Mapping[str, pa.DictionaryArray] | None]]:
        """The requests of a block on a day (offset from the first), in order of time; those of one
        millisecond in the order of the file.

        Gives batches of OBSERVATIONS, each with the true platforms and device families where they
        are known. All batches of a block share the dictionary of `hashed_fxa_uid`, on all days.
        """
        since_epoch = (self.first_day - _EPOCH).days + day
        here = (dataset.field("block") == block) & (dataset.field("day") == since_epoch)
        rows = self._rows.to_table(filter=here)
        rows = rows.sort_by([("time", "ascending"), ("position", "ascending")]).combine_chunks()
        if not rows.num_rows:
            return
        texts = {name: rows[name].combine_chunks() for name in _TEXTS}
        segments = {name: encoded(texts[name], known) for name, known in _SEGMENTS.items()}
        true = {name: encoded(texts[f"true_{name}"], known) for name, known in _SEGMENTS.items()}
        columns = {
            "ordinal": pa.array(np.arange(rows.num_rows)),
            "time": rows["time"].combine_chunks().cast(TIME),
            "host": texts["host"].dictionary_encode(),
            "user_agent": texts["user_agent"].dictionary_encode(),
            "hashed_fxa_uid": pa.DictionaryArray.from_arrays(
                rows["code"].combine_chunks(), self._hashes(block)
            ),
            "hashed_device_id": texts["hashed_device_id"].dictionary_encode(),
            **segments,
        }
        whole = pa.RecordBatch.from_arrays(
            [columns[name] for name in OBSERVATIONS.names], schema=OBSERVATIONS
        )
        for start in range(0, whole.num_rows, self.batch_rows):
            part = {name: column.slice(start, self.batch_rows) for name, column in true.items()}
            yield whole.slice(start, self.batch_rows), part if self.knows_true_segments else None

    @cached_property
    def _rows(self) -> dataset.Dataset:
        return dataset.dataset(_sorted(self.folder))

    @cached_property
    def _hashes(self) -> Callable[[int], pa.Array]:
        """The hashed ids of a block's users, by their codes."""

        def read(block: int) -> pa.Array:
            with pq.ParquetFile(_users(self.folder)) as file:
                return file.read_row_group(block)["hashed_fxa_uid"].combine_chunks()

        return lru_cache(maxsize=4)(read)


def prepare(
    source: Path, folder: Path, secret: bytes, mode: Mode, block_users: int = 65_536
) -> Trace:
    """Reads a file of requests and leaves in `folder` what `Trace` needs, hashed and in order.

    Memory does not grow with the number of requests (with that of users it does, by some 100 bytes
    each); on disk it needs about twice what the same requests take as Parquet.

    Args:
        source: a file of requests, of any format that `dauexp.traffic.files` reads.
        folder: where to leave it; what was there of an earlier trace is replaced.
        secret: the key of the HMAC.
        mode: see `dauexp.traffic.identity.Mode`.
        block_users: users in a block.

    Raises:
        BadInput: the file cannot be read, or a line of it is wrong; it holds no request; its times
            span too many days; or the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _manifest(folder).unlink(missing_ok=True)
        staged = folder / "staged.parquet"
        try:
            first, last, requests, true = _stage(source, staged, secret, mode)
            users = _sort(staged, folder, block_users)
        finally:
            staged.unlink(missing_ok=True)
        with source.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        trace = Trace(folder, first, last, block_users, users, requests, true, digest)
        values = asdict(trace)
        del values["folder"], values["batch_rows"]
        with replacing(_manifest(folder)) as beside:
            beside.write_text(json.dumps(values, default=str, indent=1) + "\n", encoding="utf-8")
    except (OSError, pa.ArrowException, duckdb.Error) as error:
        raise BadInput(f"{folder}: the trace cannot be prepared here: {error}") from error
    return trace


def _manifest(folder: Path) -> Path:
    return folder / "trace.json"


def _sorted(folder: Path) -> Path:
    return folder / "requests.parquet"


def _users(folder: Path) -> Path:
    return folder / "users.parquet"


def _stage(source: Path, staged: Path, secret: bytes, mode: Mode) -> tuple[date, date, int, bool]:
    """Copies the requests without their raw ids, in the order of the file. Gives the first and the
    last day, the number of requests, and whether all have their true segments."""
    observer = Observer(secret, mode)
    position, first, last, true = 0, np.inf, -np.inf, True
    with pq.ParquetWriter(staged, _STAGED, compression="zstd") as writer:
        for batch in read_requests(source):
            observations = observer.observe(batch, position)
            time = observations["time"].cast(pa.int64()).to_numpy()
            day = time // _DAY
            first, last = min(first, day.min()), max(last, day.max())
            columns = {
                **{name: observations[name] for name in OBSERVATIONS.names},
                **{f"true_{name}": batch[f"true_{name}"] for name in _SEGMENTS},
                "position": observations["ordinal"],
                "day": pa.array(day),
                "time": pa.array(time),
            }
            true = true and not any(columns[f"true_{name}"].null_count for name in _SEGMENTS)
            writer.write_batch(
                pa.RecordBatch.from_arrays(
                    [columns[field.name].cast(field.type) for field in _STAGED], schema=_STAGED
                )
            )
            position += batch.num_rows
    if not position:
        raise BadInput(f"{source}: holds no request")
    days = [_EPOCH + timedelta(days=int(each)) for each in (first, last)]
    if last - first >= MOST_DAYS:
        raise BadInput(
            f"{source}: its times go from {days[0]} to {days[1]}: a trace spans {MOST_DAYS} days "
            "at most, so some must be wrong"
        )
    return days[0], days[1], position, true


def _sort(staged: Path, folder: Path, block_users: int) -> int:
    """Puts the requests in order of block, day and time. Gives the number of users.

    Users are numbered in the order of their hashed ids, which is that of no property of theirs.
    """
    with connect(_MEMORY, spill=folder / "spill") as connection:
        users = connection.sql(
            "SELECT DISTINCT hashed_fxa_uid FROM read_parquet($staged) ORDER BY ALL",
            params={"staged": pattern(staged)},
        ).to_arrow_table()
        with replacing(_users(folder)) as beside:
            # One row group a block.
            pq.write_table(users, beside, row_group_size=block_users, compression="zstd")
        number = np.arange(users.num_rows)
        connection.register(
            "numbered",
            users.append_column("block", pa.array(number // block_users, pa.int32())).append_column(
                "code", pa.array(number % block_users, pa.int32())
            ),
        )
        with replacing(_sorted(folder)) as beside:
            connection.execute(
                f"COPY (SELECT block, day, time, position, code, {', '.join(_TEXTS)}"
                " FROM read_parquet($staged) JOIN numbered USING (hashed_fxa_uid)"
                " ORDER BY block, day, time, position)"
                " TO $sorted (FORMAT parquet, COMPRESSION zstd)",
                {"staged": pattern(staged), "sorted": str(beside)},
            )
    return len(number)
