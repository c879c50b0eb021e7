"""A real InfluxDB, asked in Flux and InfluxQL, with the answers that the embedded tables give.

A query file names the parameters of all query files (first_day, last_day, constants), and here also
`measurement` and, in Flux, `bucket`. How they are bound:

- Flux: as options, typed literals put before the query (after its imports), which is what
  influxdb-client has InfluxDB 2 do with them and InfluxDB 1.8 cannot.
- InfluxQL: by the server, as `$name`; the measurement as an identifier.

What comes back: in Flux the columns day and value, and segment where there is one; in InfluxQL time
and value, and the tag that it is grouped by as the segment.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final, Self, cast

import pyarrow as pa
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.rest import ApiException

from dauexp.database import Asking, Step
from dauexp.errors import BadInput

Row = dict[str, Any]

_COMMENT: Final = re.compile(r"^--.*$", re.MULTILINE)
_END: Final = re.compile(r";\s*(?:\n|$)")


class ServerDatabase:
    """One measurement of an InfluxDB."""

    languages: tuple[str, ...] = ("flux", "influxql")

    def __init__(
        self,
        client: InfluxDBClient,
        bucket: str,
        measurement: str,
        steps: Mapping[str, Step] | None = None,
    ) -> None:
        """`bucket` is `DATABASE/RETENTION_POLICY` in InfluxDB 1; `steps` are those outside the
        database that its queries may declare, beside `STEPS`. Closes the client in the end.

        Raises BadInput where no InfluxDB answers.
        """
        if not client.ping():
            raise BadInput(f"no InfluxDB answers at {client.url}: start one, or give another")
        self.client = client
        self.bucket = bucket
        self.measurement = measurement
        self.steps: Mapping[str, Step] = {**STEPS, **(steps or {})}

    def ask(self, query: str, language: str, parameters: Mapping[str, object]) -> pa.Table:
        """Runs a query; only the parameters that it names are bound."""
        if language not in self.languages:
            raise BadInput(f"this database is asked in flux or influxql, not in {language}")
        try:
            rows = (self._flux if language == "flux" else self._influxql)(query, parameters)
        except ApiException as error:
            raise BadInput(f"InfluxDB refuses the query: {_message(error)}") from error
        return _table(rows)

    def _flux(self, query: str, parameters: Mapping[str, object]) -> list[Row]:
        known = {**parameters, "bucket": self.bucket, "measurement": self.measurement}
        tables = self.client.query_api().query(with_options(query, known))
        return [
            {name: value for name, value in record.values.items() if name in _COLUMNS}
            for table in tables
            for record in table.records
        ]

    def _influxql(self, query: str, parameters: Mapping[str, object]) -> list[Row]:
        return list(_rows(self._answer(query, parameters)))

    def explained(self, query: str, parameters: Mapping[str, object]) -> str:
        """What EXPLAIN and EXPLAIN ANALYZE tell of each statement of a query in InfluxQL."""
        statements = [each for each in _END.split(_COMMENT.sub("", query)) if each.strip()]
        both = [f"{how} {each}" for each in statements for how in ("EXPLAIN", "EXPLAIN ANALYZE")]
        try:
            answer = self._answer(";".join(both), parameters)
        except ApiException as error:
            raise BadInput(f"InfluxDB explains nothing: {_message(error)}") from error
        return "\n".join(
            line
            for result in answer["results"]
            for series in result.get("series", ())
            for (line,) in series["values"]
        )

    def told(self, path: str, kind: str, **parameters: object) -> Any:
        """What the server says of itself at a path, as `str` or, of JSON, as `object`."""
        return self.client.api_client.call_api(  # type: ignore[no-untyped-call]
            path,
            "GET",
            query_params=list(parameters.items()),
            response_type=kind,
            _return_http_data_only=True,
        )

    def _answer(self, query: str, parameters: Mapping[str, object]) -> Any:
        """InfluxQL's JSON."""
        known = {name: _plain(value) for name, value in parameters.items()}
        known["measurement"] = {"identifier": self.measurement}
        names = set(re.findall(r"\$(\w+)", query))
        missing = names - known.keys()
        if missing:
            raise BadInput(f"the query needs ${', $'.join(sorted(missing))}, which no one knows")
        database, _, policy = self.bucket.partition("/")
        asked = {
            "q": query,
            "db": database,
            "epoch": "ms",
            "params": json.dumps({name: known[name] for name in names}),
        }
        return self.client.api_client.call_api(  # type: ignore[no-untyped-call]
            "/query",
            "POST",
            query_params=list({**asked, **({"rp": policy} if policy else {})}.items()),
            response_type=object,
            _return_http_data_only=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()  # type: ignore[no-untyped-call]


def with_options(query: str, parameters: Mapping[str, object]) -> str:
    """A Flux query with those parameters that it names as options, put after its imports."""
    lines = query.splitlines(keepends=True)
    imports = [number for number, line in enumerate(lines, start=1) if line.startswith("import ")]
    start = max(imports, default=0)
    named = [name for name in parameters if re.search(rf"\b{name}\b", query)]
    options = [f"option {name} = {flux_literal(parameters[name])}\n" for name in named]
    return "".join([*lines[:start], *options, *lines[start:]])


def flux_literal(value: object) -> str:
    """A value as a literal of Flux: a date is its beginning in UTC, nothing is NaN."""
    match value:
        case None:
            return 'float(v: "NaN")'
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case float() if math.isfinite(value):
            text = f"{Decimal(repr(value)):f}"
            return text if "." in text else f"{text}.0"
        case date():
            return f"{value.isoformat()}T00:00:00Z"
        case str():
            escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("${", "\\${")
            return f'"{escaped}"'
    raise BadInput(f"{value!r} cannot be a parameter of a Flux query")


def _plain(value: object) -> object:
    """A value as JSON, in which InfluxQL's parameters are given. Nothing is 0, since InfluxQL knows
    no null: what is divided by it is 0 there."""
    if value is None:
        return 0.0
    return value.isoformat() if isinstance(value, date) else value


_COLUMNS: Final[Mapping[str, pa.DataType]] = {
    "day": pa.date32(),
    "segment": pa.string(),
    "value": pa.float64(),
    "sketch": pa.string(),
}
"""What an answer, or what a step outside the database makes one of, can have."""


def _table(rows: list[Row]) -> pa.Table:
    """Rows as a table. Times are taken for their days, numbers that are not finite for none."""
    named = {name for row in rows for name in row} or {"day", "value"}
    columns = {name: kind for name, kind in _COLUMNS.items() if name in named}
    values = {name: [_normal(row.get(name)) for row in rows] for name in columns}
    return pa.table({name: pa.array(values[name], kind) for name, kind in columns.items()})


def _normal(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).date()
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) else None
    return value


