"""The groups of a scenario's parameters beside those of traffic and faults."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from dauexp.parameters import Parameters, parameter


class Identity(Parameters):
    """How raw ids become hashed ones. The secret itself is never a parameter."""

    device_id: Literal["per-device", "placeholder"] = parameter(
        "per-device",
        "`per-device` hashes each device's id; `placeholder` is the constant `none` for "
        "all, one id a user, as Sync shipped",
        source="the intended behaviour",
    )
    secret_env: str = parameter(
        "DAUEXP_SECRET",
        "environment variable that holds the HMAC secret; for simulated traffic a "
        "secret made from the seed serves where neither it nor the file is there",
        source="the project's own name",
    )
    secret_file: Path | None = parameter(
        None,
        "file that holds the HMAC secret, before the variable",
        source="the environment variable serves",
    )


class Glean(Parameters):
    """Options A and B: the application that logs, and the language of the service."""

    emitter: Literal["python", "rust"] = parameter(
        "python",
        "language of the service: of what glean_parser generates for A, and of B's code by hand; "
        "`rust` is compiled with cargo the first time, which takes minutes",
        source="needs no compiler",
    )
    decoder: Literal["python", "rust"] = parameter(
        "python",
        "language of what reads the lines of the expected form at ingestion; the tables are the "
        "same, `rust` is faster, and compiled with cargo the first time, which takes minutes",
        source="needs no compiler",
    )
    application_id: str = parameter(
        "syncstorage",
        "document_namespace of the pings",
        pattern=r"^[a-z][a-z0-9-]{0,62}$",
        source="as Sync's",
    )
    app_display_version: str = parameter("0.17.0", "version of the application", source="as Sync's")
    app_channel: str = parameter(
        "release", "channel of the application", source="as Sync's production"
    )
    registry: Path | None = parameter(
        None,
        "folder with the metrics.yaml and pings.yaml of a service of one's own; the keys below "
        "then say what in it carries what is known of a request",
        source="Sync's registry, which is part of dauexp",
    )
    event: str | None = parameter(
        None, "own registry: the event of a request, CATEGORY.NAME", source="Sync's"
    )
    user_metric: str | None = parameter(
        None, "own registry: the string metric with the hashed user id", source="Sync's"
    )
    device_metric: str | None = parameter(
        None, "own registry: the string metric with the hashed device id", source="Sync's"
    )
    platform_metric: str | None = parameter(
        None, "own registry: the string metric with the platform", source="Sync's"
    )
    device_family_metric: str | None = parameter(
        None, "own registry: the string metric with the device family", source="Sync's"
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        """A registry of one's own is named whole, or not at all."""
        names = ("event", *(f"{each}_metric" for each in METRICS))
        given = [name for name in names if getattr(self, name) is not None]
        if self.registry is None:
            if given:
                raise ValueError(f"{given[0]} names a part of glean.registry, which is not given")
            return self
        missing = [name for name in names if name not in given]
        if missing:
            raise ValueError(f"with a registry of one's own, give {', '.join(missing)} too")
        if self.emitter == "rust":
            raise ValueError(
                "the program around the generated Rust is written for Sync's registry: with a "
                'registry of one\'s own, let emitter be "python"'
            )
        return self


METRICS: Final = ("user", "device", "platform", "device_family")
"""What metrics carry of a request; in a registry of one's own, `glean.WHAT_metric` names each."""


