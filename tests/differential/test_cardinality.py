"""What users cost as a tag and as a field, in the small: the numbers that do not depend on time."""

from __future__ import annotations

import pytest

from dauexp.services import InfluxDB
from dauexp.services.cardinality import Cost, Place, cost, deletion, lines, user_id
from tests.differential.conftest import Servers

pytestmark = pytest.mark.heavy


@pytest.fixture(autouse=True)
def built(servers: Servers) -> None:
    with servers("influxdb"):
        pass


def assert_measured(found: Cost) -> None:
    assert found.written_points_per_second > 100
    assert 0 < found.resident_bytes_after_writing <= found.resident_bytes_at_most
    assert found.index_bytes > 0
    assert found.data_bytes > found.points
    assert found.flux_seconds > 0
    assert found.influxql_seconds > 0


@pytest.mark.parametrize(("place", "series"), [("tag", 2000), ("field", 3)])
def test_a_tag_makes_a_series_of_each_user_and_a_field_none(place: Place, series: int) -> None:
    found = cost(place, users=2000, points=9000)
    assert (found.series, found.rejected_points) == (series, 0)
    assert found.flux_users == found.influxql_users == 2000
    assert_measured(found)


def test_the_limit_rejects_what_is_past_it_and_says_how_much() -> None:
    # The server looks at the limit once for all lines that are written at once, which are 5,000.
    limited = InfluxDB(index="inmem", max_values_per_tag=5000)
    found = cost("tag", users=6000, points=12_000, influxdb=limited)
    assert (found.series, found.flux_users, found.influxql_users) == (5000, 5000, 5000)
    assert found.rejected_points == 2000
    assert_measured(found)


def test_a_tag_can_be_deleted_and_a_field_value_cannot() -> None:
    tag, field = deletion("tag", 100, 1000), deletion("field", 100, 1000)
    assert (tag.points_before, tag.points_after, tag.answer) == (10, 0, "")
    assert (field.points_before, field.points_after) == (10, 10)
    assert "fields not supported in WHERE clause during deletion" in field.answer


def test_the_points_are_those_that_are_counted() -> None:
    every = [line for together in lines("tag", 7, 12_345) for line in together]
    assert len(set(every)) == 12_345
    assert len({line.split("user=")[1].split()[0] for line in every}) == 7
    assert len({user_id(number) for number in range(100_000)}) == 100_000
