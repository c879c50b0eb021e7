"""How a query for a real InfluxDB is bound and its answer read, without a server."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from influxdb_client.client.influxdb_client import InfluxDBClient

from dauexp.errors import BadInput
from dauexp.options.statsd.server import STEPS, ServerDatabase, _rows, _table, with_options
from dauexp.options.statsd.server import flux_literal as literal

MONDAY = date(2026, 1, 5)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (MONDAY, "2026-01-05T00:00:00Z"),
        (4.5, "4.5"),
        (3.0, "3.0"),
        (1e-7, "0.0000001"),
        (1e22, "10000000000000000000000.0"),
        (-2, "-2"),
        (True, "true"),
        (None, 'float(v: "NaN")'),
        ("plain", '"plain"'),
        ('a"b\\c${d}', '"a\\"b\\\\c\\${d}"'),
    ],
)
def test_literals_of_flux(value: object, text: str) -> None:
    assert literal(value) == text


@pytest.mark.parametrize("value", [float("inf"), [1], {"a": 1}])
def test_what_is_no_literal_of_flux_is_refused(value: object) -> None:
    with pytest.raises(BadInput, match="cannot be a parameter"):
        literal(value)


def test_options_are_those_that_are_named_and_come_after_the_imports() -> None:
    query = (
        '// Users.\nimport "date"\nimport "math"\n\nfrom(bucket: bucket) |> range(start: first_day)'
    )
    known = {"first_day": MONDAY, "last_day": MONDAY, "bucket": "b/autogen"}
    assert with_options(query, known).splitlines() == [
        "// Users.",
        'import "date"',
        'import "math"',
        "option first_day = 2026-01-05T00:00:00Z",
        'option bucket = "b/autogen"',
        "",
        "from(bucket: bucket) |> range(start: first_day)",
    ]
    assert with_options("buckets()", known) == "buckets()"


def test_no_server_is_told_in_a_sentence() -> None:
    client = InfluxDBClient("http://127.0.0.1:9", token="", org="-", timeout=1000)
    with pytest.raises(BadInput, match=r"no InfluxDB answers at http://127\.0\.0\.1:9"):
        ServerDatabase(client, "b", "m")


def test_influxqls_json_as_rows() -> None:
    answer = {
        "results": [
            {
                "series": [
                    {
                        "tags": {"platform": "fenix"},
                        "columns": ["time", "value"],
                        "values": [[1767571200000, 3], [1767657600000, None]],
                    }
                ]
            },
            {},
        ]
    }
    assert _table(list(_rows(answer))).to_pylist() == [
        {"day": MONDAY, "segment": "fenix", "value": 3},
        {"day": date(2026, 1, 6), "segment": "fenix", "value": None},
    ]
    with pytest.raises(BadInput, match="too many points"):
        list(_rows({"results": [{"error": "too many points"}]}))


def test_numbers_that_are_none_are_null() -> None:
    rows = [{"day": MONDAY, "value": value} for value in (1, float("inf"), float("nan"))]
    assert _table(rows)["value"].to_pylist() == [1, None, None]
    assert _table([]).column_names == ["day", "value"]


def test_each_window_is_asked_on_its_own() -> None:
    asked = []

    def ask(parameters: Any) -> pa.Table:
        asked.append((parameters["first_day"], parameters["last_day"], parameters["known"]))
        some = {"day": [date(1970, 1, 1)], "value": [float(len(asked))]}
        none = {"day": pa.array([], pa.date32()), "value": pa.array([], pa.float64())}
        return pa.table(none if len(asked) == 2 else some)

    step = STEPS["each_window_of_7_days"]
    answer = step(ask, {"first_day": MONDAY, "last_day": date(2026, 1, 13), "known": 1})
    assert asked == [(date(2026, 1, 5 + n), date(2026, 1, 11 + n), 1) for n in range(3)]
    assert answer.to_pylist() == [
        {"day": date(2026, 1, 11), "value": 1},
        {"day": date(2026, 1, 13), "value": 3},
    ]
    assert step(ask, {"first_day": MONDAY, "last_day": MONDAY, "known": 1}).num_rows == 0