class Statsd(Parameters):
    """Option C: the StatsD servers, one on each host."""

    prefix: str = parameter(
        "syncstorage",
        "prefix of all metric names",
        min_length=1,
        pattern=r"^[a-zA-Z0-9_.]+$",
        source="as Sync's",
    )
    transport: Literal["in-process", "udp"] = parameter(
        "in-process",
        "how packets travel from the client: handed over, or over a real UDP socket of loopback",
        source="no socket can slow a run or lose a packet that the faults do not",
    )
    flush_seconds: int = parameter(
        10,
        "flush interval",
        unit="s",
        ge=1,
        le=86_400,
        source="default of the statsd daemon and of Telegraf",
    )
    sample_rate: float = parameter(
        0.1,
        "strategy `sampled`: share of the requests for which the client sends anything",
        gt=0,
        le=1,
        source="a usual rate for what is sent often",
    )
    sketch_seconds: int = parameter(
        3600,
        "strategy `sketch`: interval at which the agent of a host writes its sketches",
        unit="s",
        ge=1,
        le=86_400,
        source="few enough to merge for a month, and a restart loses an hour at most",
    )
    lg_k: int = parameter(
        12,
        "strategy `sketch`: logarithm to base 2 of the number of buckets of a HyperLogLog",
        ge=7,
        le=21,
        source="default of Apache DataSketches' SQL functions: a standard error of 1.6%",
    )


class InfluxDB(Parameters):
    """Option C: the database of points."""

    backend: Literal["embedded", "server"] = parameter(
        "embedded",
        "where points are stored: in the run's own tables, or also in the InfluxDB that "
        "DAUEXP_INFLUXDB_URL names or `dauexp services up` started, of which questions are then "
        "asked in Flux and InfluxQL",
        source="needs nothing installed or started",
    )
    precision: Literal["s", "ms", "us", "ns"] = parameter(
        "ms",
        "precision of a point's timestamp: two points of one series and timestamp are one",
        source="precision of the requests",
    )
    max_series: int = parameter(
        0,
        "series that the database takes, `max-series-per-database`; 0 is no limit. InfluxDB 1.8 "
        "takes 1,000,000 with its default index, inmem",
        ge=0,
        source="no limit, as with the index tsi1",
    )
    max_values_per_tag: int = parameter(
        0,
        "values of one tag that a measurement takes, `max-values-per-tag`; 0 is no limit. "
        "InfluxDB 1.8 takes 100,000 with its default index, inmem",
        ge=0,
        source="no limit, as with the index tsi1",
    )


class Experiments(Parameters):
    """What a run tries beside its main comparison, on simulated users of their own."""

    run: tuple[str, ...] = parameter(
        ("calibration", "deletion", "evolution", "lateness", "mutation", "rotation"),
        "experiments that a run tries; `dauexp experiments` lists them",
        source="what the claims of the decision record need",
    )
    users: int = parameter(
        300,
        "simulated users of each trial",
        unit="users",
        ge=1,
        le=1_000_000,
        source="enough for errors of a percent to show, small enough to try some hundred cases",
    )
    days: int = parameter(
        35,
        "days of each trial",
        unit="days",
        ge=28,
        le=366,
        source="eight days on which MAU is defined",
    )


class Report(Parameters):
    """What is made of the results."""

    notebooks: tuple[str, ...] = parameter(
        (
            "01_traffic",
            "02_emission",
            "03_accuracy",
            "04_query_complexity",
            "05_robustness",
            "06_cost_and_scale",
            "07_evolution",
            "08_opt_out",
            "09_decision",
        ),
        "notebooks that papermill executes, in order",
        source="what the decision record needs",
    )
    min_segment: int = parameter(
        0,
        "fewest users of a segment on any day that reports show; 0 shows all",
        unit="users",
        ge=0,
        source="simulated users need no protection",
    )


class Thresholds(Parameters):
    """What a scheduled run may not exceed, else its exit code says so. They change no result."""

    error: dict[str, Annotated[float, Field(ge=0)]] = parameter(
        {},
        "largest mean absolute relative error of DAU, by contender",
        source="which error is too large is for a team to say",
    )
    wire_bytes: dict[str, Annotated[float, Field(ge=0)]] = parameter(
        {},
        "most bytes on the wire, a request, by contender",
        unit="bytes",
        source="which cost is too large is for a team to say",
    )
    slowdown: float = parameter(
        3.0,
        "most CPU time of a run, in medians of that of the like runs before it",
        ge=1,
        source="a busy machine alone seldom takes three times as long",
    )
    fewest_runs: int = parameter(
        5,
        "fewest like runs before it of which a median is taken",
        unit="runs",
        ge=1,
        source="a median of fewer says little",
    )
