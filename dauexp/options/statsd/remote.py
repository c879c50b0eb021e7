"""The real InfluxDB of a run: which it is, where in it a strategy's points are, and what is done
with them there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.rest import ApiException

from dauexp.database import Step
from dauexp.errors import BadInput
from dauexp.options.statsd.server import ServerDatabase
from dauexp.options.statsd.settlement import Measurement, Settled
from dauexp.options.statsd.writing import Writer, through
from dauexp.scenario import Scenario
from dauexp.services.addresses import InfluxAddress
from dauexp.services.influxdb import InfluxDB, InfluxDB2
from dauexp.services.state import written_down


def influxdb(environment: Mapping[str, str] = os.environ) -> InfluxAddress:
    """The InfluxDB that the environment names, or else that was started here; of both lines, 1.

    Raises BadInput where there is none.
    """
    for service in (InfluxDB(), InfluxDB2()):
        named = service.given(environment)
        if named is not None:
            return named
    started = written_down()
    for name in (InfluxDB.name, InfluxDB2.name):
        address = started[name].address if name in started else None
        if isinstance(address, InfluxAddress):
            return address
    raise BadInput(
        'influxdb.backend is "server", and there is none: start one by '
        "`dauexp services up influxdb`, or set DAUEXP_INFLUXDB_URL"
    )


def bucket_of(address: InfluxAddress, client: InfluxDBClient, scenario: Scenario, name: str) -> str:
    """The bucket of a strategy of a scenario, made if it is not there: a database of InfluxDB 1, or
    a bucket of InfluxDB 2 beside the one that is given.

    It is named after both, so no two runs of different scenarios share one, and the same run
    started again goes on with its own. Raises BadInput where it cannot be made.
    """
    database = f"dauexp_{name}_{scenario.digest[:16]}".replace("-", "_")
    try:
        if address.bucket:
            bucket = f"{address.bucket}_{database}"
            buckets = client.buckets_api()
            if buckets.find_bucket_by_name(bucket) is None:  # type: ignore[no-untyped-call]
                buckets.create_bucket(bucket_name=bucket)
            return bucket
        client.api_client.call_api(  # type: ignore[no-untyped-call]
            "/query", "POST", query_params=[("q", f'CREATE DATABASE "{database}"')]
        )
    except ApiException as error:
        raise BadInput(
            f"{address.url}: no bucket can be made for {name}: {error.reason} ({error.status})"
        ) from error
    return f"{database}/autogen"


def written(
    settled: Iterator[Settled], measurement: Measurement, called: str, scenario: Scenario, name: str
) -> Iterator[Settled]:
    """What is settled, once the server of the scenario has it as well; without what it rejects."""
    address = influxdb()
    with address.client() as client:
        writer = Writer(client, bucket_of(address, client, scenario, name))
        yield from through(settled, measurement, called, writer)


def asked(called: str, scenario: Scenario, name: str, steps: Mapping[str, Step]) -> ServerDatabase:
    """The measurement of a strategy in the server of the scenario, for queries."""
    address = influxdb()
    client = address.client(timeout_seconds=600)
    return ServerDatabase(client, bucket_of(address, client, scenario, name), called, steps)
