"""Tables in BigQuery's shape: what has a column, and where the rest goes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dauexp.errors import BadInput
from dauexp.ingest.decoder import Decoder
from dauexp.ingest.registry import Registry
from dauexp.ingest.tables import PingTable, as_time

Make = Callable[..., Any]
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)

METRICS = """
---
$schema: moz://mozilla.org/schemas/glean/metrics/2-0-0
shop:
  bought:
    type: event
    extra_keys: {what: {description: What it was., type: string}}
    <<: &common
      description: Something about the shop.
      bugs: [https://bugzilla.mozilla.org/1]
      data_reviews: [https://bugzilla.mozilla.org/1]
      notification_emails: [a@example.com]
      send_in_pings: [events]
      expires: never
  baskets: {type: labeled_counter, lifetime: application, <<: *common}
  open_for: {type: timespan, time_unit: second, lifetime: application, <<: *common}
  share: {type: rate, lifetime: application, <<: *common}
  names: {type: string_list, lifetime: application, <<: *common}
  is_open: {type: boolean, lifetime: application, <<: *common}
  visitors: {type: counter, lifetime: application, <<: *common}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Decoder:
    """The decoder of an application of one's own, with many types of metrics."""
    file = tmp_path / "metrics.yaml"
    file.write_text(METRICS, encoding="utf-8")
    return Decoder(Registry((file,)), "events", "syncstorage")


def _row(decoder: Decoder, messages: Make, line: bytes) -> dict[str, Any]:
    decoded = decoder.decode(messages([line]))
    assert decoded.errors.to_pylist() == []
    (row,) = decoded.live.to_pylist()
    return dict(row)


def test_a_good_ping_fills_the_columns(option_a: Decoder, line: Make, messages: Make) -> None:
    row = _row(option_a, messages, line())
    assert row["submission_timestamp"] == row["receive_timestamp"] == NOON
    assert row["document_id"] == "8cad73ef-858a-44f9-88f7-10817c917a42"
    assert row["metadata"] == {
        "user_agent": {"browser": "Firefox", "version": "145", "os": "Windows 10"}
    }
    assert row["metrics"]["string"] == {
        "syncstorage_hashed_fxa_uid": "0123456789abcdef0123456789abcdef",
        "syncstorage_hashed_device_id": "fedcba9876543210fedcba9876543210",
        "syncstorage_platform": "firefoxdesktop",
        "syncstorage_device_family": "desktop",
    }
    assert row["events"][0]["name"] == "get_collections"
    assert row["client_info"]["app_channel"] == "release"
    assert row["ping_info"]["end_time"] == "whenever"
    assert row["additional_properties"] is None


def test_what_is_not_registered_goes_to_additional_properties(
    option_a: Decoder, line: Make, ping: Make, messages: Make
) -> None:
    metrics = {
        "string": {"syncstorage.hashed_fxa_uuid": "misspelt", "syncstorage.platform": "fenix"},
        "counter": {"syncstorage.requests": 3},
    }
    row = _row(option_a, messages, line(ping(metrics=metrics)))
    assert row["metrics"]["string"]["syncstorage_platform"] == "fenix"
    assert row["metrics"]["string"]["syncstorage_hashed_fxa_uid"] is None
    assert json.loads(row["additional_properties"]) == {
        "metrics": {
            "string": {"syncstorage.hashed_fxa_uuid": "misspelt"},
            "counter": {"syncstorage.requests": 3},
        }
    }


def test_an_integer_too_large_for_its_column_is_not_lost(
    option_a: Decoder, line: Make, ping: Make, messages: Make
) -> None:
    info = {"seq": 10**30, "start_time": "", "end_time": ""}
    row = _row(option_a, messages, line(ping(ping_info=info)))
    assert row["ping_info"]["seq"] is None
    assert json.loads(row["additional_properties"]) == {"ping_info": {"seq": 10**30}}


def test_a_payload_overrides_its_envelope(
    option_a: Decoder, line: Make, ping: Make, messages: Make
) -> None:
    own = ping(
        submission_timestamp="2025-12-31T23:59:59.123456789+01:00",
        document_id="other",
        metadata={"user_agent": {"browser": "Own", "os": "Own", "ip": "198.51.100.9"}},
        normalized_os="Own",
        sample_id=5,
    )
    row = _row(option_a, messages, line(own, user_agent="unheard of"))
    assert row["submission_timestamp"] == datetime(2025, 12, 31, 22, 59, 59, 123456, tzinfo=UTC)
    assert row["receive_timestamp"] == NOON
    assert row["document_id"] == "other"
    assert row["metadata"]["user_agent"] == {"browser": "Own", "version": None, "os": "Own"}
    assert row["additional_properties"] is None


def test_a_time_that_is_none_is_kept_as_text(
    option_a: Decoder, line: Make, ping: Make, messages: Make
) -> None:
    row = _row(option_a, messages, line(ping(submission_timestamp="yesterday")))
    assert row["submission_timestamp"] is None
    assert json.loads(row["additional_properties"]) == {"submission_timestamp": "yesterday"}


def test_columns_come_from_the_registry(
    shop: Decoder, line: Make, ping: Make, messages: Make
) -> None:
    metrics = {
        "labeled_counter": {"shop.baskets": {"small": 1, "large": 2}},
        "timespan": {"shop.open_for": {"value": 7, "time_unit": "second"}},
        "rate": {"shop.share": {"numerator": 1, "denominator": 2}},
        "string_list": {"shop.names": ["a", "b"]},
        "boolean": {"shop.is_open": True},
        "counter": {"shop.visitors": 4},
    }
    events = [{"timestamp": 1, "category": "shop", "name": "bought", "extra": {"what": "tea"}}]
    row = _row(shop, messages, line(ping(metrics=metrics, events=events)))
    assert row["metrics"] == {
        "labeled_counter": {
            "shop_baskets": [{"key": "small", "value": 1}, {"key": "large", "value": 2}]
        },
        "timespan": {"shop_open_for": {"time_unit": "second", "value": 7}},
        "rate": {"shop_share": {"numerator": 1, "denominator": 2}},
        "string_list": {"shop_names": ["a", "b"]},
        "boolean": {"shop_is_open": True},
        "counter": {"shop_visitors": 4},
    }
    assert row["events"][0]["extra"] == [{"key": "what", "value": "tea"}]
    assert row["additional_properties"] is None


def test_the_stable_table_has_bigquerys_columns(option_a: Decoder) -> None:
    live = PingTable(option_a.registry, "events").live
    assert live.field("submission_timestamp").type == pa.timestamp("us", "UTC")
    assert live.names[0] == "receive_timestamp"
    assert live.names[1:4] == ["submission_timestamp", "document_id", "metadata"]
    assert live.names[-1] == "additional_properties"


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-01-05T12:00:00Z", NOON),
        ("2026-01-05T12:00:00.000000001Z", NOON),
        ("2026-01-05T14:00:00+02:00", NOON),
        ("2026-01-05T12:00:00", NOON),
        ("2026-01-05 12:00:00Z", NOON),
        ("", None),
        ("noon", None),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)
def test_times(text: str, time: datetime | None) -> None:
    assert as_time(text) == time


def test_a_wrong_registry_is_told_in_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "metrics.yaml"
    for text in (
        "shop: {visits: {}}",
        "- a list",
        "a: [",
        METRICS.replace("labeled_counter", "no"),
    ):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(BadInput, match=r"metrics\.yaml") as caught:
            Registry((file,)).metrics("events")
        assert "\n" not in str(caught.value)
    with pytest.raises(BadInput, match="cannot be read"):
        Registry((tmp_path / "absent.yaml",)).metrics("events")
