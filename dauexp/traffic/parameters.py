"""The parameters of the traffic: who the users are and what they send."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from dauexp.parameters import Parameters, parameter
from dauexp.traffic.laws import Drift, RequestsPerDay, scaled

Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0)]

ASSUMED = "assumption: no public figure is known"


class Activity(Parameters):
    """How likely a living user is to be active on a day: p ~ Beta(alpha, beta), times the weekday's
    factor."""

    alpha: float = parameter(
        0.8,
        "first shape of the Beta distribution of the daily activity propensity",
        gt=0,
        le=1000,
        source=ASSUMED + "; with beta gives a mean of 0.40, many rare and many daily users",
    )
    beta: float = parameter(
        1.2, "second shape of that Beta distribution", gt=0, le=1000, source=ASSUMED
    )
    weekday: Annotated[tuple[Share, ...], Field(min_length=7, max_length=7)] = parameter(
        (1.0, 1.0, 1.0, 1.0, 0.97, 0.8, 0.82),
        "factor on the propensity, Monday to Sunday",
        source="shape of published desktop browser use: lower at weekends; figures assumed",
    )


class Churn(Parameters):
    """Joining and leaving. The initial users are alive when the earlier period begins, before the
    first day; the others join on days drawn uniformly from the run. Each living user leaves with
    the same hazard at the end of each day."""

    initial_share: Share = parameter(
        0.95,
        "share of the users who are there from the start; the rest join during the run",
        source=ASSUMED,
    )
    daily_leave: float = parameter(
        0.002,
        "probability of leaving for good at the end of a day",
        unit="1/day",
        ge=0,
        lt=1,
        source=ASSUMED + "; 0.002 a day loses about half the users in a year",
    )


class Devices(Parameters):
    """Devices of a user, each with a user agent drawn from `data/user_agents.csv` by weight."""

    shares: Annotated[tuple[Weight, ...], Field(min_length=1, max_length=32)] = parameter(
        (0.55, 0.30, 0.10, 0.03, 0.02),
        "weights of having 1, 2, 3, ... devices",
        source=ASSUMED,
    )
    primary: float = parameter(
        2.0,
        "how much a user prefers the first device: a request comes from device "
        "floor(n * u^primary), u uniform; 1 is no preference",
        ge=1,
        le=20,
        source=ASSUMED,
    )


class Clock(Parameters):
    """When in the day requests come: a local diurnal profile, moved by the user's time zone."""

    offsets: tuple[Annotated[int, Field(ge=-12, le=14)], ...] = parameter(
        (-8, -5, -3, 0, 1, 2, 3, 5, 8, 9),
        "UTC offsets of the users' time zones",
        unit="hours",
        source="largest groups of users: Americas, Europe, Asia",
    )
    weights: tuple[Weight, ...] = parameter(
        (0.10, 0.16, 0.06, 0.10, 0.26, 0.08, 0.08, 0.06, 0.06, 0.04),
        "weights of these time zones",
        source=ASSUMED,
    )
    profile: Annotated[tuple[Weight, ...], Field(min_length=24, max_length=24)] = parameter(
        (
            2,
            1.2,
            0.8,
            0.6,
            0.6,
            0.8,
            1.6,
            3,
            4.6,
            5.6,
            6,
            6,
            5.8,
            5.8,
            5.9,
            5.8,
            5.7,
            5.6,
            5.6,
            5.8,
            6,
            5.8,
            4.8,
            3.4,
        ),
        "relative rate of requests in each local hour, from 0",
        source="shape of office and evening use; figures assumed",
    )

    @model_validator(mode="after")
    def _weights_match(self) -> Self:
        if len(self.weights) != len(self.offsets):
            raise ValueError(
                f"weights has {len(self.weights)} values and offsets {len(self.offsets)}: "
                "give one weight for each offset"
            )
        return self


class Hosts(Parameters):
    """The server hosts behind the load balancer."""

    count: int = parameter(
        4,
        "number of server hosts",
        unit="hosts",
        ge=1,
        le=1000,
        source="enough to show that sets of several hosts cannot be merged",
    )
    weights: tuple[Weight, ...] | None = parameter(
        None,
        "uneven load: one weight for each host; none means an even load",
        source="what a load balancer aims at",
    )

    @model_validator(mode="after")
    def _weights_match(self) -> Self:
        if self.weights is not None and len(self.weights) != self.count:
            raise ValueError(
                f"weights has {len(self.weights)} values: give one for each of {self.count} hosts"
            )
        return self


class Traffic(Parameters):
    """The requests of a run: simulated, or read from a trace."""

    users: int = parameter(
        20_000,
        "users who ever exist in the run",
        unit="users",
        ge=1,
        le=1_000_000_000,
        source="gives a million requests in the default 35 days",
    )
    days: int = parameter(
        35,
        "length of the run",
        unit="days",
        ge=1,
        le=3660,
        source="MAU (28 days) is then defined for the last 8 days",
    )
    first_day: date = parameter(date(2026, 1, 5), "first UTC day of the run", source="a Monday")
    earlier_days: int = parameter(
        28,
        "length of the earlier period, from which alone requests per user are known: days before "
        "the first one, or the first ones of a trace, of which they are half at most",
        unit="days",
        ge=28,
        le=366,
        source="long enough for requests per monthly user",
    )
    block_users: int = parameter(
        16_384,
        "users in a block: what is generated, and kept in memory, at once; has no effect on "
        "any distribution",
        unit="users",
        ge=1,
        le=4_194_304,
        source="keeps the memory of a process that generates below 150 MiB",
    )
    batch_rows: int = parameter(
        32_768,
        "rows in a record batch; has no effect on any result",
        unit="rows",
        ge=1,
        le=4_194_304,
        source="fits in the cache",
    )
    activity: Activity = Activity()
    churn: Churn = Churn()
    requests: RequestsPerDay = RequestsPerDay()
    drift: Drift = Drift()
    devices: Devices = Devices()
    clock: Clock = Clock()
    hosts: Hosts = Hosts()
    trace: Path | None = parameter(
        None,
        "file of own requests in place of simulated ones: .parquet, .csv, .ndjson or an access "
        ".log, all but Parquet also with .gz",
        source="simulated traffic needs no file",
    )

    def weekday(self, day: int) -> int:
        """The weekday of a day (offset from the first); Monday is 0."""
        return (self.first_day.weekday() + day) % 7

    def law_on(self, day: int) -> RequestsPerDay:
        """How many requests an active user makes on a day (offset from the first)."""
        return scaled(self.requests, self.drift.factor(day, self.weekday(day)))

    @property
    def calendar(self) -> tuple[date, ...]:
        """The UTC days of the run, in order."""
        return tuple(self.first_day + timedelta(days=n) for n in range(self.days))

    @property
    def last_day(self) -> date:
        """The last UTC day of the run."""
        return self.calendar[-1]

    @property
    def blocks(self) -> int:
        """Number of blocks of users."""
        return -(-self.users // self.block_users)