def _rows(answer: Any) -> Iterator[Row]:
    """The rows of InfluxQL's JSON. Raises BadInput where a statement failed."""
    for result in answer["results"]:
        if "error" in result:
            raise BadInput(f"InfluxDB refuses the query: {result['error']}")
        for series in result.get("series", ()):
            (tag,) = series.get("tags", {"": None}).values()
            segment = {} if tag is None else {"segment": tag}
            for values in series["values"]:
                row = dict(zip(series["columns"], values, strict=True))
                day = datetime.fromtimestamp(row.pop("time") / 1000, UTC)
                yield {"day": day, **segment, **row}


def _message(error: ApiException) -> str:
    """What the server says, on one line."""
    body = error.body or error.reason or ""
    text = body.decode(errors="replace") if isinstance(body, bytes) else str(body)
    try:
        said = json.loads(text)
        text = str(said.get("message") or said.get("error") or text)
    except (ValueError, AttributeError):
        pass
    return " ".join(text.split())


def _each_window(days: int, ask: Asking, parameters: Mapping[str, object]) -> pa.Table:
    """Asks anew for each trailing window of so many days, which is what `first_day` and `last_day`
    then say; the answer, of whatever time, is that of the window's last day."""
    first, last = cast("date", parameters["first_day"]), cast("date", parameters["last_day"])
    parts = []
    day = first + timedelta(days=days - 1)
    while day <= last:
        window = {"first_day": day - timedelta(days=days - 1), "last_day": day}
        part = ask({**parameters, **window})
        parts.append(part.set_column(0, "day", pa.array([day] * part.num_rows, pa.date32())))
        day += timedelta(days=1)
    nothing = pa.table({"day": pa.array([], pa.date32()), "value": pa.array([], pa.float64())})
    whole = pa.concat_tables(parts or [nothing], promote_options="default")
    return whole.select([name for name in _COLUMNS if name in whole.column_names])


STEPS: Final[Mapping[str, Step]] = {
    f"each_window_of_{days}_days": partial(_each_window, days) for days in (7, 28)
}
"""Steps for InfluxQL, whose windows do not overlap."""
