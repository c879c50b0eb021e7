"""The deletion of points, held against a real InfluxDB 1.8."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from influxdb_client.client.write_api import SYNCHRONOUS

from dauexp.experiments.deletion.erasure import NotDeletable, delete_points
from dauexp.options.statsd.settlement import Measurement
from dauexp.store import write_table

pytestmark = pytest.mark.heavy

ROWS = [(0, "a", "u1"), (1, "a", "u2"), (1, "b", "u1"), (2, "", "u3")]
START = 1_767_571_200  # 2026-01-05
"""Time (seconds after midnight), host and user of each point."""


class Server:
    """A database of its own, asked in InfluxQL."""

    def __init__(self, address: Any, name: str) -> None:
        self._client, self.name = address.client(), name
        self.ask(f"CREATE DATABASE {name}")
        tagged = [
            f"m{f',host={host}' if host else ''},user={user} value=1i {START + second}"
            for second, host, user in ROWS
        ]
        with self._client.write_api(SYNCHRONOUS) as api:
            api.write(f"{name}/autogen", record=tagged, write_precision="s")

    def ask(self, query: str) -> dict[str, Any]:
        """The first result of a statement."""
        answer = self._client.api_client.call_api(
            "/query",
            "POST",
            query_params=[("db", self.name), ("q", query), ("epoch", "s")],
            response_type="object",
            auth_settings=[],
        )
        result: dict[str, Any] = answer[0]["results"][0]
        return result

    def points(self) -> list[tuple[int, str, str]]:
        """What is left, as ROWS."""
        series = self.ask('SELECT value, host, "user" FROM m').get("series", [])
        return [(row[0] - START, row[2] or "", row[3]) for each in series for row in each["values"]]

    def drop(self) -> None:
        """Removes it."""
        self.ask(f"DROP DATABASE {self.name}")
        self._client.close()


@pytest.fixture
def server(servers: Any) -> Iterator[Server]:
    with servers("influxdb") as addresses:
        made = Server(addresses["influxdb"], f"t{uuid4().hex}")
        yield made
        made.drop()


def test_points_are_deleted_as_a_real_influxdb_deletes_them(server: Server, tmp_path: Path) -> None:
    measurement = Measurement(("host", "user"), {"value": pa.int64()})
    columns = {
        "time": pa.array([1_000_000 * (START + row[0]) for row in ROWS], pa.int64()),
        "host": pa.array([row[1] or None for row in ROWS]),
        "user": pa.array([row[2] for row in ROWS]),
        "value": pa.array([1] * len(ROWS), pa.int64()),
    }
    columns["time"] = columns["time"].cast(measurement.schema.field("time").type)
    write_table(tmp_path / "a.parquet", pa.table(columns, measurement.schema))
    statements = [
        "time = '2026-01-05T00:00:01Z' AND \"host\" = 'a' AND \"user\" = 'u2'",
        "\"host\" = ''",
        "\"user\" = 'u1'",
    ]
    for condition in statements:
        statement = f'DELETE FROM "m" WHERE {condition}'
        assert "error" not in server.ask(statement)
        delete_points(tmp_path, measurement, [statement])
        ours = pq.read_table(tmp_path / "a.parquet").to_pylist()
        left = [(round(r["time"].timestamp()) - START, r["host"] or "", r["user"]) for r in ours]
        assert left == sorted(server.points())
    assert not server.points()
    refused = 'DELETE FROM "m" WHERE "value" = \'1\''
    with pytest.raises(NotDeletable) as refusal:
        delete_points(tmp_path, measurement, [refused])
    assert str(refusal.value) == "fields not supported in WHERE clause during deletion"


def test_it_refuses_a_field_and_still_knows_whom_it_deleted(server: Server) -> None:
    refused = server.ask('DELETE FROM "m" WHERE "value" = \'1\'')
    assert "fields not supported in WHERE clause during deletion" in refused["error"]
    server.ask('DELETE FROM "m" WHERE "user" = \'u1\'')
    assert "u1" not in {user for _, _, user in server.points()}
    (series,) = server.ask('SHOW TAG VALUES FROM m WITH KEY = "user"')["series"]
    assert ["user", "u1"] in series["values"]
