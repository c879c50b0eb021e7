from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dauexp.traffic.useragent import (
    DEVICE_FAMILIES,
    PLATFORMS,
    Classification,
    catalogue,
    classify,
    classify_column,
    encoded,
)

WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
SAFARI_ON_MAC = (
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_4) {WEBKIT} Version/13.1 Safari/605.1.15"
)
IOS = "CPU iPhone OS 18_6 like Mac OS X"

DESKTOP = Classification("firefoxdesktop", "desktop")
ANDROID = Classification("fenix", "mobile")
IPHONE = Classification("firefoxios", "mobile")
IPAD = Classification("firefoxios", "tablet")
OTHER = Classification("other", "other")
OTHER_MOBILE = Classification("other", "mobile")


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        # What Sync's server is tested to find (mozilla-services/syncstorage-rs).
        ("Firefox/130.0.1 (Windows NT 10.0; Win64; x64) FxSync/1.132.0.20240913.desktop", DESKTOP),
        ("Firefox/130.0.1 (Intel Mac OS X 10.15) FxSync/1.132.0.20240913135723.desktop", DESKTOP),
        ("Mozilla/5.0 (Android 13; Mobile; rv:130.0) Gecko/130.0 Firefox/130.0", ANDROID),
        ("Firefox-iOS-FxA/24", IPHONE),
        ("Firefox-iOS-Sync/115.0b32242 (iPhone; iPhone OS 17.7) (Firefox)", IPHONE),
        (f"Mozilla/5.0 (Linux; Android 9; X) {WEBKIT} Chrome/86.0.4216.0 Mobile Safari/1", OTHER),
        ("Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0)", OTHER),
        # What its rules say where it has no test.
        ("FIREFOX-IOS-SYNC/108.1b24234 (iPad; iPhone OS 16.4.1) (Firefox)", IPHONE),
        (" Firefox-iOS-FxA/24", OTHER),
        ("Mozilla/5.0 (Android 15; Tablet; rv:145.0) Gecko/145.0 Firefox/145.0", ANDROID),
        (SAFARI_ON_MAC, IPAD),
        (f"{SAFARI_ON_MAC} FIREFOX/1", OTHER),
        (f"Mozilla/5.0 (iPhone; {IOS}) {WEBKIT} Version/18.6 Mobile/15E148 Safari/604.1", IPAD),
        (f"Mozilla/5.0 (iPad; {IOS}) {WEBKIT} FxiOS/145.0 Mobile/15E148 Safari/605.1.15", IPAD),
        (f"Mozilla/5.0 (iPhone; {IOS}) {WEBKIT} FxiOS/145.0 Mobile/15E148 Safari/605.1", IPHONE),
        (f"Mozilla/5.0 (iPod touch; {IOS}) {WEBKIT} FxiOS/14.0 Mobile/16A Safari/1", OTHER_MOBILE),
        ("Mozilla/5.0 (Mobile; rv:26.0) Gecko/26.0 Firefox/26.0", OTHER_MOBILE),
        ("Firefox/146.0 (FreeBSD amd64) FxSync/1.148.0.20251202152033.desktop", OTHER),
        ("", OTHER),
        ("-", OTHER),
        ("curl/8.11.1", OTHER),
    ],
)
def test_platform_and_family_are_those_that_sync_finds(
    user_agent: str, expected: Classification
) -> None:
    assert classify(user_agent) == expected


@given(
    st.text(max_size=300) | st.from_regex(r"(Firefox|Safari|FxiOS|Android|iP[ao]d|[ /;()0-9.])*")
)
@example("\x00")
@example("Firefox/" + "9" * 10_000)
def test_any_text_gets_a_known_class(user_agent: str) -> None:
    platform, family = classify(user_agent)
    assert platform in PLATFORMS
    assert family in DEVICE_FAMILIES
    assert (platform == "firefoxdesktop") == (family == "desktop")
    assert family != "other" or platform == "other"


@given(st.lists(st.sampled_from([*catalogue()["user_agent"].to_pylist()[::5], "", "é", "x"])))
def test_a_column_is_classified_as_its_values_are(user_agents: list[str]) -> None:
    halves = user_agents[: len(user_agents) // 2], user_agents[len(user_agents) // 2 :]
    arrays = [pa.array(half, pa.string()).dictionary_encode() for half in halves]
    expected = [tuple(classify(each)) for each in user_agents]
    platforms, families = classify_column(pa.chunked_array(arrays))
    assert list(zip(platforms.to_pylist(), families.to_pylist(), strict=True)) == expected
    platforms, families = classify_column(arrays[0])
    pairs = list(zip(platforms.to_pylist(), families.to_pylist(), strict=True))
    assert pairs == expected[: len(halves[0])]
    assert platforms.dictionary.to_pylist() == list(PLATFORMS)
    assert families.dictionary.to_pylist() == list(DEVICE_FAMILIES)


def test_only_what_is_used_is_classified_and_only_once() -> None:
    used, unused = "used/1 test_only_once", "unused/1 test_only_once"
    column = pa.DictionaryArray.from_arrays(
        pa.array([1, 1, 1], pa.int32()), pa.array([unused, used])
    )
    before = classify.cache_info().misses
    classify_column(column)
    assert classify.cache_info().misses == before + 1
    classify(used)
    assert classify.cache_info().misses == before + 1


def test_encoding_keeps_the_dictionary_and_turns_the_unknown_to_null() -> None:
    column = encoded(pa.array(["other", None, "windows", "fenix"]), PLATFORMS)
    assert column.to_pylist() == ["other", None, None, "fenix"]
    assert column.dictionary.to_pylist() == list(PLATFORMS)


def test_the_catalogue_is_whole() -> None:
    table = catalogue()
    assert table.num_rows >= 60
    assert all(column.null_count == 0 for column in table.columns)
    assert len(set(table["user_agent"].to_pylist())) == table.num_rows
    assert pc.min(table["weight"]).as_py() > 0
    assert set(table["true_platform"].to_pylist()) == set(PLATFORMS)
    assert set(table["true_device_family"].to_pylist()) == set(DEVICE_FAMILIES)


def test_the_catalogue_has_the_intended_mix() -> None:
    table = catalogue()
    weights = table.group_by("true_platform").aggregate([("weight", "sum")]).to_pylist()
    total = sum(row["weight_sum"] for row in weights)
    shares = {row["true_platform"]: row["weight_sum"] / total for row in weights}
    expected = {"firefoxdesktop": 0.62, "fenix": 0.20, "firefoxios": 0.16, "other": 0.02}
    assert shares == pytest.approx(expected, abs=0.01)


def test_the_catalogue_holds_odd_ones() -> None:
    agents = catalogue()["user_agent"].to_pylist()
    assert "" in agents
    assert any(not agent.isascii() for agent in agents)
    assert any(len(agent) > 1000 for agent in agents)
    for mark in ('"', ",", "|", "\t"):
        assert any(mark in agent for agent in agents if not agent.startswith("Mozilla"))


def test_misclassified_are_exactly_the_known_ones() -> None:
    """Which user agents Sync's rules get wrong, by what they truly are and what is found."""
    wrong = {
        ((row["true_platform"], row["true_device_family"]), tuple(classify(row["user_agent"])))
        for row in catalogue().to_pylist()
    }
    wrong = {(true, found) for true, found in wrong if true != found}
    assert wrong == {
        (("fenix", "tablet"), ANDROID),
        (("firefoxios", "tablet"), IPHONE),
        (("firefoxios", "tablet"), DESKTOP),
        (("firefoxdesktop", "desktop"), OTHER),
        (("other", "other"), IPAD),
    }
