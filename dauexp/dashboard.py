"""A Grafana dashboard of option C, made from its query files.

A panel's query is the Flux file of a question, untouched, with its parameters bound to what the
dashboard has: the time range, and a variable for each constant that must be known beforehand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from grafana_foundation_sdk.builders import common, timeseries
from grafana_foundation_sdk.builders.dashboard import Dashboard, TextBoxVariable
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import GraphDrawStyle, VisibilityMode
from grafana_foundation_sdk.models.dashboard import DataSourceRef

from dauexp.errors import BadInput
from dauexp.options import Contender, contenders
from dauexp.options.statsd.server import flux_literal
from dauexp.options.statsd.strategies import InfluxStrategy
from dauexp.questions import Query, Question, catalogue, queries
from dauexp.scenario import Scenario
from dauexp.traffic.truth import Calibration

FLUX: Final = "dauexp-flux"
INFLUXQL: Final = "dauexp-influxql"
"""The ids of the data sources, as they are provisioned."""

BUCKET: Final = "dauexp/autogen"
DAYS_SHOWN: Final = 35

_HEIGHT, _WIDTH = 8, 12  # of a panel, in the units of Grafana's grid, which is 24 wide

_REQUESTS: Final = """\
// Requests of a minute.
from(bucket: "{bucket}")
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> filter(fn: (r) => r._measurement == "{measurement}" and r._field == "value")
  |> group()
  |> aggregateWindow(every: 1m, fn: sum)
  |> rename(columns: {{_value: "requests"}})
"""

_SERIES: Final = "SHOW SERIES EXACT CARDINALITY"


@dataclass(frozen=True)
class _Asked(Dataquery):
    """A query of a panel, as Grafana's data source for InfluxDB takes it."""

    query: str
    influxql: bool = False

    def to_json(self) -> dict[str, object]:
        """The query as Grafana stores it."""
        uid = INFLUXQL if self.influxql else FLUX
        source = {"type": "influxdb", "uid": uid}
        made: dict[str, object] = {"refId": "A", "datasource": source, "query": self.query}
        return made | ({"rawQuery": True, "resultFormat": "table"} if self.influxql else {})


class Panel(NamedTuple):
    """One panel."""

    title: str
    unit: str
    query: str
    influxql: bool = False


def dashboard(scenario: Scenario, strategy: str = "field") -> str:
    """The dashboard of a strategy of option C as JSON, for Grafana's provisioning.

    Raises BadInput where there is no such strategy.
    """
    chosen = _strategy(scenario, strategy)
    board = (
        Dashboard(f"Daily active use of Sync by StatsD ({strategy})")
        .uid(f"dauexp-{strategy}")
        .description(chosen.summary)
        .tags(["dauexp"])
        .time(f"now-{DAYS_SHOWN}d/d", "now")
        .timezone("utc")
        .refresh("5m")
        .readonly()
    )
    shown = list(panels(scenario, strategy))
    text = "".join(panel.query for panel in shown)
    for name in (name for name in _constants(chosen) if f"${{{name}}}" in text):
        board.with_variable(TextBoxVariable(name).label(name).default_value("1.0"))
    for panel in shown:
        board.with_panel(_panel(panel))
    return json.dumps(board.build(), cls=JSONEncoder, indent=2, sort_keys=True) + "\n"


def panels(scenario: Scenario, strategy: str) -> Iterator[Panel]:
    """The panels: each question that one Flux file answers, then requests and series."""
    chosen = _strategy(scenario, strategy)
    for query in queries(chosen.queries):
        if query.language == "flux" and query.possible and not query.outside:
            question = catalogue()[query.question]
            yield Panel(question.title, question.unit, _bound(query, question, chosen))
    (counter,) = _those("counter")
    requests = counter.strategy(scenario)
    assert isinstance(requests, InfluxStrategy)
    text = _REQUESTS.format(bucket=BUCKET, measurement=requests.measurement)
    yield Panel("Requests a minute", "requests", text)
    yield Panel("Series in the database", "series", _SERIES, influxql=True)


def _those(strategy: str) -> list[Contender]:
    every = [each for each in contenders() if issubclass(each.strategy, InfluxStrategy)]
    return [each for each in every if each.strategy.name == strategy]


def _strategy(scenario: Scenario, strategy: str) -> InfluxStrategy:
    for contender in _those(strategy):
        made = contender.strategy(scenario)
        assert isinstance(made, InfluxStrategy)
        return made
    raise BadInput(
        f"{strategy!r} is no strategy that InfluxDB stores; `dauexp options` lists those of statsd"
    )


def _bound(query: Query, question: Question, strategy: InfluxStrategy) -> str:
    """The query with its parameters bound: days that are over, of the dashboard's range, the
    earliest of which has a whole window; and columns that Grafana reads as a time and a series."""
    earlier = f"experimental.subDuration(d: {question.window - 1}d, from: v.timeRangeStart)"
    today = "date.truncate(t: v.timeRangeStop, unit: 1d)"
    known = {
        "bucket": f'"{BUCKET}"',
        "measurement": f'"{strategy.measurement}"',
        "first_day": f"date.truncate(t: {earlier}, unit: 1d)",
        "last_day": f"experimental.subDuration(d: 1d, from: {today})",
    }
    known |= {name: f'float(v: "${{{name}}}")' for name in _constants(strategy)}
    known |= {name: flux_literal(value) for name, value in strategy.settings.items()}
    lines = query.text.rstrip().splitlines()
    own = [line for line in lines if line.startswith("import ")]
    imports = sorted({*own, 'import "date"', 'import "experimental"'})
    named = [name for name in known if re.search(rf"\b{name}\b", query.text)]
    options = [f"option {name} = {known[name]}" for name in named]
    rest = [line for line in lines if line not in own]
    tail = ['  |> group(columns: ["segment"])'] if question.segment != "all" else []
    tail += [f'  |> rename(columns: {{day: "_time", value: "{question.unit}"}})']
    return "\n".join([*imports, "", *options, "", *rest, *tail]) + "\n"


def _constants(strategy: InfluxStrategy) -> list[str]:
    """The constants that must be known beforehand, which a person types in."""
    return sorted(strategy.constants(Calibration({})))


def _panel(panel: Panel) -> timeseries.Panel:
    uid = INFLUXQL if panel.influxql else FLUX
    whole_days = panel.unit not in {"requests", "series"}
    return (
        timeseries.Panel()
        .title(panel.title)
        .datasource(DataSourceRef(type_val="influxdb", uid=uid))
        .unit("short")
        .min(0)
        .height(_HEIGHT)
        .span(_WIDTH)
        .draw_style(GraphDrawStyle.LINE)
        .show_points(VisibilityMode.ALWAYS if whole_days else VisibilityMode.NEVER)
        .legend(common.VizLegendOptions().show_legend(True))
        .with_target(_Query(panel))
    )


class _Query(Builder[Dataquery]):
    """Builds the query of a panel, as the package of Grafana's schema wants it."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel

    def build(self) -> _Asked:
        """The query."""
        return _Asked(self._panel.query, self._panel.influxql)
