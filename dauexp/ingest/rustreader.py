"""Lines of the expected form, read in Rust: the library of `rust/`, called by ctypes.

It is told the form as a JSON schema, made of the types by which Python reads it; what it does not
take goes through the stages, as ever. Columns pass by the Arrow C data interface, uncopied.
"""

from __future__ import annotations

import ctypes
import weakref
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Final

import msgspec
import pyarrow as pa

from dauexp.errors import DauexpError
from dauexp.ingest.expected import ExpectedForm, Line
from dauexp.ingest.names import snake_case
from dauexp.ingest.reading import Expected
from dauexp.rustbuild import Crate, library

CRATE: Final = Crate(
    title="the Rust decoder",
    source=Path(__file__).parent / "rust",
    place=("ingest", "rust_decoder"),
    instead='set glean.decoder to "python"',
)

_UNKEPT = {"type": "string", "writeOnly": True}
"""A text that is checked and not kept: the IP address above all."""

# The C data interface fixes the sizes of its two structures.
_ArrowArray = ctypes.c_int64 * 10
_ArrowSchema = ctypes.c_int64 * 9


def rust_library() -> Path:
    """The compiled library, built now if it is not in the cache: minutes the first time.

    Raises BadInput where it cannot be built.
    """
    return CRATE.built(library("dauexp_reader"))


class RustReader:
    """Reads lines in Rust, a whole batch in one call, by one process and thread."""

    lines_at_once: ClassVar[int] = 65_536

    def __init__(self, form: ExpectedForm) -> None:
        self._form = form
        self._library = _loaded(rust_library())
        told = msgspec.json.encode(schema(form))
        reader = ctypes.c_void_p()
        self._check(self._library.dauexp_reader(told, len(told), ctypes.byref(reader)))
        self._reader = reader
        weakref.finalize(self, self._library.dauexp_close, reader)

    def read(self, messages: pa.RecordBatch) -> Expected:
        """Reads all lines, and gives their columns the shape of the live table."""
        found = self._read(messages["wire"])
        arrival = messages["arrival"]
        places = found.field("place")
        fields = found.field("line").field("Fields")
        rows = self._form.live(
            document_ids=fields.field("document_id"),
            user_agents=fields.field("user_agent"),
            ping=_shaped(fields.field("payload"), self._form.table.column.type),
            received=arrival if len(places) == len(arrival) else arrival.take(places),
        )
        return Expected(places.to_numpy(), rows)

    def _read(self, wire: pa.Array) -> pa.StructArray:
        array, array_schema = _ArrowArray(), _ArrowSchema()
        read, read_schema = _ArrowArray(), _ArrowSchema()
        wire._export_to_c(ctypes.addressof(array), ctypes.addressof(array_schema))  # noqa: SLF001 -- how pyarrow documents it
        self._check(self._library.dauexp_read(self._reader, array, array_schema, read, read_schema))
        return pa.Array._import_from_c(ctypes.addressof(read), ctypes.addressof(read_schema))  # noqa: SLF001 -- as above

    def _check(self, told: int | None) -> None:
        """Raises DauexpError where the library told of an error."""
        if told is not None:
            text = ctypes.string_at(told).decode()
            self._library.dauexp_forget(told)
            raise DauexpError(f"{CRATE.title}: {text}")


def schema(form: ExpectedForm) -> dict[str, Any]:
    """The expected form as a JSON schema: the payload is a text by whose `contentSchema` it is read
    in its turn; what is `writeOnly` or has an `enum` is not kept."""
    line, ping = (msgspec.json.schema(each) for each in (Line, form.ping_type))
    fields = line["$defs"]["Fields"]["properties"]
    fields["payload"] = {
        "type": "string",
        "maxLength": form.longest_payload,
        "contentSchema": {"$ref": ping["$ref"]},
    }
    for name, part in zip(
        ("namespace", "type", "version"), zip(*form.known, strict=True), strict=True
    ):
        fields[f"document_{name}"] = {"type": "string", "enum": sorted(set(part))}
    for properties, name in (
        (fields, "ip_address"),
        *((line["$defs"]["Line"]["properties"], each) for each in ("Timestamp", "Logger", "Type")),
    ):
        properties[name] = {"anyOf": [_UNKEPT, {"type": "null"}]}
    return {**line, "$defs": line["$defs"] | ping["$defs"]}


def _shaped(array: pa.Array, type_: pa.DataType) -> pa.Array:
    """The same values as columns of a table, which may have more than those that were read."""
    if pa.types.is_struct(type_):
        members = {snake_case(field.name): array.field(n) for n, field in enumerate(array.type)}
        columns = [
            _shaped(members[field.name], field.type)
            if field.name in members
            else pa.nulls(len(array), field.type)
            for field in type_
        ]
        return pa.StructArray.from_arrays(columns, fields=list(type_))
    if pa.types.is_list(type_):
        items = _shaped(array.values, type_.value_type)
        missing = array.is_null() if array.null_count else None
        return pa.ListArray.from_arrays(array.offsets, items, type=type_, mask=missing)
    return array


@lru_cache
def _loaded(path: Path) -> ctypes.CDLL:
    loaded = ctypes.CDLL(str(path))
    place = ctypes.c_void_p
    loaded.dauexp_reader.argtypes = (ctypes.c_char_p, ctypes.c_size_t, place)
    loaded.dauexp_read.argtypes = (place,) * 5
    loaded.dauexp_close.argtypes = loaded.dauexp_forget.argtypes = (place,)
    loaded.dauexp_reader.restype = loaded.dauexp_read.restype = place
    loaded.dauexp_close.restype = loaded.dauexp_forget.restype = None
    return loaded
