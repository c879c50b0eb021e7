"""The real servers of option C, on loopback: InfluxDB, Telegraf and the statsd daemon.

    with services(("influxdb", "telegraf")) as addresses:
        addresses["influxdb"].client()

A service that the environment names is used as it is. Another is started from a program that is
found on the PATH or in the cache, or is built there. A service is a class: what it is made of, how
it is configured, how one sees that it is up.
"""

from __future__ import annotations

from dauexp.services.addresses import Address, InfluxAddress, StatsdAddress
from dauexp.services.influxdb import InfluxDB, InfluxDB2
from dauexp.services.running import services
from dauexp.services.service import Service
from dauexp.services.statsd import StatsdDaemon
from dauexp.services.telegraf import Telegraf

__all__ = [
    "Address",
    "InfluxAddress",
    "InfluxDB",
    "InfluxDB2",
    "Service",
    "StatsdAddress",
    "StatsdDaemon",
    "Telegraf",
    "services",
]
